"""iFacialMocap: silent until asked, then the app's line to who asked."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from facedrive.errors import SinkError
from facedrive.mappings import load_mapping
from facedrive.rotations import EulerDegrees, quaternion_from_euler
from facedrive.sinks.ifacialmocap import IFacialMocapSink
from facedrive.types import Sample

from .conftest import MakeSample, datagrams, turn

GREETING = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"


def app(host: str, port: int) -> socket.socket:
    """A receiver with the port for itself, as on a computer of its own."""
    receiving = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        receiving.bind((host, port))
    except OSError:
        receiving.close()
        pytest.skip("this system has one loopback address only")
    receiving.settimeout(30)
    return receiving


@pytest.fixture
def waiting(receiver: socket.socket) -> Iterator[Callable[[], IFacialMocapSink]]:
    """Return a function that opens a sink on 127.0.0.1, at the port that the apps have."""
    port = receiver.getsockname()[1]
    receiver.close()
    opened = []

    def open_sink() -> IFacialMocapSink:
        opened.append(IFacialMocapSink("127.0.0.1", port))
        return opened[-1]

    yield open_sink
    for sink in opened:
        sink.close()


def sent(receiver: socket.socket, sample: Sample) -> str:
    host, port = receiver.getsockname()
    sink = IFacialMocapSink(to=host, port=port)
    sink.send(sample, None)
    sink.close()
    return datagrams(receiver)[0].decode("ascii")


def decode(line: str) -> tuple[dict[str, int], dict[str, list[float]]]:
    """Read weights and poses as the format is documented."""
    shapes, poses = {}, {}
    *parts, rest = line.split("|")
    assert rest == ""
    for part in parts:
        if "#" in part:
            name, _, numbers = part.partition("#")
            poses[name] = [float(number) for number in numbers.split(",")]
        else:
            name, weight = re.fullmatch(r"(\w+)[-&](\d+)", part).groups()
            shapes[name] = int(weight)
    return shapes, poses


def test_golden_line(receiver: socket.socket, make_sample: MakeSample) -> None:
    sample = make_sample(jaw_drop=0.5, left_eye_close=1.0, turned=turn(1, 90))
    sample.gaze[:] = np.radians([[10, 0], [0, 20]])
    sample.head.translation[:] = [0.25, 0.5, -1]
    line = sent(receiver, sample)
    assert line.startswith(
        "trackingStatus-1|eyeBlink_L-100|eyeLookDown_L-0|eyeLookIn_L-0|eyeLookOut_L-0|"
    )
    assert "|jawLeft-0|jawRight-0|jawOpen-50|mouthClose-0|" in line
    assert "|tongueOut-0|=head#" in line
    _, poses = decode(line)
    assert list(poses) == ["=head", "rightEye", "leftEye"]
    assert poses["=head"] == pytest.approx([0, 90, 0, -0.25, 0.5, -1], abs=1e-2)
    assert poses["rightEye"] == pytest.approx([0, 20, 0], abs=1e-4)
    assert poses["leftEye"] == pytest.approx([-10, 0, 0], abs=1e-4)


def test_head_is_down_left_and_to_the_right_shoulder_as_the_app_has_it(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    rotation = quaternion_from_euler(EulerDegrees(pitch=10, yaw=20, roll=30))
    _, poses = decode(sent(receiver, make_sample(turned=rotation)))
    assert poses["=head"][:3] == pytest.approx([-10, 20, -30], abs=1e-3)


def test_the_field_that_a_receiver_drops_is_none_of_the_face(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    first, second, *_ = sent(receiver, make_sample(seen=False)).split("|")
    assert first == "trackingStatus-0"
    assert second.startswith("eyeBlink_L-")


def test_all_52_are_there_as_whole_percents(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    sample = make_sample(5)
    shapes, _ = decode(sent(receiver, sample))
    values = load_mapping("arkit").apply(sample.aus, sample.gaze, sample.extras)
    assert shapes.pop("trackingStatus") == 1
    assert list(shapes.values()) == pytest.approx(100 * values, abs=0.5)
    assert {"mouthSmile_L", "mouthLeft", "mouthRight", "jawLeft", "cheekPuff"} <= set(shapes)
    assert not {"mouth_L", "jaw_R", "mouthSmileLeft"} & set(shapes)


def test_nothing_is_sent_before_somebody_asks(
    waiting: Callable[[], IFacialMocapSink],
    make_sample: MakeSample,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    sink = waiting()
    with app("127.0.0.2", sink.port) as receiving:
        sink.send(make_sample(), None)
        receiving.sendto(b"hello", ("127.0.0.1", sink.port))
        sink.send(make_sample(), None)
        receiving.sendto(GREETING, ("127.0.0.1", sink.port))
        for _ in range(3):
            sink.send(make_sample(), None)
        assert len(datagrams(receiving)) == 3
    assert caplog.messages == ["ifacialmocap: 127.0.0.2 asked; sending there"]


def test_who_asks_later_gets_it_and_may_ask_for_version_2(
    waiting: Callable[[], IFacialMocapSink], make_sample: MakeSample
) -> None:
    sink = waiting()
    with app("127.0.0.2", sink.port) as first, app("127.0.0.3", sink.port) as second:
        first.sendto(GREETING, ("127.0.0.1", sink.port))
        sink.send(make_sample(), None)
        second.sendto(GREETING + b"|sendDataVersion=v2", ("127.0.0.1", sink.port))
        sink.send(make_sample(jaw_drop=0.5), None)
        assert len(datagrams(first)) == 1
        (line,) = datagrams(second)
        assert b"|jawOpen&50|" in line


def test_receiver_that_restarts_is_served_again(
    waiting: Callable[[], IFacialMocapSink], make_sample: MakeSample
) -> None:
    sink = waiting()
    for _ in range(2):
        with app("127.0.0.2", sink.port) as receiving:
            receiving.sendto(GREETING, ("127.0.0.1", sink.port))
            sink.send(make_sample(), None)
            assert datagrams(receiving)
        for _ in range(3):
            sink.send(make_sample(), None)


@pytest.mark.parametrize(
    ("gone", "reason"), [(True, "takes nothing any more"), (False, "has not asked again")]
)
def test_a_receiver_that_fell_silent_is_forgotten_until_it_asks(
    waiting: Callable[[], IFacialMocapSink],
    make_sample: MakeSample,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    gone: bool,
    reason: str,
) -> None:
    caplog.set_level(logging.INFO)
    time = [0.0]
    for module in ("ifacialmocap", "udp"):
        monkeypatch.setattr(f"facedrive.sinks.{module}.now", lambda: time[0])
    sink = waiting()
    with app("127.0.0.2", sink.port) as receiving:
        receiving.sendto(GREETING, ("127.0.0.1", sink.port))
        sink.send(make_sample(), None)
        assert datagrams(receiving)
        if gone:
            receiving.close()
        sink.send(make_sample(), None)
        sink.send(make_sample(), None)
        time[0] = 6.0 if gone else 901.0
        sink.send(make_sample(), None)
        assert f"ifacialmocap: 127.0.0.2 {reason}; forgotten until it asks" in caplog.text
        assert sink._answer is None
    with app("127.0.0.2", sink.port) as again:
        again.sendto(GREETING, ("127.0.0.1", sink.port))
        sink.send(make_sample(), None)
        assert datagrams(again)


def test_port_in_use_is_an_error_that_says_so(waiting: Callable[[], IFacialMocapSink]) -> None:
    waiting()
    with pytest.raises(SinkError, match=r"cannot be listened on: .*; end the program that has it"):
        waiting()


def test_a_flood_of_requests_holds_no_frame_up(
    waiting: Callable[[], IFacialMocapSink], make_sample: MakeSample
) -> None:
    sink = waiting()
    with app("127.0.0.2", sink.port) as receiving:
        for _ in range(40):
            receiving.sendto(b"junk", ("127.0.0.1", sink.port))
        receiving.sendto(GREETING, ("127.0.0.1", sink.port))
        for _ in range(3):
            sink.send(make_sample(), None)
        assert len(datagrams(receiving)) == 1
