"""How far a face has moved."""

import numpy as np
import pytest

from facedrive.trackers.motion import coarse_face, find_shift
from facedrive.trackers.patch import ORIGIN_PX


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    """(200, 200) blocks of 8 pixels, unlike one another."""
    blocks = np.random.default_rng(3).integers(0, 256, (25, 25)).astype(np.uint8)
    return np.kron(blocks, np.ones((8, 8), np.uint8))


@pytest.mark.parametrize("shift", [(0, 0), (8, 0), (0, -12), (-20, 16), (24, 24)])
def test_the_shift_is_found(scene: np.ndarray, shift: tuple[int, int]) -> None:
    right, down = shift
    before = scene[36:164, 36:164]
    after = scene[36 - down : 164 - down, 36 - right : 164 - right]
    assert find_shift(coarse_face(before, ORIGIN_PX), after) == pytest.approx(shift)


def test_a_face_off_the_middle_of_its_patch_is_sought_from_there(scene: np.ndarray) -> None:
    face = coarse_face(scene[36:164, 36:164], ORIGIN_PX + np.array([8, -4]))
    # The next patch is placed on the landmarks, so an unbent face is in its middle.
    placed = scene[32:160, 44:172]
    assert find_shift(face, placed) == pytest.approx((0, 0))


def test_a_blank_patch_shifts_no_further_than_the_reach() -> None:
    blank = np.zeros((128, 128), np.uint8)
    assert np.abs(find_shift(coarse_face(blank, ORIGIN_PX), blank)).max() <= 24
