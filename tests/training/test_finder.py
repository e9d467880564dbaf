"""What the detectors of turned heads are taught on."""

from __future__ import annotations

import numpy as np
import pytest

dlib = pytest.importorskip("dlib")

from facedrive.trackers.patch import MEAN_SHAPE, place_on_box, place_on_landmarks  # noqa: E402
from facedrive.training.finder import Sample, box_of  # noqa: E402


def sides(box: dlib.rectangle) -> tuple[int, int, int, int]:
    return box.left(), box.top(), box.right(), box.bottom()


def test_the_box_of_landmarks_places_the_patch_as_they_do() -> None:
    landmarks_px = MEAN_SHAPE * 80 + [150, 120]
    placed = place_on_box(sides(box_of(landmarks_px)))
    assert np.allclose(placed, place_on_landmarks(landmarks_px), atol=0.6)


def test_a_mirrored_sample_has_its_box_where_the_face_then_is() -> None:
    picture = np.zeros((60, 100), np.uint8)
    picture[10:21, 20:31] = 255
    mirrored = Sample(picture, dlib.rectangle(20, 10, 30, 20)).mirrored()
    assert mirrored.box is not None
    left, top, right, bottom = sides(mirrored.box)
    assert (mirrored.picture[top : bottom + 1, left : right + 1] == 255).all()
    assert mirrored.picture.sum() == 255 * 121
