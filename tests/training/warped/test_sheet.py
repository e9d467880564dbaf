"""A photograph as an elastic sheet."""

import cv2
import numpy as np
import pytest

pytest.importorskip("scipy", reason="training needs the train extra")

from facedrive.training.warped.sheet import Sheet, cut_sheet

SIDE = 200


def dome() -> np.ndarray:
    """A half ball of points in the middle of a picture, nearest in its middle."""
    grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, 19),) * 2), -1).reshape(-1, 2)
    disc = grid[np.linalg.norm(grid, axis=1) < 0.97]
    depth = -np.sqrt(1 - (disc**2).sum(1))
    return (np.column_stack([disc, depth]) * 60 + [100, 100, 0]).astype(np.float32)


def picture() -> np.ndarray:
    x = np.linspace(0, 12, SIDE)
    waves = 120 + 50 * np.sin(x)[:, None] * np.cos(1.3 * x)[None]
    return waves.astype(np.uint8)


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    return cut_sheet(dome())


def test_a_sheet_that_does_not_move_keeps_its_picture(sheet: Sheet) -> None:
    warped = sheet.warp(picture(), dome(), dome())
    assert np.abs(warped.picture.astype(int) - picture()).max() <= 2
    assert warped.inside.all()


def test_what_lies_on_a_point_goes_where_the_point_goes(sheet: Sheet) -> None:
    points, moved = dome(), dome()
    middle = int(np.linalg.norm(points[:, :2] - 100, axis=1).argmin())
    moved[middle, :2] += [5, -4]
    marked = np.full((SIDE, SIDE), 100, np.uint8)
    place = tuple(points[middle, :2].round().astype(int).tolist())
    cv2.circle(marked, place, 1, 255, -1)
    warped = sheet.warp(marked, points, moved).picture
    brightest = np.unravel_index(warped.argmax(), warped.shape)
    assert brightest == pytest.approx((place[1] - 4, place[0] + 5), abs=1.5)


def test_skin_that_turns_to_the_light_gets_brighter(sheet: Sheet) -> None:
    points = dome()
    across = (points[:, 0] - 100) / 60
    lit = np.full((SIDE, SIDE), 40, np.uint8)
    for (x, y, _), share in zip(points, across, strict=True):
        cv2.circle(lit, (round(float(x)), round(float(y))), 6, int(110 + 70 * share), -1)
    bulged = points.copy()
    bulged[:, 2] -= 25 * np.exp(-(((points[:, :2] - [85, 100]) / 14) ** 2).sum(1))
    change = sheet.warp(lit, points, bulged).picture.astype(int) - lit
    assert change[95:105, 90:96].mean() > 3  # turned towards the light on the right
    assert change[95:105, 72:78].mean() < -3


def test_outside_the_photograph_is_told(sheet: Sheet) -> None:
    points = dome()
    closer = points.copy()
    closer[:, :2] = 100 + (points[:, :2] - 100) * 0.9
    near_edge = points - np.array([80, 0, 0], np.float32)
    warped = sheet.warp(picture(), near_edge, near_edge + np.array([30, 0, 0], np.float32))
    assert not warped.inside[100, :10].all()
    assert warped.inside[100, 100:].all()
