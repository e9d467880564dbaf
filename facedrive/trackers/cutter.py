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

from facedrive.trackers.align import crop_matrix, warp_square
from facedrive.trackers.patch import chain, to_frame
from facedrive.types import CropSpec, Image, Vector

PATIENCE = 0.2
"""Share of the way that a crop goes at once: a fifth is soon there and adds no trembling."""

FARTHEST = 0.15
"""Of the crop's side: no corner is moved further, whatever the model thinks to see."""

JUMP = 0.75
"""Of the crop's side: a face that goes further from one frame to the next is another one. A head
that is shaken goes a quarter of it at 25 frames per second, most of this at ten."""

RESIZED = 1.5
"""A face that grows or shrinks by more from one frame to the next is another one."""

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
        self._plain: NDArray[np.float64] | None = None  # where the last landmarks put the crop

    def cut(self, gray: Image, landmarks_px: NDArray[np.floating]) -> Image:
        """Cut the (S, S) uint8 crop of (68, 2) landmarks out of a (H, W) uint8 frame.

        Landmarks that lie elsewhere than the last ones are of another face.
        """
        plain = crop_matrix(landmarks_px, self.crop)
        if self._plain is not None and _is_elsewhere(self._plain, plain, self.crop.size):
            self.forget()
        self._plain, self._placed = plain, chain(self._mend, plain)
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


def _is_elsewhere(last: NDArray[np.float64], now: NDArray[np.float64], side: int) -> bool:
    """Say whether a crop lies where the face of the last one cannot be."""
    (turn_before, shift_before), (turn, shift) = _as_complex(last), _as_complex(now)
    middle, grown = complex(side, side) / 2, turn / (turn_before or 1e-9)
    gone_px = abs(grown * (middle - shift_before) + shift - middle)
    return gone_px > JUMP * side or not 1 / RESIZED < abs(grown) < RESIZED


def _as_complex(similarity: NDArray[np.float64]) -> tuple[complex, complex]:
    """Return a similarity as turn and shift; for so few numbers numpy takes longer."""
    (cosine, _, x), (sine, _, y) = similarity.tolist()
    return complex(cosine, sine), complex(x, y)
