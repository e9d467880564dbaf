"""Pictures and clips that the tracker tests share: a rendered one that ships, and photographs."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from facedrive.sources.video import VideoFile
from facedrive.types import EulerDegrees, Frame, Image

Clip = Callable[[str], list[Frame]]

TURNING = Path(__file__).resolve().parents[1] / "data" / "turning_face.mp4"
"""A head that turns, tilts, blinks, leaves and comes back; tools/render_test_clip.py made it."""

PLACES = {"left_eye": 45, "right_eye": 36, "nose": 30, "left_mouth": 54, "right_mouth": 48}
"""The landmarks that its table has, by their place among the 68."""


@dataclass(frozen=True)
class Truth:
    """What the rendered clip shows, a row a frame."""

    in_picture: np.ndarray
    """(n,) share of the landmarks that are in the picture."""
    head: np.ndarray
    """(n, 3) pitch, yaw and roll, degrees."""
    points_px: np.ndarray
    """(n, 5, 2) the landmarks ``PLACES``."""


@pytest.fixture(scope="session")
def turning() -> list[Frame]:
    """The rendered clip: 276 frames of 640 x 480."""
    return list(VideoFile(TURNING, guarded=False).frames())


@pytest.fixture(scope="session")
def truth() -> Truth:
    """What it was rendered from."""
    with TURNING.with_suffix(".csv").open(newline="") as table:
        rows = list(csv.DictReader(table))

    def read(*names: str) -> np.ndarray:
        return np.array([[float(row[name]) for name in names] for row in rows])

    points = read(*(f"{name}_{axis}_px" for name in PLACES for axis in "xy"))
    head = read(*(f"head_{angle}_deg" for angle in EulerDegrees._fields))
    return Truth(read("in_picture")[:, 0], head, points.reshape(-1, len(PLACES), 2))


@pytest.fixture(scope="session")
def portrait(turning: list[Frame]) -> Image:
    """(500, 500, 3) one upright face, about 180 pixels wide."""
    square = turning[0].image[:, 80:560]
    return np.asarray(cv2.resize(square, (500, 500), interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.fixture(scope="session")
def crowd(portrait: Image) -> Image:
    """(560, 1140, 3) three faces, the largest on the right."""
    picture = np.full((560, 1140, 3), 90, np.uint8)
    for side, left, top in ((320, 10, 200), (250, 340, 20), (540, 600, 10)):
        face = cv2.resize(portrait, (side, side), interpolation=cv2.INTER_AREA)
        picture[top : top + side, left : left + side] = face
    return picture


@pytest.fixture(scope="session")
def clip(shared: Path) -> Clip:
    """Read a filmed clip of the reference data by its name."""
    clips = shared / "data" / "clips"
    return lambda name: list(VideoFile(clips / name, guarded=False).frames())


@pytest.fixture(scope="session", params=["single_face.jpg", "multi_face.jpg"])
def photograph(shared: Path, request: pytest.FixtureRequest) -> Image:
    """(H, W, 3) a photograph of people."""
    picture = cv2.imread(str(shared / "data" / "clips" / request.param), cv2.IMREAD_COLOR_RGB)
    assert picture is not None
    return np.asarray(picture, dtype=np.uint8)
