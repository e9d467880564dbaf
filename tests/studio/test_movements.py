"""Action units and extras stand one after the other, with their other sides."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("nicegui")

from facedrive.aus import AU_NAMES
from facedrive.extras import EXTRA_NAMES
from facedrive.mappings.table import inputs
from facedrive.studio.acts import posed
from facedrive.studio.movements import (
    AUS_SIDE_BY_SIDE,
    EXTRAS_SIDE_BY_SIDE,
    INPUT_OF,
    MOVEMENTS,
    OTHER_SIDE,
    levels,
    raw_levels,
)
from facedrive.types import IDENTITY_HEAD, Reading

GAZE = np.zeros((2, 2), np.float32)
AUS = np.linspace(0, 1, 24, dtype=np.float32)


def test_every_movement_has_another_side_and_comes_back_from_it() -> None:
    assert set(OTHER_SIDE) == set(MOVEMENTS)
    assert all(OTHER_SIDE[OTHER_SIDE[name]] == name for name in MOVEMENTS)
    assert OTHER_SIDE["left_dimple"] == "right_dimple"
    assert OTHER_SIDE["jaw_drop"] == "jaw_drop"


@pytest.mark.parametrize(
    ("shown", "names"), [(AUS_SIDE_BY_SIDE, AU_NAMES), (EXTRAS_SIDE_BY_SIDE, EXTRA_NAMES)]
)
def test_in_two_columns_left_and_right_are_neighbours(
    shown: tuple[str, ...], names: tuple[str, ...]
) -> None:
    assert sorted(shown) == sorted(names)
    for left, right in zip(shown[::2], shown[1::2], strict=True):
        assert OTHER_SIDE[left] == right or (OTHER_SIDE[left], OTHER_SIDE[right]) == (left, right)
        assert not right.startswith("left") and not left.startswith("right")


def test_levels_are_those_that_the_page_is_sent() -> None:
    sample = posed(AUS)
    sent = inputs(sample.aus, sample.gaze, sample.extras)
    np.testing.assert_array_equal(levels(sample), sent[list(INPUT_OF.values())])


@pytest.mark.parametrize("known", [True, False])
def test_raw_extras_are_unknown_where_the_model_has_none(known: bool) -> None:
    extras = np.full(len(EXTRA_NAMES), 0.25, np.float32) if known else None
    raw = raw_levels(Reading(AUS, GAZE, IDENTITY_HEAD, extras))
    np.testing.assert_array_equal(raw[:24], AUS)
    assert np.isnan(raw[24:]).all() != known
