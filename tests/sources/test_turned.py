"""Pictures are turned as asked; a face that lies on its side is told of, or turned by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facedrive.sources.demo import open_demo
from facedrive.sources.pictures import Pictures
from facedrive.sources.turned import PictureOptions, Rotation, Turned, turn
from facedrive.types import Image

CORNERS = np.arange(6, dtype=np.uint8).reshape(2, 3)[..., None].repeat(3, axis=2)
"""0 1 2 above 3 4 5."""


@pytest.fixture(scope="module")
def face() -> Image:
    """A picture with an upright face."""
    frames = replace(open_demo(), guarded=False).frames()
    return next(frames).image


@pytest.mark.parametrize(
    ("rotate", "flip", "expected"),
    [
        ("90", False, [[3, 0], [4, 1], [5, 2]]),  # the left side goes up
        ("180", False, [[5, 4, 3], [2, 1, 0]]),
        ("270", False, [[2, 5], [1, 4], [0, 3]]),
        ("0", True, [[2, 1, 0], [5, 4, 3]]),
        ("90", True, [[0, 3], [1, 4], [2, 5]]),
    ],
)
def test_pictures_are_turned_then_flipped(
    rotate: Rotation, flip: bool, expected: list[list[int]]
) -> None:
    source = Turned(Pictures([CORNERS]), PictureOptions(rotate, flip))
    (frame,) = source.frames()
    assert frame.image[..., 0].tolist() == expected
    assert frame.image.flags.c_contiguous


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_face_on_its_side_is_told_of_once(
    degrees: int, face: Image, caplog: pytest.LogCaptureFixture
) -> None:
    lying = turn(face, 360 - degrees)
    frames = list(Turned(Pictures([lying] * 7), name="clip.mp4").frames())
    assert caplog.text.count(f"--rotate {degrees}") == 1
    np.testing.assert_array_equal(frames[6].image, lying)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_auto_turns_it_upright(degrees: int, face: Image) -> None:
    source = Turned(Pictures([turn(face, 360 - degrees)] * 2), PictureOptions("auto"))
    for frame in source.frames():
        np.testing.assert_array_equal(frame.image, face)


def test_an_upright_face_or_none_is_not_told_of(
    face: Image, caplog: pytest.LogCaptureFixture
) -> None:
    wall = np.full((240, 320, 3), 120, np.uint8)
    for picture in (face, wall):
        list(Turned(Pictures([picture] * 20)).frames())
    assert caplog.text == ""


@pytest.mark.parametrize("degrees", [0, 90])
def test_a_small_face_is_asked_too(
    degrees: int, face: Image, caplog: pytest.LogCaptureFixture
) -> None:
    far = np.full((1200, 1200, 3), 120, np.uint8)
    small = np.ascontiguousarray(face[::2, ::2])
    far[400 : 400 + small.shape[0], 400 : 400 + small.shape[1]] = small
    list(Turned(Pictures([turn(far, 360 - degrees)] * 2)).frames())
    assert (f"--rotate {degrees}" in caplog.text) == bool(degrees)


def test_a_pattern_like_a_face_upside_down_does_not_outdo_a_small_face(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scores = {(320, 0): -1.0, (320, 180): 0.41, (640, 0): 1.37, (640, 180): 0.3}

    def score(_: object, gray: Image) -> float:
        ways = {0: gray[0, 0], 180: gray[-1, -1]}
        (way,) = [each for each, corner in ways.items() if corner] or [90]
        return scores.get((max(gray.shape), way), -1.0)

    monkeypatch.setattr("facedrive.sources.turned._Side._score", score)
    picture = np.zeros((640, 480, 3), np.uint8)
    picture[:100, :100] = 255
    list(Turned(Pictures([picture] * 7)).frames())
    assert caplog.text == ""
