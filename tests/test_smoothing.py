"""Smoothing of all that a frame says about a face."""

import numpy as np
import pytest

from facedrive.filters import OneEuro
from facedrive.smoothing import SmoothingOptions, no_smoothing
from facedrive.types import IDENTITY_HEAD, Head, Reading

STILL = Reading(np.full(24, 0.4, np.float32), np.zeros((2, 2), np.float32), IDENTITY_HEAD)
MOVED = Reading(
    np.full(24, 0.6, np.float32),
    np.full((2, 2), 0.3, np.float32),
    Head(IDENTITY_HEAD.rotation, IDENTITY_HEAD.translation + np.float32(0.1)),
)


def flat(reading: Reading) -> list[np.ndarray]:
    return [reading.aus, reading.gaze, reading.head.translation]


def test_every_value_follows_with_its_own_filter() -> None:
    slow = OneEuro(min_cutoff_hz=0.01, beta=0)
    smoothing = SmoothingOptions(gaze=slow, translation=slow).smoothing()
    smoothing.apply(STILL, 0.0)
    aus, gaze, place = flat(smoothing.apply(MOVED, 1 / 30))
    assert (aus > 0.45).all()
    assert (np.abs(gaze) < 0.01).all()
    assert place == pytest.approx(IDENTITY_HEAD.translation, abs=0.001)


def test_no_smoothing_passes_everything_through() -> None:
    smoothing = no_smoothing()
    smoothing.apply(STILL, 0.0)
    for one, other in zip(flat(smoothing.apply(MOVED, 1 / 30)), flat(MOVED), strict=True):
        assert (one == other).all()


def test_after_reset_the_next_values_come_as_they_are() -> None:
    smoothing = SmoothingOptions().smoothing()
    smoothing.apply(STILL, 0.0)
    smoothing.reset()
    assert (smoothing.apply(MOVED, 1 / 30).aus == MOVED.aus).all()


def test_rotation_does_not_spin_when_the_quaternion_changes_sign() -> None:
    smoothing = SmoothingOptions().smoothing()
    minus = Head(-IDENTITY_HEAD.rotation, IDENTITY_HEAD.translation)
    smoothing.apply(STILL, 0.0)
    head = smoothing.apply(STILL._replace(head=minus), 1 / 30).head
    assert abs(head.rotation[3]) == pytest.approx(1, abs=1e-5)
