"""Cuts the aligned crops of one face after the other where the AU model says that they belong.

Landmarks that follow a movement too little misplace the crop: under raised brows it is some
percent too large, and a model takes that for another expression. The model, which places a mesh on
the crop, sees it (``train/LOG.md`` has how much better). How far a crop lies off changes slowly, so
that the next one is put right by what the last ones showed, at no cost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from facedrive.trackers.align import CropSpec, crop_matrix, warp_square
from facedrive.trackers.patch import chain, to_frame
from facedrive.types import Image, Vector

PATIENCE = 0.2
"""Share of the way that a crop goes at once: a fifth is soon there and adds no trembling."""

FARTHEST = 0.15
"""Of the crop's side: no corner is moved further, whatever the model thinks to see."""

_RIGHT: NDArray[np.float64] = np.eye(2, 3)
_CORNERS = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]])


@dataclass
class CropCutter:
    """Places crops by landmarks, and by what is known to be wrong with them."""

    crop: CropSpec = field(default_factory=CropSpec)
    """How the AU model wants its crops."""

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Believe the landmarks again: they are of another face."""
        self._mend = self._placed = _RIGHT

    def cut(self, gray: Image, landmarks_px: NDArray[np.floating]) -> Image:
        """Cut the (S, S) uint8 crop of (68, 2) landmarks out of a (H, W) uint8 frame."""
        self._placed = chain(self._mend, crop_matrix(landmarks_px, self.crop))
        return warp_square(gray, self._placed, self.crop.size)

    def learn(self, seen_px: Vector) -> Vector:
        """Take the (68, 2) landmarks that the AU model saw on the last crop, in its pixels.

        Returns:
            (68, 2) float32, the same in the frame's pixels.
        """
        step = _RIGHT + PATIENCE * (crop_matrix(seen_px, self.crop) - _RIGHT)
        change = chain(step, self._mend) - _RIGHT
        moved_px = (_CORNERS * [self.crop.size, self.crop.size, 1]) @ change.T
        share = FARTHEST * self.crop.size / max(float(np.linalg.norm(moved_px, axis=1).max()), 1e-9)
        self._mend = _RIGHT + change * min(1.0, share)
        return to_frame(self._placed, seen_px).astype(np.float32)
