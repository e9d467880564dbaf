"""Aligned grayscale crops: a least-squares similarity of the points that expressions hardly move.

As ``dlib.get_face_chip`` (FEAFA+ paper, section 4.1), with three differences: 13 rigid points
instead of 5, so that one wrong point matters less; a crop that reaches from above the brows to
below an open jaw; and area averaging where the face is larger than the crop, which keeps
sensor noise out of the model.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.trackers.landmarks import RIGID
from facedrive.types import CropSpec, Image

# fmt: off
TEMPLATE: NDArray[np.float64] = np.array([
    [-0.5, 0.0], [-0.1983, 0.0185], [0.1983, 0.0185], [0.5, 0.0],  # eye corners
    [0.0, -0.0266], [0.0, 0.1444], [0.0, 0.2931], [0.0, 0.3851],  # nose bridge
    [-0.1472, 0.4799], [-0.0948, 0.5162], [0.0, 0.5231], [0.0948, 0.5162], [0.1472, 0.4799],
])
# fmt: on
"""(13, 2) mean of the ``RIGID`` points over 3,918 near-frontal faces; unit: the distance of the
outer eye corners; origin between them; x right and y down in the picture."""

CENTRE_Y = 0.48
"""Height of the crop's centre in the template's unit."""


def fit_similarity(
    source: NDArray[np.floating], target: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Solve the (2, 3) similarity that takes (n, 2) source points nearest to the target's."""
    points = source.astype(np.float64) @ _COMPLEX
    goal = target @ _COMPLEX
    points_mean, goal_mean = points.mean(), goal.mean()
    centred = points - points_mean
    spread = float(np.vdot(centred, centred).real)
    turn = complex(np.vdot(centred, goal - goal_mean)) / max(spread, 1e-9)
    shift = complex(goal_mean - turn * points_mean)
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


_COMPLEX = np.array([1, 1j])


def crop_matrix(landmarks_px: NDArray[np.floating], spec: CropSpec) -> NDArray[np.float64]:
    """Solve the (2, 3) similarity that takes (68, 2) frame pixels to crop pixels."""
    # Pixel centres lie on whole numbers, so the crop's centre is at (size - 1) / 2.
    target = (TEMPLATE - [0, CENTRE_Y]) * (spec.size / spec.span) + (spec.size - 1) / 2
    return fit_similarity(landmarks_px[RIGID], target)


def crop_corners(landmarks_px: NDArray[np.floating], spec: CropSpec) -> NDArray[np.float64]:
    """Return (4, 2) frame pixels: the corners of the crop of (68, 2) landmarks, in turn."""
    (cosine, _, x), (sine, _, y) = crop_matrix(landmarks_px, spec).tolist()
    turn, shift, side = complex(cosine, sine), complex(x, y), spec.size
    square = np.array([0, side, complex(side, side), complex(0, side)])
    found = (square - shift) / (turn or 1e-9)
    return np.stack([found.real, found.imag], axis=1)


def warp_square(gray: Image, matrix: NDArray[np.float64], size: int) -> Image:
    """Cut a square out of a picture.

    Args:
        gray: (H, W) uint8.
        matrix: (2, 3) similarity from the picture's pixels to the square's.
        size: Side of the square, pixels.

    Returns:
        (size, size) uint8; what lies outside the picture repeats its edge, and where the
        square is coarser than the picture its pixels are area averages.
    """
    shrink = 1 / max(math.hypot(matrix[0, 0], matrix[1, 0]), 1e-6)
    finer = min(max(round(shrink), 1), 8)
    matrix = matrix * finer
    matrix[:, 2] += (finer - 1) / 2
    side = size * finer
    warped = cv2.warpAffine(
        gray, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if finer > 1:
        warped = cv2.resize(warped, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(warped, dtype=np.uint8)


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
    return warp_square(gray, crop_matrix(landmarks_px, spec), spec.size)
