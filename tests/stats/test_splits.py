"""Splits by person."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facedrive.errors import DataError
from facedrive.stats.splits import (
    make_folds,
    read_folds,
    refuse_shared_subjects,
    split_people,
)


@given(arrays(np.int64, st.integers(1, 200), elements=st.integers(0, 50)))
def test_every_row_is_in_one_part_and_every_person_in_one_part(person: np.ndarray) -> None:
    split = split_people(person)
    assert (sum(mask.astype(int) for mask in split) == 1).all()
    for number in np.unique(person):
        rows = person == number
        assert sum(bool((mask & rows).any()) for mask in split) == 1


def test_a_person_stays_in_its_part_whoever_else_is_there() -> None:
    everyone = np.arange(1000)
    whole = split_people(everyone)
    half = split_people(everyone[::2])
    for part, again in zip(whole, half, strict=True):
        assert (part[::2] == again).all()


def test_about_a_tenth_is_for_testing() -> None:
    split = split_people(np.arange(20_000))
    assert 0.09 < split.test.mean() < 0.11
    assert 0.04 < split.validation.mean() < 0.06


@given(st.lists(st.integers(0, 12), min_size=3, max_size=60), st.integers(2, 3))
def test_every_video_is_tested_once_and_no_group_is_divided(groups: list[int], count: int) -> None:
    names = [f"P{number:02d}" for number in groups]
    if len(set(names)) < count:
        with pytest.raises(DataError, match="cannot fill"):
            make_folds(names, count)
        return
    folds = make_folds(names, count)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(names)))
    for fold in folds:
        assert len(fold.train) and len(fold.test)
        assert not {names[at] for at in fold.train} & {names[at] for at in fold.test}


def test_folds_are_of_about_equal_size() -> None:
    by_video = make_folds([f"PV{number:03d}" for number in range(31)])
    assert [len(fold.test) for fold in by_video] == [11, 10, 10]
    by_subject = make_folds([f"P{number % 7}" for number in range(70)])
    assert [len(fold.test) for fold in by_subject] == [30, 20, 20]


def test_the_order_in_which_videos_are_read_changes_no_fold() -> None:
    names = [f"PV{number:03d}" for number in range(30)]
    forth = [{names[at] for at in fold.test} for fold in make_folds(names)]
    back = [{names[::-1][at] for at in fold.test} for fold in make_folds(names[::-1])]
    assert forth == back


def test_a_subject_in_both_train_and_test_is_refused() -> None:
    folds = make_folds(["PV001", "PV002", "PV003"])
    with pytest.raises(DataError, match="trains and tests on subject P01"):
        refuse_shared_subjects(folds, ["P01", "P01", "P02"])
    refuse_shared_subjects(folds, ["P01", "P02", "P03"])


def test_folds_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "folds.csv"
    path.write_text("video,fold\nPV001,1\nPV002,2\nPV003,1\n")
    first, second = read_folds(path, ["PV001", "PV002", "PV003"])
    assert first.test.tolist() == second.train.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("video,fold\nPV001,1\nPV002,3\n", "fold 2 is empty"),
        ("video,fold\nPV001,1\nPV002,1\n", "fold 1 is empty"),
        ("video,fold\nPV001,1\n", "gives no fold to PV002"),
        ("name,number\nPV001,1\n", "no table of video,fold"),
        ("video,fold\nPV001,one\n", "no table of video,fold"),
    ],
)
def test_a_file_of_bad_folds_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "folds.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        read_folds(path, ["PV001", "PV002"])
