"""What no AU names: its order, its mirror, and what stands for it."""

from __future__ import annotations

import numpy as np
import pytest

from facedrive.aus import AU_INDEX, AUS
from facedrive.extras import EXTRA_INDEX, EXTRA_MIRROR, EXTRA_NAMES, SPAN_OF_EXTRA, derived
from facedrive.mappings import load_mapping


def test_mirroring_twice_is_no_change() -> None:
    assert (EXTRA_MIRROR[EXTRA_MIRROR] == np.arange(len(EXTRA_NAMES))).all()


@pytest.mark.parametrize(
    ("one", "other"),
    [("left_mouth_frown", "right_mouth_frown"), ("mouth_left", "mouth_right"),
     ("lip_funnel", "lip_funnel")],
)  # fmt: skip
def test_the_mirror_swaps_the_sides(one: str, other: str) -> None:
    assert EXTRA_NAMES[EXTRA_MIRROR[EXTRA_INDEX[one]]] == other


def test_raised_brows_raise_the_inner_ones_along() -> None:
    aus = np.zeros(len(AUS), np.float32)
    aus[[AU_INDEX["left_brow_raise"], AU_INDEX["right_brow_raise"]]] = 0.8, 0.4
    extras = derived(aus)
    assert extras[EXTRA_INDEX["inner_brow_raise"]] == pytest.approx(0.6)
    assert extras.sum() == pytest.approx(0.6)


def test_every_extra_has_a_span() -> None:
    assert list(SPAN_OF_EXTRA) == list(EXTRA_NAMES)
    assert all(0 <= low < high <= 1 for low, high in SPAN_OF_EXTRA.values())


def test_every_extra_moves_an_arkit_channel_and_the_tongue_alone_is_left() -> None:
    arkit = load_mapping("arkit")
    nothing = np.zeros(len(AUS), np.float32), np.zeros((2, 2), np.float32)
    for index in range(len(EXTRA_NAMES)):
        extras = np.eye(len(EXTRA_NAMES), dtype=np.float32)[index]
        assert (arkit.apply(*nothing, extras) == 1).sum() == 1
    assert arkit.not_driven == ("tongueOut",)
