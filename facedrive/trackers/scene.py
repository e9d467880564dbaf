"""Whether a picture goes on from the one before it: after a hard cut it does not."""

from __future__ import annotations

from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.types import Image

CELLS = 16
"""Side of the coarse picture that is compared."""

ALIKE = 0.5
"""Correlation of two coarse pictures below which they show different scenes. A head that fills the
picture and leaves it at once has 0.58, other motion more; pictures of different clips have 0.1, and
nine in ten of them less than 0.4."""

BLANK = 3.0
"""Deviation of a coarse picture, in grey levels, below which it shows nothing."""


class Change(Enum):
    """What a picture is to the one before it."""

    NONE = "the scene goes on"
    HIDDEN = "one of the two shows nothing"
    CUT = "another scene"


class Scene:
    """Compares each picture with the one before."""

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None

    def look(self, gray: Image) -> Change:
        """Say what a (H, W) picture is to the last one that was looked at."""
        last, self._last = self._last, _coarse(gray)
        if last is None:
            return Change.NONE
        lengths = [float(np.sqrt(each @ each)) for each in (last, self._last)]
        blank = [length < BLANK * CELLS for length in lengths]
        if any(blank):
            return Change.NONE if all(blank) else Change.HIDDEN
        alike = float(last @ self._last) / (lengths[0] * lengths[1])
        return Change.NONE if alike >= ALIKE else Change.CUT


def _coarse(gray: Image) -> NDArray[np.float32]:
    """Return a coarse picture, (CELLS * CELLS,), less its mean."""
    step = max(min(gray.shape) // (4 * CELLS), 1)
    few = np.ascontiguousarray(gray[::step, ::step])
    cells = cv2.resize(few, (CELLS, CELLS), interpolation=cv2.INTER_AREA).ravel()
    plain = cells.astype(np.float32)
    centred: NDArray[np.float32] = plain - plain.mean(dtype=np.float32)
    return centred
