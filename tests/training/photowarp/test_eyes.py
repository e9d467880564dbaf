"""Eyes that are turned behind lids, on drawn ones whose every pixel is known."""

import cv2
import numpy as np
import pytest

pytest.importorskip("scipy", reason="training needs the extra train")

from facedrive.training.photowarp.eyes import EYEBALL, LEFT, RIGHT, Eye, turn_eyes
from facedrive.training.photowarp.sheet import Warped
from facedrive.types import Image

SIZE = 160
CENTRES = {LEFT: (110.0, 60.0), RIGHT: (50.0, 60.0)}
WIDTH, HEIGHT, IRIS = 40.0, 18.0, 7.0
SKIN, WHITE, DARK = 150, 230, 30
AHEAD = np.zeros((2, 2), np.float32)


def mesh(height: float = HEIGHT, upper: float = 1.0) -> np.ndarray:
    """(478, 3) points of two eyes, as high as given, the upper lid lowered to a share."""
    points = np.zeros((478, 3), np.float32)
    for eye, (x, y) in CENTRES.items():
        outward = 1 if eye is LEFT else -1
        angles = np.linspace(0, 2 * np.pi, len(eye.lids), endpoint=False)
        up = np.where(np.sin(angles) < 0, upper, 1.0)
        points[list(eye.lids), 0] = x + outward * WIDTH / 2 * np.cos(angles)
        points[list(eye.lids), 1] = y + height / 2 * up * np.sin(angles)
        edge = IRIS * np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]])
        points[list(eye.iris), :2] = np.array([x, y]) + edge
        points[list(eye.below), :2] = [[x + shift, y + 25] for shift in (-8, -4, 0, 4, 8)]
    return points


def draw(points: np.ndarray) -> Image:
    """Draw the eyes of a mesh: skin, white, a round iris that the lids may cover."""
    picture = np.full((SIZE, SIZE), SKIN, np.uint8)
    for eye in CENTRES:
        opening, iris = np.zeros_like(picture), np.zeros_like(picture)
        cv2.fillPoly(opening, [np.round(points[list(eye.lids), :2]).astype(np.int32)], 1)
        x, y = points[eye.iris[0], :2].round().astype(int).tolist()
        cv2.circle(iris, (x, y), round(IRIS), 1, -1)
        picture[opening > 0] = WHITE
        picture[(opening > 0) & (iris > 0)] = DARK
    return picture


def dark_rows_and_columns(picture: Image, eye: Eye) -> tuple[np.ndarray, np.ndarray]:
    x, y = (int(value) for value in CENTRES[eye])
    rows, columns = np.nonzero(picture[y - 20 : y + 20, x - 25 : x + 25] < (DARK + SKIN) / 2)
    return rows + y - 20, columns + x - 25


def turned(photograph: Image, points: np.ndarray, turn: np.ndarray) -> Image:
    whole = Warped(photograph, np.ones(photograph.shape, np.bool_))
    return turn_eyes(whole, photograph, points, points[:468], turn).picture


def test_eyes_that_do_not_turn_stay_as_photographed() -> None:
    points = mesh()
    photograph = draw(points)
    changed = np.abs(turned(photograph, points, AHEAD).astype(int) - photograph)
    assert changed.mean() < 1
    assert np.median(changed[55:66, 40:61]) < 3


@pytest.mark.parametrize("eye", [LEFT, RIGHT])
@pytest.mark.parametrize("yaw", [-0.4, 0.4])
def test_an_eye_turns_to_the_subjects_left_by_a_positive_yaw(eye: Eye, yaw: float) -> None:
    points = mesh()
    turn = np.zeros((2, 2), np.float32)
    turn[(LEFT, RIGHT).index(eye), 1] = yaw
    _, columns = dark_rows_and_columns(turned(draw(points), points, turn), eye)
    shift = EYEBALL * IRIS * np.sin(yaw)
    assert columns.mean() - CENTRES[eye][0] == pytest.approx(shift, abs=1.0)


def test_an_eye_looks_up_by_a_positive_pitch() -> None:
    points = mesh(height=30)
    turn = np.array([[0.3, 0], [0.3, 0]], np.float32)
    rows, _ = dark_rows_and_columns(turned(draw(points), points, turn), LEFT)
    shift = EYEBALL * IRIS * np.sin(0.3)
    assert rows.mean() - CENTRES[LEFT][1] == pytest.approx(-shift, abs=1.0)


def test_what_a_lid_covered_of_an_iris_is_completed() -> None:
    points = mesh(height=30, upper=0.2)
    opened = mesh(height=30)
    photograph = draw(points)
    whole = Warped(photograph, np.ones(photograph.shape, np.bool_))
    seen = turn_eyes(whole, photograph, points, opened[:468], AHEAD).picture
    rows, columns = dark_rows_and_columns(seen, RIGHT)
    assert np.ptp(rows) == pytest.approx(np.ptp(columns), abs=2)
    assert rows.mean() == pytest.approx(CENTRES[RIGHT][1], abs=1.5)


def test_a_lid_that_comes_down_covers_the_iris_and_does_not_squeeze_it() -> None:
    points = mesh(height=30)
    lowered = mesh(height=30, upper=0.0)
    photograph = draw(points)
    whole = Warped(photograph, np.ones(photograph.shape, np.bool_))
    seen = turn_eyes(whole, photograph, points, lowered[:468], AHEAD).picture
    rows, columns = dark_rows_and_columns(seen, LEFT)
    below = rows[rows > CENTRES[LEFT][1] + 2]
    assert below.max() == pytest.approx(CENTRES[LEFT][1] + IRIS, abs=1.5)
    assert np.ptp(columns) == pytest.approx(2 * IRIS, abs=2)


def test_an_eye_that_is_all_but_closed_stays() -> None:
    points = mesh(height=3)
    photograph = draw(points)
    turn = np.array([[0, 0.4], [0, 0.4]], np.float32)
    assert np.array_equal(turned(photograph, points, turn), photograph)


def test_a_turned_eye_takes_the_light_that_its_face_turned_into() -> None:
    points = mesh()
    photograph = draw(points)
    darker = Warped((photograph * 0.7).astype(np.uint8), np.ones(photograph.shape, np.bool_))
    seen = turn_eyes(darker, photograph, points, points[:468], AHEAD).picture
    x, y = (int(value) for value in CENTRES[LEFT])
    assert seen[y, x + 13] == pytest.approx(0.7 * WHITE, abs=6)
