"""How far a face has moved since the last frame: a coarse picture of it, looked for nearby.

The shape predictor corrects small shifts of its patch by itself; a head that is shaken at 25
frames per second moves by half its eye distance in a frame.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.trackers.patch import ORIGIN_PX, PATCH_SIZE
from facedrive.types import Image

CELL_PX = 4
"""Side of a pixel of the coarse picture, in pixels of the patch."""

REACH = 6
"""How far the face is looked for, in cells: half an eye distance."""

CLEARLY = 0.01
"""By how much the face has to look more like itself elsewhere: a blank is alike everywhere."""

_CELLS = PATCH_SIZE // CELL_PX


def coarse_face(patch: Image, origin_px: NDArray[np.float64]) -> Image:
    """Cut the (20, 20) coarse picture of a face out of its patch.

    Args:
        patch: (128, 128), as ``patch.cut_patch`` gives it.
        origin_px: (2,) where in the patch the face's landmarks have their mean.
    """
    offset = np.rint((origin_px - ORIGIN_PX) / CELL_PX).astype(int)
    left, top = np.clip(offset, -REACH, REACH) + REACH
    side = _CELLS - 2 * REACH
    return _coarse(patch)[top : top + side, left : left + side]


def find_shift(face: Image, patch: Image) -> NDArray[np.float64]:
    """Return how far the face lies from the middle of a new patch, (2,) pixels of the patch."""
    likeness = cv2.matchTemplate(_coarse(patch), face, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(likeness)
    if best - likeness[REACH, REACH] < CLEARLY:
        return np.zeros(2)
    return np.array([x - REACH, y - REACH], dtype=np.float64) * CELL_PX


def _coarse(patch: Image) -> Image:
    small = cv2.resize(patch, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)
