"""People at rest: their table, their folds, their pictures."""

from __future__ import annotations

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from facedrive.errors import DataError
from facedrive.training.data.resting import (
    FOLDER,
    FOLDS,
    PEOPLE,
    PICTURES,
    RestingFaces,
    balance,
    fold_of,
    open_resting,
)  # fmt: skip

from ..noise import faces

ETHNICITIES = ("black",) * 5 + ("east_asian/white",) + ("white",) * 9


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose people are grey, and lighter when they smile; the last has no picture."""
    folder = tmp_path / FOLDER
    folder.mkdir()
    rows = [f"{number:03d},20,female,{each}" for number, each in enumerate(ETHNICITIES)]
    (folder / PEOPLE).write_text("\n".join(["face,age,gender,ethnicity", *rows]))
    with zipfile.ZipFile(folder / PICTURES, "w") as archive:
        for number in range(len(ETHNICITIES) - 1):
            for kind, level in (("neutral", 60), ("smiling", 180)):
                picture = np.full((8, 6, 3), level, np.uint8)
                picture[..., 2] += number
                archive.writestr(
                    f"{kind}/{number:03d}.jpg", cv2.imencode(".jpg", picture)[1].tobytes()
                )
    return tmp_path


def test_pictures_are_read_by_person_and_expression_in_rgb(data: Path) -> None:
    people = open_resting(data)
    calm, smiling = (people.read(10, smiling=each) for each in (False, True))
    assert calm.shape == (8, 6, 3)
    assert calm.mean(axis=(0, 1)) == pytest.approx([70, 60, 60], abs=3)
    assert smiling.mean() > calm.mean() + 100


def test_every_fold_has_a_part_of_every_group_and_small_groups_have_no_mean(data: Path) -> None:
    people = open_resting(data)
    assert list(people.groups) == ["black", "white"]
    for who in people.groups.values():
        assert set(people.fold[who]) == set(range(FOLDS))


def test_heads_of_a_group_that_follow_one_another_are_in_folds_of_their_own() -> None:
    assert fold_of(np.arange(7)).tolist() == [0, 1, 2, 3, 4, 0, 1]


def test_what_is_missing_is_named(data: Path) -> None:
    with pytest.raises(DataError, match=r"neutral/014\.jpg cannot be read"):
        open_resting(data).read(14, smiling=False)
    (data / FOLDER / PICTURES).unlink()
    with pytest.raises(DataError, match=r"has no readable london_dev\.zip"):
        open_resting(data)
    (data / FOLDER / PEOPLE).unlink()
    with pytest.raises(DataError, match=r"london_dev\.csv"):
        open_resting(data)


def test_small_groups_are_shown_oftener_but_nobody_more_than_five_times() -> None:
    times = balance(("black",) * 5 + ("east_asian/white",) + ("white",) * 9)
    assert times.tolist() == [1] * 5 + [5] + [1] * 9


def test_a_fold_has_its_own_people_at_rest_or_smiling() -> None:
    each = RestingFaces(faces(20), np.arange(10) % FOLDS, np.where(np.arange(10) < 5, 2, 1))
    assert (each.of(3, smiling=False).crops == each.faces.crops[[3, 3, 8]]).all()
    assert (each.of(3, smiling=True).crops == each.faces.crops[[13, 13, 18]]).all()
