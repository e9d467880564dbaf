"""DISFA's own labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.errors import DataError
from facedrive.feafa.labels.dataset import read_dataset

CODED = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)


def write_labels(root: Path, subject: str = "SN001", frames: int = 3) -> Path:
    """Every AU has the intensity of its frame's number."""
    folder = root / "ActionUnit_Labels" / subject
    folder.mkdir(parents=True)
    for au in CODED:
        lines = (f"{frame},{frame}\n" for frame in range(1, frames + 1))
        (folder / f"{subject}_au{au}.txt").write_text("".join(lines))
    return folder


def test_intensities_become_the_aus_with_that_code_on_both_sides(tmp_path: Path) -> None:
    folder = write_labels(tmp_path)
    (folder / "SN001_au12.txt").write_text("1,0\n2,5\n3,1\n")
    (video,) = read_dataset(tmp_path)
    assert (video.name, video.subject, video.part) == ("SN001", "SN001", "spontaneous")
    assert video.frames.tolist() == [1, 2, 3]
    for side in ("left", "right"):
        smile = video.aus[:, AU_INDEX[f"{side}_lip_corner_pull"]]
        np.testing.assert_allclose(smile, [0, 1, 0.2])
    known = {name for name, column in zip(AU_NAMES, video.aus.T, strict=True) if column[0] >= 0}
    assert known == {
        "left_brow_raise", "right_brow_raise", "left_brow_lower", "right_brow_lower",
        "left_lid_raise", "right_lid_raise", "nose_wrinkle", "left_lip_corner_pull",
        "right_lip_corner_pull", "chin_raise", "left_lip_corner_stretch",
        "right_lip_corner_stretch", "jaw_drop",
    }  # fmt: skip


def test_aus_without_a_code_of_disfa_are_missing(tmp_path: Path) -> None:
    write_labels(tmp_path)
    (video,) = read_dataset(tmp_path)
    assert np.isnan(video.aus[:, AU_INDEX["cheeks_puff"]]).all()


def test_whose_left_does_not_matter(tmp_path: Path) -> None:
    write_labels(tmp_path)
    (one,), (other,) = read_dataset(tmp_path), read_dataset(tmp_path, left="camera")
    np.testing.assert_array_equal(one.aus, other.aus)


def test_the_left_cameras_film_is_taken(tmp_path: Path) -> None:
    write_labels(tmp_path)
    for side in ("Left", "Right"):
        film = tmp_path / f"Video_{side}Camera" / f"{side}VideoSN001_comp.avi"
        film.parent.mkdir()
        film.touch()
    (video,) = read_dataset(tmp_path)
    assert video.film == tmp_path / "Video_LeftCamera" / "LeftVideoSN001_comp.avi"


def test_images_in_a_folder_of_the_subjects_name_are_taken(tmp_path: Path) -> None:
    write_labels(tmp_path)
    picture = tmp_path / "Video_LeftCamera" / "SN001" / "0002.jpg"
    picture.parent.mkdir(parents=True)
    picture.touch()
    (video,) = read_dataset(tmp_path)
    assert video.pictures == (None, picture, None)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("1,6", "line 1: intensity 6; it must be from 0 to 5"),
        ("1,-1", "intensity -1"),
        ("1,0,5", "must be a frame, a comma, an intensity"),
        (f"{2**64},1", "must be a frame, a comma, an intensity"),
        (f"1{'0' * 5000},1", "must be a frame, a comma, an intensity"),
        ("1 2", "must be a frame, a comma, an intensity"),
        ("1,nan", "must be a frame, a comma, an intensity"),
        ("1,2\n1,2", "line 2: frame 1 stands in a line before"),
    ],
)
def test_a_bad_line_is_named(line: str, complaint: str, tmp_path: Path) -> None:
    (write_labels(tmp_path) / "SN001_au4.txt").write_text(line + "\n")
    with pytest.raises(DataError, match=rf"SN001_au4\.txt: .*{complaint}"):
        read_dataset(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (write_labels(tmp_path) / "SN001_au17.txt").unlink()
    with pytest.raises(DataError, match="SN001: has no file for AU17"):
        read_dataset(tmp_path)
