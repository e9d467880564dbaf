"""The order of the 68 landmarks."""

import numpy as np
import pytest

from facedrive.trackers.landmarks import (
    COUNT,
    MEDIAPIPE_TO_68,
    MIRROR_68,
    interocular_px,
)
from facedrive.trackers.patch import MEAN_SHAPE


def test_mirroring_twice_is_no_change() -> None:
    assert (MIRROR_68[MIRROR_68] == np.arange(COUNT)).all()


def test_the_mirror_swaps_the_eyes() -> None:
    assert set(MIRROR_68[36:42]) == set(range(42, 48))


def test_every_landmark_has_its_own_mesh_point() -> None:
    assert len(set(MEDIAPIPE_TO_68)) == COUNT
    assert MEDIAPIPE_TO_68.min() >= 0
    assert MEDIAPIPE_TO_68.max() < 478


def test_the_eye_distance_is_measured_for_each_face() -> None:
    faces = np.stack([MEAN_SHAPE, 3 * MEAN_SHAPE])
    assert interocular_px(faces) == pytest.approx([1, 3], abs=0.01)
