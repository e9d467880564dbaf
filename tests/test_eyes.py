"""A shut eye looks where the open one does."""

from __future__ import annotations

import numpy as np
import pytest

from facedrive.aus import AUS
from facedrive.calibration import EYELIDS
from facedrive.eyes import join_gaze
from facedrive.types import IDENTITY_HEAD, Reading, Vector

LEFT, RIGHT = (0.1, 0.3), (-0.4, 0.0)


def looking(shut_left: float, shut_right: float) -> Vector:
    aus = np.zeros(len(AUS), np.float32)
    aus[EYELIDS] = shut_left, shut_right
    return join_gaze(Reading(aus, np.array([LEFT, RIGHT], np.float32), IDENTITY_HEAD)).gaze


@pytest.mark.parametrize(
    ("shut", "seen"),
    [((0, 0), (LEFT, RIGHT)), ((0.35, 0.35), (LEFT, RIGHT)), ((1, 0), (RIGHT, RIGHT)),
     ((0, 1), (LEFT, LEFT)), ((1, 1), (LEFT, RIGHT))],
)  # fmt: skip
def test_only_an_eye_that_is_shut_alone_follows_the_other(
    shut: tuple[float, float], seen: tuple[tuple[float, float], tuple[float, float]]
) -> None:
    np.testing.assert_allclose(looking(*shut), seen, atol=1e-6)


def test_a_lid_on_its_way_goes_over_smoothly() -> None:
    yaws = [looking(closure, 0)[0, 1] for closure in np.linspace(0, 1, 101)]
    assert np.abs(np.diff(yaws)).max() < 0.01
