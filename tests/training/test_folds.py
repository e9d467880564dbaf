"""Splits by person."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facedrive.training.folds import split_people


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
