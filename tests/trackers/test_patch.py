"""The patch that the shape predictor reads."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedrive.trackers.landmarks import MIRROR_68
from facedrive.trackers.patch import (
    BOX_UNITS,
    MEAN_SHAPE,
    ORIGIN_PX,
    PATCH_SIZE,
    TARGET_PX,
    UNIT_PX,
    chain,
    cut_patch,
    place_on_box,
    place_on_landmarks,
    to_frame,
    to_patch,
)


def tilted(degrees: float, unit_px: float = 80.0) -> np.ndarray:
    turn = np.radians(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return MEAN_SHAPE @ matrix.T * unit_px + [300, 200]


def test_the_mean_shape_is_its_own_mirror_image() -> None:
    assert np.allclose(MEAN_SHAPE[MIRROR_68] * [-1, 1], MEAN_SHAPE)


@given(st.floats(-60, 60), st.floats(5, 500))
def test_a_tilted_face_of_any_size_is_upright_in_the_patch(degrees: float, unit: float) -> None:
    landmarks = tilted(degrees, unit)
    assert np.allclose(to_patch(place_on_landmarks(landmarks), landmarks), TARGET_PX, atol=1e-6)


def test_frame_and_patch_coordinates_are_inverse() -> None:
    placement = place_on_landmarks(tilted(25))
    points = np.random.default_rng(0).uniform(0, 640, (10, 2))
    assert np.allclose(to_frame(placement, to_patch(placement, points)), points)


def test_the_detector_box_and_the_landmarks_of_a_face_give_the_same_patch() -> None:
    landmarks = tilted(0, 100)
    half = BOX_UNITS * 100 / 2
    box = (300 - half, 200 - 5.5 - half, 300 + half, 200 - 5.5 + half)
    assert np.allclose(place_on_box(box), place_on_landmarks(landmarks), atol=0.05)


def test_chained_placements_do_one_after_the_other() -> None:
    first, second = place_on_landmarks(tilted(10)), place_on_landmarks(tilted(-20, 60))
    points = np.array([[1.0, 2.0], [30.0, 40.0]])
    assert np.allclose(
        to_patch(chain(second, first), points), to_patch(second, to_patch(first, points))
    )


@pytest.mark.parametrize("unit_px", [20.0, 50.0, 90.0, 400.0])
def test_a_spot_in_the_frame_is_where_the_placement_says(unit_px: float) -> None:
    frame = np.zeros((1200, 1200), dtype=np.uint8)
    placement = place_on_landmarks(MEAN_SHAPE * unit_px + 600)
    spot = np.array([600 + 0.4 * unit_px, 600 - 0.3 * unit_px])
    radius = max(0.08 * unit_px, 2)
    cv2.circle(frame, np.rint(spot).astype(int).tolist(), round(radius), 255, -1)
    patch = cut_patch(frame, placement).astype(float)
    y, x = np.nonzero(patch > (patch.min() + patch.max()) / 2)
    expected = ORIGIN_PX + UNIT_PX * np.array([0.4, -0.3])
    assert [x.mean(), y.mean()] == pytest.approx(expected, abs=1.2)


def test_dim_and_bright_light_give_the_same_patch() -> None:
    noise = np.random.default_rng(0).uniform(0, 1, (400, 600)).astype(np.float32)
    scene = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 9), None, 40, 240, cv2.NORM_MINMAX)
    placement = place_on_landmarks(tilted(0))
    bright = cut_patch(scene.astype(np.uint8), placement).astype(float)
    dim = cut_patch((scene * 0.5).astype(np.uint8), placement).astype(float)
    assert np.abs(bright - dim).mean() < 4


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 900), (4000, 6000)])
def test_a_frame_of_any_size_gives_a_patch(shape: tuple[int, int]) -> None:
    patch = cut_patch(np.zeros(shape, np.uint8), place_on_landmarks(tilted(0)))
    assert patch.shape == (PATCH_SIZE, PATCH_SIZE)
