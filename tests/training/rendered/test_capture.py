"""What the camera does to a rendered face leaves the face to be seen."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facedrive.trackers.landmarks import interocular_px
from facedrive.trackers.patch import MEAN_SHAPE
from facedrive.training.rendered import capture

SIDE = 128
POINTS = (MEAN_SHAPE * 45 + SIDE / 2).astype(np.float32)
EYES = POINTS[36:48]
SEEDS = range(40)


@pytest.fixture(scope="module")
def face() -> capture.Picture:
    """(128, 128) soft blobs from dark to bright, as a face has."""
    noise = np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32)
    blobs = cv2.GaussianBlur(noise, (0, 0), 12)
    return np.asarray(120 + 40 * blobs / blobs.std(), np.float32).clip(0, 255)


@pytest.fixture(scope="module")
def mask() -> capture.Picture:
    """(128, 128) the face covers a disc."""
    return cv2.circle(np.zeros((SIDE, SIDE), np.float32), (64, 64), 50, 1.0, -1)


BACKDROP = np.full((50, 70), 90, np.uint8)


def take(seed: int, face: capture.Picture, mask: capture.Picture) -> np.ndarray:
    return capture.capture(np.random.default_rng(seed), face, mask, BACKDROP, POINTS)


def test_a_captured_picture_is_gray_and_of_the_same_size(
    face: capture.Picture, mask: capture.Picture
) -> None:
    picture = take(0, face, mask)
    assert picture.shape == (SIDE, SIDE)
    assert picture.dtype == np.uint8


def test_the_face_is_seen_in_every_picture(face: capture.Picture, mask: capture.Picture) -> None:
    inside = cv2.erode(mask, np.ones((9, 9))) > 0
    alike = [np.corrcoef(take(seed, face, mask)[inside], face[inside])[0, 1] for seed in SEEDS]
    assert min(alike) > 0.2  # overexposed, with glasses
    assert np.quantile(alike, 0.05) > 0.6
    assert np.median(alike) > 0.97


def test_nothing_of_the_face_is_seen_beside_it(face: capture.Picture) -> None:
    nobody = np.zeros_like(face)
    for seed in SEEDS:
        assert np.array_equal(take(seed, face, nobody), take(seed, face * 0 + 7, nobody))


def test_pictures_are_as_dark_and_as_bright_as_cameras_make_them(
    face: capture.Picture, mask: capture.Picture
) -> None:
    inside = mask > 0.5
    levels = [np.median(take(seed, face, mask)[inside]) for seed in SEEDS]
    assert min(levels) < 90
    assert max(levels) > 160


def test_the_same_seed_gives_the_same_picture(face: capture.Picture, mask: capture.Picture) -> None:
    assert np.array_equal(take(3, face, mask), take(3, face, mask))
    assert not np.array_equal(take(3, face, mask), take(4, face, mask))


def changed(draw: str, seed: int) -> np.ndarray:
    """Return where something that is drawn changes a flat picture: (n, 2) pixels x, y."""
    picture = np.full((SIDE, SIDE), 120, np.float32)
    getattr(capture, draw)(np.random.default_rng(seed), picture, POINTS)
    return np.argwhere(np.abs(picture - 120) > 4)[:, ::-1]


@pytest.mark.parametrize("seed", range(8))
def test_glasses_are_around_the_eyes(seed: int) -> None:
    places = changed("_draw_glasses", seed)
    apart = np.linalg.norm(places[:, None] - EYES[None], axis=2).min(axis=1)
    assert len(places) > 100
    assert apart.max() < 0.35 * interocular_px(POINTS)


@pytest.mark.parametrize("seed", range(8))
def test_a_hand_covers_no_eye(seed: int) -> None:
    places = changed("_draw_hand", seed)
    apart = np.linalg.norm(places[:, None] - EYES[None], axis=2).min(axis=1)
    assert len(places) > 100
    assert apart.min() > 0
    assert (apart < 3).mean() < 0.05
