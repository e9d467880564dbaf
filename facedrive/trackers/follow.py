"""Follows a face by what the AU model sees: its landmarks of one frame place the crop of the next.

No tracker takes part. A face that goes far between two frames is sought around its last place
first, by a coarse picture of it, and the crop is placed again where the model sees that it still
lies off.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.trackers.align import crop_matrix, warp_square
from facedrive.trackers.motion import coarse_face, find_shift
from facedrive.trackers.patch import ORIGIN_PX, PATCH_SIZE, Placement, chain, to_frame
from facedrive.types import CropSpec, Image, Vector

STEADY_PX = 1.5
"""Of a crop of 128: corners that move by this go half the way. Noise moves them less, and what
moves more is hardly held back."""

LEAST_SHARE = 0.1
"""Of its way that a crop always goes, so that it gets where it belongs."""

NOTICED = 0.06
"""Shift of the coarse face, of the crop's side, from which on the crop goes after it."""

ASTRAY = 0.1
"""Of the crop's side: corners that lie further off are cut again at once."""

GRID = 0.125
"""Of a crop's pixel, at most: what a placement is rounded to. Where a crop lies a little otherwise
the model sees a little else, for ever; rounded, two who follow one face from different frames on
come to lie the same to the bit, and see the same."""

_RIGHT: NDArray[np.float64] = np.eye(2, 3)
_CORNERS = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]], np.float64)
_NOTHING: Image = np.zeros((PATCH_SIZE, PATCH_SIZE), np.uint8)


class Follower:
    """Places the crops of one face after another."""

    def __init__(self, crop: CropSpec) -> None:
        self._crop = crop
        self._corners = _CORNERS * [crop.size, crop.size, 1]
        self._zoom = PATCH_SIZE / crop.size
        self.forget()

    def forget(self) -> None:
        """Follow no face any more."""
        self._next: Placement | None = None
        self.placed: Placement = _RIGHT
        """Where the last crop lay: from the frame's pixels to its own."""
        self._last: Image = _NOTHING
        self._face: Image | None = None  # coarse, on the last crop
        self.astray = False
        """Whether the last crop lay too far off to be believed."""

    @property
    def following(self) -> bool:
        """Whether there is a face to follow."""
        return self._next is not None

    def begin(self, landmarks_px: NDArray[np.floating]) -> None:
        """Follow the face of (68, 2) landmarks in the frame's pixels from now on."""
        self.forget()
        self._next = crop_matrix(landmarks_px, self._crop)

    def cut(self, gray: Image) -> Image:
        """Cut the (S, S) uint8 crop out of a (H, W) uint8 frame, where the face has gone to.

        Raises:
            ValueError: if there is no face to follow.
        """
        if self._next is None:
            raise ValueError("no face is followed")
        self.placed = self._next
        self._last = warp_square(gray, self.placed, self._crop.size)
        if self._face is not None:
            shift_px = find_shift(self._face, self._patch()) / self._zoom
            if np.abs(shift_px).max() >= NOTICED * self._crop.size:
                self.placed = self.placed - np.column_stack([np.zeros((2, 2)), shift_px])
                self._last = warp_square(gray, self.placed, self._crop.size)
        self._face = None  # until it is seen that the crop shows one
        return self._last

    def learn(self, seen_px: Vector) -> Vector:
        """Take the (68, 2) landmarks that the AU model saw on the last crop, in its pixels.

        Returns:
            (68, 2) float32, the same in the frame's pixels.
        """
        change = crop_matrix(seen_px, self._crop) - _RIGHT
        off_px = float(np.linalg.norm(self._corners @ change.T, axis=1).max())
        off = off_px * self._zoom
        share = max(off**2 / (off**2 + STEADY_PX**2), LEAST_SHARE)
        step = _RIGHT + share * change
        self._next = _rounded(chain(step, self.placed), self._crop.size)
        self.astray = off_px > ASTRAY * self._crop.size
        if not self.astray:  # what will be in the middle of the next crop, if the face keeps still
            middle_px = to_frame(step, ORIGIN_PX / self._zoom)
            self._face = coarse_face(self._patch(), middle_px * self._zoom)
        return to_frame(self.placed, seen_px).astype(np.float32)

    def _patch(self) -> Image:
        """Give the last crop at the size that the coarse picture is made of."""
        if self._crop.size == PATCH_SIZE:
            return self._last
        size = (PATCH_SIZE, PATCH_SIZE)
        return np.asarray(cv2.resize(self._last, size, interpolation=cv2.INTER_AREA), np.uint8)


def _rounded(placement: Placement, side: int) -> Placement:
    """Return a placement, a similarity, whose middle and reach in the frame lie on a grid."""
    turn, shift = (complex(*placement[:, column]) for column in (0, 2))
    half = side / 2
    reach, middle = half / turn, (complex(half, half) - shift) / turn
    step = GRID * 2.0 ** np.floor(np.log2(abs(reach) / half))
    reach, middle = (complex(*(np.round([each.real, each.imag] / step) * step))
                     for each in (reach, middle))  # fmt: skip
    turn = half / reach
    shift = complex(half, half) - turn * middle
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
