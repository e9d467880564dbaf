"""Shapes, text and fitted pictures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedrive.render import drawing
from facedrive.render.drawing import Rect, badge, bar, canvas, disc, dots, fitted, inset, text

WHITE = (255, 255, 255)
BLACK = (0, 0, 0)


def painted(image: np.ndarray) -> float:
    """Return the area that is white, in pixels."""
    return float(image[..., 0].sum() / 255)


def test_a_bar_covers_its_area_to_a_fraction_of_a_pixel() -> None:
    areas = []
    for width in (20.0, 20.5):
        image = canvas(60, 20, BLACK)
        bar(image, Rect(10.25, 5.5, width, 8.0), WHITE)
        areas.append(painted(image))
    assert areas[0] == pytest.approx(12 * 8 + np.pi * 16, rel=0.02)
    assert areas[1] - areas[0] == pytest.approx(4.0, abs=0.5)


def test_a_disc_is_round() -> None:
    image = canvas(40, 40, BLACK)
    disc(image, (20.0, 20.0), 9.0, WHITE)
    assert painted(image) == pytest.approx(np.pi * 81, rel=0.01)
    np.testing.assert_array_equal(image, image[::-1])
    np.testing.assert_array_equal(image, image.transpose(1, 0, 2))


@given(x=st.floats(-90, 90), y=st.floats(-90, 90), width=st.floats(0, 99), height=st.floats(0, 99))
def test_shapes_may_lie_partly_or_wholly_outside(
    x: float, y: float, width: float, height: float
) -> None:
    image = canvas(30, 20, BLACK)
    bar(image, Rect(x, y, width, height), WHITE)
    dots(image, np.array([[x, y], [width, height]], np.float32), 1.5, WHITE)
    assert painted(image) <= 600


def test_a_dot_is_centred_on_its_point() -> None:
    image = canvas(21, 21, BLACK)
    dots(image, np.array([[10.5, 10.5]], np.float32), 2.0, WHITE)
    np.testing.assert_array_equal(image, image[::-1, ::-1])
    assert image[10, 10].tolist() == [255, 255, 255]


def test_text_ends_where_it_is_aligned_to() -> None:
    columns = {}
    for align in ("left", "center", "right"):
        image = canvas(200, 30, BLACK)
        text(image, "Jaw drop", (100, 20), 13, WHITE, align=align)
        columns[align] = np.flatnonzero(image.max(axis=(0, 2)))
    assert columns["left"].min() >= 100
    assert columns["right"].max() <= 101
    assert columns["center"].mean() == pytest.approx(100, abs=4)


@pytest.mark.parametrize("size", [(1, 1), (640, 480), (480, 640), (3, 900), (1920, 1080)])
def test_a_picture_of_any_size_is_fitted_whole_and_undistorted(size: tuple[int, int]) -> None:
    picture = np.full((size[1], size[0], 3), 200, np.uint8)
    made, fit = fitted(picture, 640, 480, mirror=False)
    assert made.shape == (480, 640, 3)
    corners = fit.place(np.array([[0, 0], size], np.float32))
    assert corners.min() >= -1
    assert corners[1, 0] <= 641
    assert corners[1, 1] <= 481
    shape = np.diff(corners, axis=0)[0]
    assert shape[0] / shape[1] == pytest.approx(size[0] / size[1], rel=1e-4)
    assert max(shape[0] / 640, shape[1] / 480) == pytest.approx(1)


@pytest.mark.parametrize("mirror", [False, True])
def test_points_follow_the_picture_that_they_are_in(mirror: bool) -> None:
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[40:44, 60:64] = 255
    made, fit = fitted(picture, 600, 600, mirror)
    rows, columns = np.nonzero(made[200:400].min(axis=2) > 200)
    center = columns.mean() + 0.5, rows.mean() + 200.5
    np.testing.assert_allclose(fit.place(np.array([[62, 42]], np.float32))[0], center, atol=1)


def test_the_picture_given_stays_as_it_is() -> None:
    picture = np.zeros((480, 640, 3), np.uint8)
    made, _ = fitted(picture, 640, 480, mirror=True)
    made[:] = 9
    assert not picture.any()


def test_an_inset_has_round_corners_and_a_full_middle() -> None:
    image = canvas(50, 50, BLACK)
    inset(image, np.full((20, 30, 3), 255, np.uint8), (10, 10), radius=8)
    assert image[10, 10].tolist() == [0, 0, 0]
    assert image[20, 25].tolist() == [255, 255, 255]
    assert painted(image) == pytest.approx(600 - (4 - np.pi) * 64, rel=0.02)


def test_a_badge_says_how_wide_it_is() -> None:
    image = canvas(300, 60, WHITE)
    width = badge(image, "Recording", drawing.RED, at=(10, 10))
    touched = np.flatnonzero((image < 250).any(axis=(0, 2)))
    assert touched.min() >= 10
    assert touched.max() == pytest.approx(10 + width, abs=2)
