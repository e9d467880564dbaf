"""The one reader of the photographs."""

import io
import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("scipy", reason="training needs the train extra")

from facedrive.aus import AU_INDEX
from facedrive.errors import DataError
from facedrive.training.data.labels import NEEDED_CHANNELS
from facedrive.training.data.photographs import (
    FIRST_LOOK,
    PICTURES,
    SCORES,
    WIDE_SPEC,
    Photographs,
    open_photographs,
)
from facedrive.training.data.teacher import Opinions

pytestmark = pytest.mark.slow

NAMES = list(dict.fromkeys(NEEDED_CHANNELS))
JAW, ALL = AU_INDEX["jaw_drop"], np.arange(3)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three pictures of noise whose teacher says 0.2 of everything."""
    random = np.random.default_rng(0)
    with zipfile.ZipFile(tmp_path / PICTURES, "w") as archive:
        for row in range(3):
            picture = random.integers(0, 256, (100, 90), dtype=np.uint8)
            archive.writestr(f"{row:05d}.jpg", cv2.imencode(".jpg", picture)[1].tobytes())
    table = io.BytesIO()
    np.savez(
        table, landmarks=random.uniform(20, 80, (3, 478, 3)).astype(np.float16),
        blendshape_names=np.array(NAMES), person=np.arange(3, dtype=np.uint32),
        blendshapes=np.full((3, len(NAMES)), 0.2, np.float16),
        pose=np.tile(np.eye(4, dtype=np.float32), (3, 1, 1)),
    )  # fmt: skip
    (tmp_path / SCORES).write_bytes(table.getvalue())
    return tmp_path


def test_a_teacher_that_was_asked_again_is_believed_where_it_found_the_face(data: Path) -> None:
    photographs = open_photographs(data)
    before = photographs.cut(ALL, data / "cache")
    scores, points = np.full((3, len(NAMES)), 0.6, np.float32), np.full((3, 478, 2), 50, np.float32)
    points += np.random.default_rng(1).uniform(-20, 20, points.shape).astype(np.float32)
    scores[1], points[1] = np.nan, np.nan
    after = photographs.believing(Opinions(scores, points)).cut(ALL, data / "cache")
    mixed = 0.6 + FIRST_LOOK * (0.2 - 0.6)
    assert after.targets.aus[:, JAW] == pytest.approx([mixed, 0.2, mixed], abs=1e-3)
    same = [np.allclose(*pair) for pair in zip(before.points_px, after.points_px, strict=True)]
    assert same == [False, True, False]
    assert (before.crops[1] == after.crops[1]).all()
    assert (before.crops[0] != after.crops[0]).any()


def test_crops_are_cut_once_and_each_row_has_its_own(data: Path) -> None:
    photographs, cache = open_photographs(data), data / "cache"
    every = photographs.cut(ALL, cache)
    assert every.crops.shape == (3, WIDE_SPEC.size, WIDE_SPEC.size)
    (kept,) = cache.iterdir()
    before = kept.stat().st_mtime_ns
    two = photographs.cut(np.array([2, 0]), cache)
    assert kept.stat().st_mtime_ns == before
    assert (two.crops == every.crops[[2, 0]]).all()
    assert (two.inside == every.inside[[2, 0]]).all() and 0 < every.inside.mean() < 1
    assert (two.points_px == every.points_px[[2, 0]]).all()
    assert two.person.tolist() == [2, 0]


def test_photographs_that_are_others_are_cut_again(data: Path) -> None:
    cache = data / "cache"
    open_photographs(data).cut(ALL, cache)
    with zipfile.ZipFile(data / PICTURES, "a") as archive:
        archive.writestr("readme.txt", "another file")
    open_photographs(data).cut(ALL, cache)
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("name", [PICTURES, SCORES])
def test_a_file_that_is_missing_or_broken_is_named(data: Path, name: str) -> None:
    (data / name).write_bytes(b"something else")
    with pytest.raises(DataError, match=f"no readable {PICTURES} and {SCORES}"):
        open_photographs(data)
    (data / name).unlink()
    with pytest.raises(DataError, match=rf"{name} is missing; data must be"):
        open_photographs(data)


def test_files_that_do_not_match_are_refused(data: Path) -> None:
    with zipfile.ZipFile(data / PICTURES, "a") as archive:
        archive.writestr("00003.jpg", b"one more")
    with pytest.raises(DataError, match="4 pictures for 3 rows"):
        open_photographs(data)


def test_a_broken_picture_is_named(data: Path) -> None:
    shutil.move(data / PICTURES, data / "old.zip")
    with zipfile.ZipFile(data / "old.zip") as old, zipfile.ZipFile(data / PICTURES, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"no picture" if name == "00001.jpg" else old.read(name))
    photographs = open_photographs(data)
    assert photographs.read(0).shape == (100, 90)
    for read in (lambda: photographs.read(1), lambda: photographs.cut(ALL, data / "cache")):
        with pytest.raises(DataError, match=r"00001\.jpg is no readable picture"):
            read()


def test_the_people_of_a_part_are_all_and_only_those(ten_faces: Path) -> None:
    photographs: Photographs = open_photographs(ten_faces)
    rows = [photographs.rows_of(people) for people in ("train", "validation", "test")]
    assert [len(each) for each in rows] == [6, 2, 2]
    assert sorted(np.concatenate(rows)) == list(range(10))
