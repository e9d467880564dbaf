"""Crops that follow a face by what was seen on the last one."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facedrive.trackers.align import crop_matrix
from facedrive.trackers.follow import GRID, Follower
from facedrive.trackers.patch import MEAN_SHAPE, apart_px, to_patch
from facedrive.types import CropSpec, Image

CROP = CropSpec()
SCENE: Image = cv2.GaussianBlur(
    np.random.default_rng(1).integers(0, 256, (480, 640)).astype(np.uint8), (0, 0), 6
)
SCENE = cv2.normalize(SCENE, None, 0, 255, cv2.NORM_MINMAX)


def face_at(x: float, y: float, unit: float = 100.0) -> NDArray[np.float64]:
    return MEAN_SHAPE * unit + [x, y]


def seen(follower: Follower, face: NDArray[np.float64]) -> NDArray[np.float32]:
    """What a model that errs nowhere sees on the last crop."""
    return to_patch(follower.placed, face).astype(np.float32)


def test_the_first_crop_lies_where_the_landmarks_put_it() -> None:
    follower = Follower(CROP)
    assert not follower.following
    follower.begin(face_at(320, 240))
    follower.cut(SCENE)
    assert follower.following
    assert np.allclose(follower.placed, crop_matrix(face_at(320, 240), CROP))


def test_a_crop_that_lies_off_is_right_in_the_next_look() -> None:
    follower, face = Follower(CROP), face_at(320, 240)
    follower.begin(face + np.array([18, -12]))
    follower.cut(SCENE)
    landmarks_px = follower.learn(seen(follower, face))
    assert follower.astray
    assert np.allclose(landmarks_px, face, atol=0.01)
    follower.cut(SCENE)
    follower.learn(seen(follower, face))
    assert not follower.astray
    assert np.allclose(follower.placed, crop_matrix(face, CROP), atol=0.3)


@pytest.mark.parametrize("step", [(2.0, 1.0), (-9.0, 4.0)])
def test_it_keeps_up_with_a_face_that_moves(step: tuple[float, float]) -> None:
    follower, face = Follower(CROP), face_at(320, 240)
    follower.begin(face)
    for index in range(12):
        face = face_at(320 + step[0] * index, 240 + step[1] * index)
        scene = cv2.warpAffine(SCENE, np.array([[1, 0, step[0] * index], [0, 1, step[1] * index]]),
                               (640, 480), borderMode=cv2.BORDER_REFLECT)  # fmt: skip
        follower.cut(np.asarray(scene, np.uint8))
        follower.learn(seen(follower, face))
        assert not follower.astray


def test_the_crop_of_a_turned_head_that_keeps_still_keeps_still() -> None:
    follower, face = Follower(CROP), face_at(320, 240)
    face[:17] += [80, 0]  # its jaw is seen from the side
    follower.begin(face)
    for _ in range(6):
        follower.cut(SCENE)
        follower.learn(seen(follower, face))
        assert not follower.astray
        assert apart_px(follower.placed, crop_matrix(face, CROP)) < 2 * GRID


def test_noise_in_what_is_seen_hardly_moves_the_crop() -> None:
    follower, face, random = Follower(CROP), face_at(320, 240), np.random.default_rng(0)
    follower.begin(face)
    places, wanted = [], []
    for _ in range(100):
        follower.cut(SCENE)
        noisy = face + random.normal(0, 0.4, (68, 2))
        follower.learn(seen(follower, noisy))
        places.append(follower.placed.copy())
        wanted.append(crop_matrix(noisy, CROP))
    moved, would_move = (
        np.mean([apart_px(one, other) for one, other in itertools.pairwise(each)])
        for each in (places, wanted)
    )
    assert moved < 0.25 * would_move


def test_two_who_begin_apart_come_to_the_same_placement_to_the_bit() -> None:
    """What they see depends on where they look, by a tenth of a pixel, as the model's does."""
    one, other = Follower(CROP), Follower(CROP)
    one.begin(face_at(322, 239))
    other.begin(face_at(320, 240, 102.0))
    for index in range(40):
        x, y, unit = [320, 240, 100] + 12 * np.sin([index / 5, index / 7, index / 6])
        face = face_at(x, y, unit)
        for each in (one, other):
            each.cut(SCENE)
            lean = 0.1 * np.sin(1e3 * each.placed[0, 2])
            each.learn((seen(each, face) + lean).astype(np.float32))
    assert np.array_equal(one.placed, other.placed)


def test_a_face_that_jumped_is_gone_after() -> None:
    follower, face = Follower(CROP), face_at(300, 240)
    follower.begin(face)
    follower.cut(SCENE)
    follower.learn(seen(follower, face))
    moved = np.asarray(np.roll(SCENE, 30, axis=1), np.uint8)
    follower.cut(moved)
    follower.learn(seen(follower, face_at(330, 240)))
    assert not follower.astray


def test_a_crop_of_nobody_is_an_error() -> None:
    with pytest.raises(ValueError, match="no face is followed"):
        Follower(CROP).cut(SCENE)
