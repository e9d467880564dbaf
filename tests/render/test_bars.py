"""The AU bars."""

from __future__ import annotations

import numpy as np
import pytest

from facedrive.aus import AU_INDEX, AU_NAMES, AUS
from facedrive.render.bars import GROUPS, draw_bars

SIZES = [(480, 480), (400, 720)]
REST = np.zeros(len(AU_NAMES), np.float32)


def lit(
    name: str, value: float, size: tuple[int, int] = (480, 480), mirror: bool = False
) -> np.ndarray:
    """Return the columns in the group's colour when only this AU is active."""
    aus = REST.copy()
    aus[AU_INDEX[name]] = value
    color = next(group.color for group in GROUPS if AUS[AU_INDEX[name]].region in group.regions)
    panel = draw_bars(aus, *size, mirror).astype(int)
    resting = draw_bars(REST, *size, mirror).astype(int)
    changed = np.abs(panel - resting).max(axis=2) > 0
    return np.flatnonzero((changed & (np.abs(panel - color).max(axis=2) < 3)).any(axis=0))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", AU_NAMES)
def test_every_au_has_a_bar_as_long_as_its_value(name: str, size: tuple[int, int]) -> None:
    full, half = len(lit(name, 1.0, size)), len(lit(name, 0.5, size))
    assert full > 60
    assert half == pytest.approx(full / 2, abs=4)


def test_the_subjects_left_is_right_of_the_middle_and_mirrored_left_of_it() -> None:
    left, right = lit("left_brow_raise", 1.0), lit("right_brow_raise", 1.0)
    assert left.min() > right.max()
    mirrored = lit("left_brow_raise", 1.0, mirror=True)
    np.testing.assert_array_equal(mirrored, right)


def test_a_bar_of_both_sides_is_symmetrical() -> None:
    columns = lit("jaw_drop", 0.5)
    middle = (lit("left_brow_raise", 1.0).max() + lit("right_brow_raise", 1.0).min()) / 2
    assert columns.mean() == pytest.approx(middle, abs=1)
    assert len(columns) == columns.max() - columns.min() + 1


@pytest.mark.parametrize("value", [0.0, 0.004, -0.2])
def test_a_resting_au_draws_no_bar(value: float) -> None:
    assert len(lit("jaw_drop", value)) == 0


def test_a_value_beyond_1_stays_in_its_track() -> None:
    np.testing.assert_array_equal(lit("jaw_drop", 1.7), lit("jaw_drop", 1.0))


def test_each_picture_is_the_callers_own() -> None:
    first = draw_bars(REST, 480, 480, False)
    first[:] = 0
    assert draw_bars(REST, 480, 480, False).any()
