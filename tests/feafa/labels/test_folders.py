"""What paths say."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedrive.feafa.labels.folders import find_film, frame_number, name_video

ROOT = Path("/data/set")


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("posed/P01/PV001", ("PV001", "P01", "posed")),
        ("spontaneous/S07/SN002", ("SN002", "S07", "spontaneous")),
        ("PV001", ("PV001", "PV001", "posed")),
        ("sn012", ("SN012", "SN012", "spontaneous")),
        ("DISFA/videos/SN001", ("SN001", "SN001", "spontaneous")),
        ("Ann/smile_data", ("Ann/smile_data", "Ann", None)),
        ("Ann_output", ("Ann_output", "Ann", None)),
        ("FEAFA/Ann/smile_data", ("Ann/smile_data", "Ann", "posed")),
        ("All_Videos/PV001", ("PV001", "PV001", "posed")),
        ("PV003/first_data", ("PV003", "PV003", "posed")),
        (".", ("set", "set", None)),
    ],
)
def test_name_subject_and_part_are_read_off_the_path(
    folder: str, expected: tuple[str, str, str | None]
) -> None:
    assert tuple(name_video(ROOT / folder, ROOT)) == expected


@pytest.mark.parametrize(
    ("stem", "number"),
    [("00012", 12), ("frame_7", 7), ("SN001_0042", 42), ("12_gray", 12), ("none", None),
     ("99999999999", None)],
)  # fmt: skip
def test_the_last_number_of_a_name_is_the_frame(stem: str, number: int | None) -> None:
    assert frame_number(stem) == number


def test_a_film_is_found_beside_by_name_or_by_code_left_camera_first() -> None:
    right = ROOT / "Video_RightCamera" / "RightVideoSN001_comp.avi"
    left = ROOT / "Video_LeftCamera" / "LeftVideoSN001_comp.avi"
    longer = ROOT / "Video_LeftCamera" / "LeftVideoSN0012_comp.avi"
    own = ROOT / "Ann_data.mp4"
    films = [right, longer, left, own]
    assert find_film(ROOT / "ActionUnit_Labels" / "SN001", films) == left
    assert find_film(ROOT / "Ann_data", films) == own
    assert find_film(ROOT / "SN001", [right, ROOT / "SN001" / "x.avi"]) == ROOT / "SN001" / "x.avi"
    assert find_film(ROOT / "SN002", films) is None
