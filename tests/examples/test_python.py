"""The receiver in ten lines, fed by facedrive's own OSC output; and the loop in ten lines."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from itertools import islice
from pathlib import Path

import cv2
import pytest
from clips import demo_frames

from facedrive.sinks.osc import OscSink

from .conftest import EXAMPLES, make_sample

SOURCE = (EXAMPLES / "python" / "receive.py").read_text(encoding="utf-8")


def test_it_prints_the_jaw_and_the_smile() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-u", "-c", SOURCE.replace("9000", str(port))]
    heard, sink = threading.Event(), OscSink("127.0.0.1", port)
    sample = make_sample(jaw_drop=0.5, left_lip_corner_pull=0.25)

    def send_until_heard() -> None:
        while not heard.wait(0.05):
            sink.send(sample, None)

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as receiver:
        sending = threading.Thread(target=send_until_heard)
        sending.start()
        assert receiver.stdout is not None
        lines = [receiver.stdout.readline().split() for _ in range(3)]
        heard.set()
        sending.join()
        receiver.terminate()
    sink.close()
    assert lines == [
        ["/facedrive/au/jaw_drop", "0.50", "#" * 20],
        ["/facedrive/au/left_lip_corner_pull", "0.25", "#" * 10],
        ["/facedrive/au/right_lip_corner_pull", "0.00"],
    ]


@pytest.mark.slow
def test_ten_lines_print_the_jaw_of_each_frame(tmp_path: Path) -> None:
    for index, frame in enumerate(islice(demo_frames(), 2)):
        cv2.imwrite(str(tmp_path / f"{index}.png"), frame.image[..., ::-1])
    command = [sys.executable, str(EXAMPLES / "python" / "ten_lines.py"), str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert [line.split()[0] for line in ended.stdout.splitlines()] == ["0.00", "0.03"]
