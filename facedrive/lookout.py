"""Where to look for further faces next: where something moved, and where nobody looked for long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.trackers.hog import View
from facedrive.types import Image

CELLS_X, CELLS_Y = 24, 16
"""Of the coarse picture in which movement is seen."""

AGE = 3.0
"""What a look that a view had to wait counts, in grey levels of movement in each of its cells."""

REACH = 2.0
"""Of the distance of the outer eye corners around a face: movement there is that face's."""


class Lookout:
    """Chooses two views at a time."""

    def __init__(self, views: Sequence[View]) -> None:
        """Choose among these views."""
        self._views = views
        self._cells = np.stack([_cells_of(view) for view in views])
        self._moved = np.zeros((CELLS_Y, CELLS_X), np.float32)
        self._waited = np.arange(len(views), 0, -1, dtype=np.float32)
        self._last: NDArray[np.float32] | None = None

    def watch(self, gray: Image, faces: Iterable[tuple[NDArray[np.float64], float]]) -> None:
        """Note what moves in a (H, W) frame, beside faces with these middles and sizes, pixels."""
        small = cv2.resize(gray, (CELLS_X, CELLS_Y), interpolation=cv2.INTER_AREA)
        now = small.astype(np.float32)
        change = np.zeros_like(now) if self._last is None else np.abs(now - self._last)
        self._last = now
        self._moved = np.maximum(self._moved * 0.9, change)
        height, width = gray.shape
        for middle, size in faces:
            low, high = ((middle + sign * REACH * size) / (width, height) for sign in (-1, 1))
            x0, y0 = np.maximum(low * (CELLS_X, CELLS_Y), 0).astype(int)
            x1, y1 = np.ceil(high * (CELLS_X, CELLS_Y)).astype(int)
            self._moved[y0 : max(y1, 0), x0 : max(x1, 0)] = 0.0

    def next(self) -> tuple[View, View]:
        """Return the view that waited longest, and the one in which most has moved since."""
        self._waited += 1
        oldest = int(np.argmax(self._waited))
        self._waited[oldest] = 0
        moved = np.sqrt((self._cells * self._moved**2).mean(axis=(1, 2)))
        busiest = int(np.argmax(np.where(self._waited > 0, moved + AGE * self._waited, -1)))
        self._waited[busiest] = 0
        self._moved[self._cells[busiest] > 0] *= 0.5
        return self._views[oldest], self._views[busiest]


def _cells_of(view: View) -> NDArray[np.float32]:
    """Return which cells a view shows, weighed so that small views and large count alike."""
    cells = np.zeros((CELLS_Y, CELLS_X), np.float32)
    x, y = round(view.left * CELLS_X), round(view.top * CELLS_Y)
    x1, y1 = round((view.left + view.width) * CELLS_X), round((view.top + view.height) * CELLS_Y)
    cells[y:y1, x:x1] = 1.0
    return np.asarray(cells / cells.mean(), np.float32)
