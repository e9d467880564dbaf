"""How a face looks, coarsely: enough to tell the people of one picture apart, and no more.

It is made of light and colour in a few cells of the face, changes with the light, and is kept in
memory alone: it knows nobody again in another recording.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.types import Image, Vector

Appearance = Vector
"""(D,) float32; the distance of two is about 1 for two people, and a third of that for one."""

CELLS = 12
"""A side of the face's coarse picture."""

DARK = 12.0
"""Added to every level before its logarithm: below it there is only noise."""

LEARNS = 0.05
"""How far the memory of a face goes towards what is seen, once it knows it."""

LIKE = 0.6
"""Distance below which a face is taken for that of somebody who was seen before."""

STRUCTURE, COLOUR, LEVEL = 0.45, 3.0, 0.6
"""How much each part counts."""


def _mask() -> NDArray[np.bool_]:
    """Return the cells of the face itself, without what is beside it."""
    y, x = (np.mgrid[:CELLS, :CELLS] + 0.5) / CELLS * 2 - 1
    return np.asarray(x**2 / 0.8**2 + y**2 / 0.95**2 < 1)


MASK = _mask()


def appearance_of(image: Image, landmarks_px: Vector) -> Appearance:
    """Return how the face of (68, 2) landmarks in a (H, W, 3) RGB picture looks."""
    left, top = landmarks_px.min(axis=0)
    right, bottom = landmarks_px.max(axis=0)
    top -= 0.35 * (bottom - top)  # the forehead, and where hair begins
    height, width = image.shape[:2]
    x0, x1 = (int(np.clip(each, 0, width - 2)) for each in (left, right))
    y0, y1 = (int(np.clip(each, 0, height - 2)) for each in (top, bottom))
    part = image[y0 : max(y1, y0 + 1) + 1, x0 : max(x1, x0 + 1) + 1]
    cells = cv2.resize(part, (CELLS, CELLS), interpolation=cv2.INTER_AREA)[MASK]
    light = np.log(cells.astype(np.float32) + DARK)  # (n, 3)
    red, green, blue = light.T
    level = light.mean()
    shape = light.mean(axis=1) - level
    shape = shape / max(float(shape.std()), 0.1)
    count = np.sqrt(len(cells), dtype=np.float32)
    parts = (shape * (STRUCTURE / count), (red - green) * (COLOUR / count),
             (blue - green) * (COLOUR / count), [level * LEVEL])  # fmt: skip
    return np.concatenate(parts).astype(np.float32)


class Gallery:
    """What is remembered of how one person looks."""

    def __init__(self) -> None:
        self._mean: NDArray[np.floating] | None = None
        self._seen = 0  # times that it was surely theirs

    def learn(self, look: Appearance, *, sure: bool) -> None:
        """Remember a face; one that may be partly another's only until there is a better one."""
        if not sure:
            self._mean = look if self._mean is None else self._mean
            return
        self._seen += 1
        if self._seen == 1 or self._mean is None:
            self._mean = look
        else:
            self._mean = self._mean + max(1 / self._seen, LEARNS) * (look - self._mean)

    def distance(self, look: Appearance) -> float:
        """Return how unlike this person a face is; where nothing is known, neither like nor not."""
        return LIKE if self._mean is None else float(np.linalg.norm(look - self._mean))
