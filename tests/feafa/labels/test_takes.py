"""Takes as labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedrive.aus import AUS
from facedrive.errors import DataError
from facedrive.feafa.labels.dataset import read_dataset
from facedrive.takes.columns import COLUMNS

HEADER = ",".join(COLUMNS)
ANGLES = ",0" * (len(COLUMNS) - 4 - len(AUS))


def row(frame: int, value: float | str = 0.5, face: bool = True) -> str:
    if not face:
        return f"{frame},{frame / 30:.6f},0" + "," * (len(COLUMNS) - 3)
    return f"{frame},{frame / 30:.6f},1,1" + f",{value}" * len(AUS) + ANGLES


def write(path: Path, *rows: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *rows, ""]))
    return path


def test_a_frame_without_a_face_has_no_label(tmp_path: Path) -> None:
    write(tmp_path / "Ann" / "smile.csv", row(0, 0.25), row(1, face=False), row(2, 1))
    (video,) = read_dataset(tmp_path)
    assert (video.name, video.subject, video.part) == ("Ann/smile", "Ann", "posed")
    assert video.frames.tolist() == [0, 2]
    np.testing.assert_allclose(video.aus[:, 0], [0.25, 1])


def test_the_video_of_the_same_name_is_its_film_from_frame_0(tmp_path: Path) -> None:
    write(tmp_path / "smile.csv", row(0))
    (tmp_path / "smile.mp4").touch()
    (video,) = read_dataset(tmp_path, part="spontaneous")
    assert (video.film, video.film_start) == (tmp_path / "smile.mp4", 0)
    assert video.part == "spontaneous"


def test_images_are_numbered_in_natural_order_as_extract_does(tmp_path: Path) -> None:
    write(tmp_path / "smile.csv", row(0, 0.1), row(2, 0.3))
    (tmp_path / "smile").mkdir()
    for name in ("a10.png", "a9.png", "a8.png"):
        (tmp_path / "smile" / name).touch()
    (video,) = read_dataset(tmp_path)
    assert [path and path.name for path in video.pictures] == ["a8.png", "a9.png", "a10.png"]
    np.testing.assert_allclose(video.aus[:, 0], [0.1, np.nan, 0.3])


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (row(0, 1.5), "column left_eye_close: 1.5; it must be a number from 0 to 1"),
        (row(0, "nan"), "column left_eye_close: empty"),
        (row(0) + ",1", f"values, not {len(COLUMNS)}"),
        (row(0).rsplit(",", 1)[0], f"values, not {len(COLUMNS)}"),
        (row(0, "x"), "'x' is not a number"),
    ],
)
def test_a_bad_row_is_named(bad: str, complaint: str, tmp_path: Path) -> None:
    path = write(tmp_path / "smile.csv", bad)
    with pytest.raises(DataError, match=rf"smile\.csv: line 2.*{complaint}"):
        read_dataset(tmp_path)
    (video,) = read_dataset(path.parent, skip_bad=True)
    assert not video.labelled.any()


def test_a_take_with_another_number_of_aus_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "smile.csv")
    path.write_text(HEADER.replace(",nose_wrinkle", "") + "\n")
    with pytest.raises(DataError, match="column 28 is head_pitch_deg, not nose_wrinkle"):
        read_dataset(tmp_path)


def test_a_frame_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "smile.csv", row(1), row(1))
    with pytest.raises(DataError, match="has frame 1 twice"):
        read_dataset(tmp_path)


def test_other_tables_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "smile.csv", row(0))
    (tmp_path / "ratings.csv").write_text("A,B\n1,2\n")
    assert [video.name for video in read_dataset(tmp_path)] == ["smile"]
