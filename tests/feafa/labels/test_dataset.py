"""A dataset read from FEAFA+'s layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedrive.aus import AU_INDEX, AUS
from facedrive.errors import DataError
from facedrive.feafa.labels.dataset import coders_folder, read_coders, read_dataset


def write(root: Path, video: str, frame: int, *values: float, picture: str = ".jpg") -> Path:
    """Write a label, its first values given, and a picture beside it."""
    label = root / video / f"{frame:05d}.auw"
    label.parent.mkdir(parents=True, exist_ok=True)
    label.write_text(" ".join(f"{value:g}" for value in [*values, *[0.0] * 24][: len(AUS)]))
    if picture:
        label.with_suffix(picture).touch()
    return label


def test_videos_come_by_part_and_name_with_their_frames_in_order(tmp_path: Path) -> None:
    write(tmp_path, "spontaneous/S01/SN001", 1)
    write(tmp_path, "posed/P01/PV002", 1)
    for frame in (10, 9, 100):
        write(tmp_path, "posed/P01/PV001", frame, frame / 100, picture=".png")
    videos = read_dataset(tmp_path)
    assert [(v.name, v.subject, v.part) for v in videos] == [
        ("PV001", "P01", "posed"), ("PV002", "P01", "posed"), ("SN001", "S01", "spontaneous")
    ]  # fmt: skip
    assert videos[0].frames.tolist() == [9, 10, 100]
    assert videos[0].frames.dtype == np.int32 and videos[0].aus.dtype == np.float32
    np.testing.assert_allclose(videos[0].aus[:, 0], [0.09, 0.1, 1])
    assert [path and path.name for path in videos[0].pictures] == [
        "00009.png", "00010.png", "00100.png"
    ]  # fmt: skip


def test_a_picture_without_a_label_has_nan_and_a_label_may_have_no_picture(tmp_path: Path) -> None:
    write(tmp_path, "PV001", 1)
    write(tmp_path, "PV001", 2).unlink()
    write(tmp_path, "PV001", 3, picture="")
    (video,) = read_dataset(tmp_path)
    assert video.labelled.tolist() == [True, False, True]
    assert video.pictured.tolist() == [True, True, False]
    assert np.isnan(video.aus[1]).all()


def test_the_cameras_left_is_the_subjects_right(tmp_path: Path) -> None:
    write(tmp_path, "PV001", 1, 0.75)
    (video,) = read_dataset(tmp_path, left="camera")
    assert video.aus[0, AU_INDEX["right_eye_close"]] == 0.75
    assert video.aus[0, AU_INDEX["left_eye_close"]] == 0


def test_a_film_beside_the_folder_is_taken_where_there_are_no_images(tmp_path: Path) -> None:
    write(tmp_path, "PV001", 1, picture="")
    write(tmp_path, "PV002", 0, picture="")
    for name in ("PV001.avi", "PV002.mp4"):
        (tmp_path / name).touch()
    one, zero = read_dataset(tmp_path)
    assert (one.film, one.film_start) == (tmp_path / "PV001.avi", 1)
    assert (zero.film, zero.film_start) == (tmp_path / "PV002.mp4", 0)
    assert one.pictured.all()


@pytest.mark.parametrize(
    ("labels", "images"),
    [("labels/SN001", "images/SN001"), ("Ann/smile_output", "Ann/smile_data"),
     ("labels/Ann/smile", "images/Ann/smile")],
)  # fmt: skip
def test_images_may_lie_in_a_folder_of_their_own(labels: str, images: str, tmp_path: Path) -> None:
    label = write(tmp_path, labels, 1)
    picture = tmp_path / images / "00001.jpg"
    picture.parent.mkdir(parents=True)
    label.with_suffix(".jpg").rename(picture)
    (video,) = read_dataset(tmp_path)
    assert video.pictures == (picture,)


def test_videos_of_one_name_are_told_apart_by_their_path(tmp_path: Path) -> None:
    write(tmp_path, "posed/PV001/first_data", 1)
    write(tmp_path, "posed/PV001/second_data", 1)
    first, second = read_dataset(tmp_path)
    assert (first.name, second.name) == ("posed/PV001/first_data", "posed/PV001/second_data")
    assert first.subject == second.subject == "PV001"


def test_a_bad_label_stops_or_counts_as_missing(tmp_path: Path) -> None:
    write(tmp_path, "PV001", 1, 1.5)
    write(tmp_path, "PV001", 2, float("nan"))
    write(tmp_path, "PV001", 3, 0.5)
    with pytest.raises(DataError, match=r"00001\.auw: value 1 .* is 1\.5.* 1 more.*data check"):
        read_dataset(tmp_path)
    (video,) = read_dataset(tmp_path, skip_bad=True)
    assert video.labelled.tolist() == [False, False, True]


def test_a_frame_that_two_files_have_is_an_error(tmp_path: Path) -> None:
    label = write(tmp_path, "PV001", 1)
    label.with_name("frame1.auw").write_text(label.read_text())
    with pytest.raises(DataError, match=r"is frame 1 as 00001\.auw is"):
        read_dataset(tmp_path)


def test_a_label_without_a_number_in_its_name_is_an_error(tmp_path: Path) -> None:
    label = write(tmp_path, "PV001", 1)
    label.rename(label.with_name("first.auw"))
    with pytest.raises(DataError, match=r"first\.auw: has no frame number"):
        read_dataset(tmp_path)


@pytest.mark.parametrize("folder", ["", "gone"])
def test_a_folder_without_labels_says_what_would_be_one(folder: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no \.auw file|is no folder"):
        read_dataset(tmp_path / folder)


def test_what_coders_say_is_no_video_of_the_dataset(tmp_path: Path) -> None:
    write(tmp_path, "posed/P01/PV001", 1, 0.5)
    assert coders_folder(tmp_path) is None
    for coder, value in (("A", 0.4), ("B", 0.6)):
        write(tmp_path, f"coders/{coder}/posed/P01/PV001", 1, value, picture="")
    assert [video.name for video in read_dataset(tmp_path)] == ["PV001"]
    folder = coders_folder(tmp_path)
    assert folder is not None
    coders = read_coders(folder)
    assert list(coders) == ["A", "B"]
    (video,) = coders["B"]
    assert (video.name, video.subject, video.part) == ("PV001", "P01", "posed")
    assert video.aus[0, 0] == np.float32(0.6)
