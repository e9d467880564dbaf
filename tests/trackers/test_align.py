"""Aligned crops."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedrive.trackers.align import crop_matrix, fit_similarity, warp_crop
from facedrive.trackers.patch import MEAN_SHAPE
from facedrive.types import CropSpec

LANDMARKS = MEAN_SHAPE * 90 + [160, 150]

RIGHT_EYE, LEFT_EYE = slice(36, 42), slice(42, 48)


def similarity(turn_deg: float, scale: float, right: float, down: float) -> np.ndarray:
    matrix = cv2.getRotationMatrix2D((160, 160), turn_deg, scale)
    matrix[:, 2] += right, down
    return matrix


def moved(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """Smooth blobs, so that resampling changes little."""
    noise = np.random.default_rng(0).uniform(0, 255, (320, 320)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 6)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


@given(st.floats(-180, 180), st.floats(0.2, 5), st.floats(-500, 500), st.floats(-500, 500))
def test_moving_the_picture_moves_the_crop_with_it(
    turn_deg: float, scale: float, right: float, down: float
) -> None:
    motion = similarity(turn_deg, scale, right, down)
    spec = CropSpec()
    still = moved(LANDMARKS, crop_matrix(LANDMARKS, spec))
    followed = moved(LANDMARKS, motion)
    assert np.allclose(moved(followed, crop_matrix(followed, spec)), still, atol=1e-6)


@pytest.mark.parametrize(
    ("turn_deg", "scale", "right", "down"),
    [(30, 1, 0, 0), (-30, 1, 0, 0), (0, 0.7, 10, -5), (0, 1, 17, 23), (15, 0.8, -9, 4)],
)
def test_a_picture_turned_scaled_or_shifted_gives_the_same_crop(
    picture: np.ndarray, turn_deg: float, scale: float, right: float, down: float
) -> None:
    motion = similarity(turn_deg, scale, right, down)
    shown = cv2.warpAffine(picture, motion, (320, 320), borderMode=cv2.BORDER_REPLICATE)
    spec = CropSpec(padding=0.0)
    still = warp_crop(picture, LANDMARKS, spec).astype(float)
    followed = warp_crop(shown, moved(LANDMARKS, motion), spec).astype(float)
    assert np.abs(still - followed).mean() < 2


def test_the_crop_is_upright_with_the_right_eye_on_the_left() -> None:
    spec = CropSpec()
    tilted = moved(LANDMARKS, similarity(40, 1, 0, 0))
    inside = moved(tilted, crop_matrix(tilted, spec))
    right_eye, left_eye = inside[RIGHT_EYE].mean(axis=0), inside[LEFT_EYE].mean(axis=0)
    assert left_eye[0] - right_eye[0] > 0.2 * spec.size
    assert abs(left_eye[1] - right_eye[1]) < 0.01 * spec.size
    assert (right_eye[0] + left_eye[0]) / 2 == pytest.approx((spec.size - 1) / 2, abs=0.5)


@pytest.mark.parametrize("size", [64, 96, 128, 224])
def test_the_crop_has_the_size_that_the_model_asks_for(picture: np.ndarray, size: int) -> None:
    crop = warp_crop(picture, LANDMARKS, CropSpec(size=size))
    assert crop.shape == (size, size)
    assert crop.dtype == np.uint8


def test_more_padding_shows_more_around_the_face() -> None:
    wide = crop_matrix(LANDMARKS, CropSpec(padding=0.5))
    tight = crop_matrix(LANDMARKS, CropSpec(padding=0.1))
    assert np.linalg.norm(wide[:, 0]) < np.linalg.norm(tight[:, 0])


def test_a_face_that_fills_the_frame_is_averaged_not_sampled() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1600, 1600)).astype(np.uint8)
    crop = warp_crop(noise, MEAN_SHAPE * 600 + [800, 700])
    assert crop.std() < noise.std() / 4


def test_a_crop_beyond_the_frame_repeats_its_edge() -> None:
    frame = np.full((320, 320), 77, dtype=np.uint8)
    assert (warp_crop(frame, LANDMARKS + 250) == 77).all()


def test_landmarks_in_one_spot_give_finite_numbers() -> None:
    assert np.isfinite(fit_similarity(np.full((68, 2), 5.0), MEAN_SHAPE)).all()
