"""The values between the stages."""

import numpy as np
import pytest

from facedrive.types import IDENTITY_HEAD, Frame, Head


def turned(axis: tuple[float, float, float], degrees: float) -> Head:
    """A head turned about one axis by the right-hand rule."""
    half = np.radians(degrees) / 2
    xyz = np.sin(half) * np.array(axis)
    return Head(np.array([*xyz, np.cos(half)], np.float32), IDENTITY_HEAD.translation)


def test_a_frame_is_turned_grey_once() -> None:
    frame = Frame(np.full((2, 3, 3), (200, 100, 50), np.uint8), 0.0, 0)
    assert frame.gray.shape == (2, 3)
    assert frame.gray.dtype == np.uint8
    assert frame.gray[0, 0] == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)
    assert frame.gray is frame.gray


def test_looking_into_the_camera_has_no_angles() -> None:
    assert IDENTITY_HEAD.euler == pytest.approx((0, 0, 0))


@pytest.mark.parametrize(
    ("axis", "degrees", "expected"),
    [
        ((0, 1, 0), 20, (0, 20, 0)),  # +z turns to +x: towards the subject's left
        ((1, 0, 0), 20, (-20, 0, 0)),  # +y turns to +z: a nod down
        ((0, 0, 1), 20, (0, 0, -20)),  # +x turns to +y: the left ear rises
    ],
)
def test_euler_signs(axis: tuple[float, float, float], degrees: float,
                     expected: tuple[float, float, float]) -> None:  # fmt: skip
    assert turned(axis, degrees).euler == pytest.approx(expected, abs=1e-4)
