"""``facedrive extract``: numbers follow the clip, what is damaged is counted, no file is lost."""

from __future__ import annotations

import csv
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from facedrive.cli.main import main
from facedrive.sources.demo import open_demo
from facedrive.sources.turned import turn


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Eight frames of the demo at 25 a second, lying on their right side; the fifth is damaged."""
    path = tmp_path / "10:20 #1?.mov"
    frames = islice(replace(open_demo(), guarded=False).frames(), 8)
    with av.open(f"file:{path}", "w", format="mov") as container:
        stream: Any = container.add_stream("png", rate=25)
        stream.pix_fmt = "rgb24"
        stream.codec_context.time_base = Fraction(1, 25)
        for index, frame in enumerate(frames):
            image = turn(cv2.resize(frame.image, (320, 240)), 90)
            if not index:
                stream.height, stream.width = image.shape[:2]
            picture = av.VideoFrame.from_ndarray(image, "rgb24")
            picture.pts, picture.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    data = bytearray(path.read_bytes())
    at = -1
    for _ in range(5):
        at = data.index(b"\x89PNG", at + 1)
    data[at : at + 4] = b"oops"
    path.write_bytes(data)
    return path


@pytest.mark.slow
def test_a_damaged_frame_is_a_gap_and_is_counted(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "100% ok?.csv"
    for _ in range(2):
        assert main(["extract", str(clip), "-o", str(output), "--rotate", "270"]) == 0
    assert "100% ok?-2.csv: 7 frames, a face in 7; 1 damaged or missing" in capsys.readouterr().out
    with output.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["frame"]) for row in rows] == [0, 1, 2, 3, 5, 6, 7]
    times = np.array([float(row["time_s"]) for row in rows])
    np.testing.assert_allclose(times, [0, 0.04, 0.08, 0.12, 0.2, 0.24, 0.28], atol=1e-6)
    assert output.read_bytes() == (tmp_path / "100% ok?-2.csv").read_bytes()


@pytest.mark.slow
def test_a_clip_on_its_side_is_told_of(
    clip: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    main(["extract", str(clip), "-o", str(tmp_path / "take.csv")])
    assert "the face lies on its side; turn it with facedrive live --rotate 270" in caplog.text


def test_the_clip_is_never_the_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "clip.csv"
    path.write_text("whatever it is")
    assert main(["extract", str(path), "-o", str(path), "--overwrite"]) == 2
    assert "is an input of this run" in capsys.readouterr().err
    assert path.read_text() == "whatever it is"


@pytest.mark.slow
def test_a_source_that_does_not_open_leaves_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take, film = tmp_path / "take.csv", tmp_path / "film.mp4"
    words = ["--out", f"csv:{take}", "--out", f"video:{film}", "--no-view", "--overwrite"]
    film.write_text("mine")
    assert main(["live", "--source", "/dev/video97", *words]) == 2
    assert "/dev/video97" in capsys.readouterr().err
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"film.mp4": "mine"}
