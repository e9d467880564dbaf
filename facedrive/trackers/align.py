"""Aligned grayscale crops: a least-squares similarity of the points that expressions hardly move.

As ``dlib.get_face_chip`` (FEAFA+ paper, section 4.1), with three differences: 13 rigid points
instead of 5, so that one wrong point matters less; a crop that reaches from above the brows to
below an open jaw; and area averaging where the face is larger than the crop, which keeps
sensor noise out of the model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.trackers.landmarks import RIGID
from facedrive.types import Image

# fmt: off
TEMPLATE: NDArray[np.float64] = np.array([
    [-0.5, 0.0], [-0.1983, 0.0185], [0.1983, 0.0185], [0.5, 0.0],  # eye corners
    [0.0, -0.0266], [0.0, 0.1444], [0.0, 0.2931], [0.0, 0.3851],  # nose bridge
    [-0.1472, 0.4799], [-0.0948, 0.5162], [0.0, 0.5231], [0.0948, 0.5162], [0.1472, 0.4799],
])
# fmt: on
"""(13, 2) mean of the ``RIGID`` points over 3,918 near-frontal faces; unit: the distance of the
outer eye corners; origin between them; x right and y down in the picture."""

FACE_SIDE = 1.25
"""Side of the unpadded face box, brows to lower lip, in the template's unit."""

CENTRE_Y = 0.48
"""Height of the crop's centre in the template's unit."""


@dataclass(frozen=True, slots=True)
class CropSpec:
    """How a model wants its crops."""

    size: int = 128
    """Side of the square crop, pixels."""
    padding: float = 0.3
    """Added on each side, as a fraction of the face box (dlib's meaning)."""

    @property
    def span(self) -> float:
        """Side of the crop in outer-eye-corner distances."""
        return FACE_SIDE * (1 + 2 * self.padding)


def crop_matrix(landmarks_px: NDArray[np.floating], spec: CropSpec) -> NDArray[np.float64]:
    """Solve the (2, 3) similarity that takes (68, 2) frame pixels to crop pixels."""
    points = landmarks_px[RIGID].astype(np.float64) @ np.array([1, 1j])
    target = TEMPLATE @ np.array([1, 1j])
    centred = points - points.mean()
    spread = float(np.vdot(centred, centred).real)
    turn = np.vdot(centred, target - target.mean()) / max(spread, 1e-9)
    scale = spec.size / spec.span
    turn *= scale
    # Pixel centres lie on whole numbers, so the crop's centre is at (size - 1) / 2.
    shift = (target.mean() - 1j * CENTRE_Y) * scale + (1 + 1j) * (spec.size - 1) / 2
    shift -= turn * points.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def warp_crop(
    gray: Image, landmarks_px: NDArray[np.floating], spec: CropSpec | None = None
) -> Image:
    """Cut the aligned crop out of a frame.

    Args:
        gray: (H, W) uint8.
        landmarks_px: (68, 2) in the frame's pixels.
        spec: Size and padding of the crop.

    Returns:
        (size, size) uint8; what lies outside the frame repeats its edge.
    """
    spec = spec or CropSpec()
    matrix = crop_matrix(landmarks_px, spec)
    shrink = 1 / max(math.hypot(matrix[0, 0], matrix[1, 0]), 1e-6)
    finer = min(max(round(shrink), 1), 8)
    matrix *= finer
    matrix[:, 2] += (finer - 1) / 2
    side = spec.size * finer
    warped = cv2.warpAffine(
        gray, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if finer > 1:
        warped = cv2.resize(warped, (spec.size, spec.size), interpolation=cv2.INTER_AREA)
    return np.asarray(warped, dtype=np.uint8)
