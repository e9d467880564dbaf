"""Pictures and clips that the tracker tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from facedrive.sources import open_source
from facedrive.types import Frame, Image

Clip = Callable[[str], list[Frame]]


@pytest.fixture(scope="session")
def clip(shared: Path) -> Clip:
    """Read a clip of the reference data by its name."""
    return lambda name: list(open_source(str(shared / "data" / "clips" / name)).frames())


@pytest.fixture(scope="session")
def portrait(shared: Path) -> Image:
    """(500, 500, 3) one upright face, about 180 pixels wide."""
    return read_picture(shared / "data" / "clips" / "single_face.jpg")


@pytest.fixture(scope="session")
def crowd(shared: Path) -> Image:
    """(H, W, 3) several faces."""
    return read_picture(shared / "data" / "clips" / "multi_face.jpg")


def read_picture(path: Path) -> Image:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    assert picture is not None
    return np.asarray(picture, dtype=np.uint8)
