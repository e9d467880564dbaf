"""What a check counts and lists."""

from __future__ import annotations

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from facedrive.feafa.labels.check import (
    FRAME_TWICE,
    NO_LABEL,
    NO_PICTURE,
    NO_VIDEO,
    PICTURE_TWICE,
    UNREADABLE,
    Report,
    check,
)
from facedrive.feafa.labels.video import BAD_LABEL, OUT_OF_RANGE

GOOD = " ".join(["0.5"] * 24)


def write(root: Path, video: str, frame: int, label: str = GOOD, picture: bytes = b"") -> Path:
    """Write a label and a picture that no other frame has."""
    path = root / video / f"{frame:05d}.auw"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(label)
    noise = np.random.default_rng([frame, *video.encode()]).integers(0, 255, (8, 8), np.uint8)
    path.with_suffix(".png").write_bytes(picture or cv2.imencode(".png", noise)[1].tobytes())
    return path


def kinds(report: Report) -> list[str]:
    return [problem.kind for problem in report.problems]


def test_a_whole_dataset_is_sound_and_counted_by_part(tmp_path: Path) -> None:
    for frame in range(3):
        write(tmp_path, "posed/P01/PV001", frame)
        write(tmp_path, "posed/P01/PV002", frame)
        write(tmp_path, "spontaneous/S01/SN001", frame)
    report = check(tmp_path)
    assert report.sound and not report.problems
    posed = report.tallies["FEAFA+", "posed"]
    assert (posed.videos, posed.subjects, posed.labelled) == (2, 1, 6)
    assert report.tallies["FEAFA+", "spontaneous"].frames == 3


def test_the_paper_and_its_contradictions_are_in_the_report(tmp_path: Path) -> None:
    write(tmp_path, "posed/P01/PV001", 1)
    report = json.loads(json.dumps(check(tmp_path).as_dict()))
    (posed,) = report["datasets"]
    assert posed["paper"] == {"frames": [99356], "subjects": [122], "videos": [123, 127]}
    told = " ".join(report["paper_contradicts_itself"])
    assert all(number in told for number in ("230,163", "230,184", "127", "123"))


@pytest.mark.parametrize(
    ("label", "kind", "field"),
    [
        ("0.5 " * 23, BAD_LABEL, "unusable_labels"),
        ("0.5 " * 25, BAD_LABEL, "unusable_labels"),
        ("0,5 " * 24, BAD_LABEL, "unusable_labels"),
        ("nan " * 24, BAD_LABEL, "unusable_labels"),
        ("1.5 " + "0 " * 23, OUT_OF_RANGE, "out_of_range"),
    ],
)
def test_a_bad_label_is_counted_and_listed(
    label: str, kind: str, field: str, tmp_path: Path
) -> None:
    path = write(tmp_path, "PV001", 1, label)
    write(tmp_path, "PV001", 2)
    report = check(tmp_path)
    assert not report.sound
    assert [problem.path for problem in report.problems if problem.kind == kind] == [path]
    tally = report.tallies["FEAFA+", "posed"]
    assert (getattr(tally, field), tally.labelled, tally.missing_labels) == (1, 1, 1)


def test_labels_without_pictures_and_the_reverse_are_counted(tmp_path: Path) -> None:
    write(tmp_path, "PV001", 1).with_suffix(".png").unlink()
    write(tmp_path, "PV001", 2).unlink()
    write(tmp_path, "PV001", 3)
    write(tmp_path, "elsewhere", 4).unlink()
    report = check(tmp_path)
    tally = report.tallies["FEAFA+", "posed"]
    assert (tally.missing_pictures, tally.missing_labels, report.unused_pictures) == (1, 1, 1)
    assert kinds(report) == [NO_LABEL, NO_PICTURE, NO_VIDEO]
    assert report.sound


def test_pictures_that_are_unreadable_or_seen_before_are_counted(tmp_path: Path) -> None:
    first = write(tmp_path, "PV001", 1).with_suffix(".png")
    write(tmp_path, "PV002", 1, picture=first.read_bytes())
    write(tmp_path, "PV002", 2, picture=b"no picture")
    report = check(tmp_path)
    assert sorted(kinds(report)) == sorted([PICTURE_TWICE, UNREADABLE])
    assert not report.sound
    assert check(tmp_path, open_pictures=False).sound


def test_a_frame_that_two_files_have_is_counted(tmp_path: Path) -> None:
    label = write(tmp_path, "PV001", 1)
    label.with_name("1.auw").write_text(GOOD)
    report = check(tmp_path)
    assert kinds(report) == [FRAME_TWICE]
    assert report.tallies["FEAFA+", "posed"].frames_twice == 1


def test_labels_beyond_the_end_of_a_film_are_counted(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "PV001.mp4"), "w") as film:
        stream = film.add_stream("libx264", rate=30)
        stream.width = stream.height = 64
        for _ in range(3):
            black = np.zeros((64, 64, 3), np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(black, format="rgb24")))
        film.mux(stream.encode())
    write(tmp_path, "PV001", 1).with_suffix(".png").unlink()
    write(tmp_path, "PV001", 4).with_suffix(".png").unlink()
    report = check(tmp_path)
    assert kinds(report) == [UNREADABLE]
    assert report.problems[0].text.endswith("first 4.")
