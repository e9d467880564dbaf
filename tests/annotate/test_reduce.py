"""Keys stay within the tolerance of the curve, and are as few as can be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facedrive.annotate.keys import draw
from facedrive.annotate.reduce import TOLERANCE, exact_keys, reduce_curve


def walk(seed: int, frames: int = 120) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.convolve(0.5 + rng.normal(0, 0.1, frames + 8).cumsum(), np.ones(9) / 9, "valid").clip(
        0, 1
    )


def off(keys: list, curve: np.ndarray) -> float:
    return float(np.abs(draw(keys, np.arange(len(curve)) / 30) - curve).max())


@pytest.mark.parametrize("seed", range(6))
def test_keys_stay_within_the_tolerance_and_are_the_models(seed: int) -> None:
    curve = walk(seed)
    keys = reduce_curve(curve)
    assert off(keys, curve) <= TOLERANCE + 1e-9
    assert all(key.machine for key in keys)
    assert 1 < len(keys) < len(curve) / 3


@pytest.mark.parametrize("seed", range(3))
def test_the_furthest_frames_are_as_good_as_all_but_for_one_key(seed: int) -> None:
    curve = walk(seed, 80)
    assert len(reduce_curve(curve)) <= len(reduce_curve(curve, beam=80)) + 1


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_any_curve_is_followed(values: list[float]) -> None:
    curve = np.array(values)
    assert off(reduce_curve(curve), curve) <= TOLERANCE + 1e-9


def test_what_is_straight_has_a_key_at_each_end() -> None:
    assert len(reduce_curve(np.full(50, 0.4))) == 1
    ramp = np.concatenate([np.zeros(20), np.linspace(0, 1, 30), np.ones(20)])
    assert len(reduce_curve(ramp)) == 2
    assert reduce_curve(np.zeros(0)) == []


@settings(max_examples=30)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=40))
def test_labels_of_three_decimals_come_back_from_exact_keys(thousandths: list[int]) -> None:
    labels = np.array(thousandths) / 1000
    keys = exact_keys(labels)
    assert off(keys, labels) < 1e-9
    assert not any(key.machine for key in keys)


def test_exact_keys_of_a_line_are_its_ends() -> None:
    assert [key.frame for key in exact_keys(np.linspace(0, 1, 11).round(3))] == [0, 10]
    assert [key.frame for key in exact_keys(np.full(9, 0.25))] == [0]
