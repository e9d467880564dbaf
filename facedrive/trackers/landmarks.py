"""The 68 landmarks in iBUG 300-W order, and where MediaPipe's 478-point mesh has them.

0-16 jaw from the subject's right ear to the left, 17-21 right brow, 22-26 left brow, 27-30
nose bridge, 31-35 nose base, 36-41 right eye, 42-47 left eye, 48-59 outer lips, 60-67 inner
lips. The correspondence holds for the points' meaning; along the jaw it is approximate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

COUNT = 68

# fmt: off
MEDIAPIPE_TO_68: NDArray[np.intp] = np.array([
    127, 234, 93, 132, 58, 136, 150, 176, 152, 400, 379, 365, 288, 361, 323, 454, 356,  # jaw
    70, 63, 105, 66, 107,  # right brow
    336, 296, 334, 293, 300,  # left brow
    168, 197, 5, 4,  # nose bridge
    75, 97, 2, 326, 305,  # nose base
    33, 160, 158, 133, 153, 144,  # right eye
    362, 385, 387, 263, 373, 380,  # left eye
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,  # outer lips
    78, 82, 13, 312, 308, 317, 14, 87,  # inner lips
])
"""(68,) index into MediaPipe's 478 points."""

MIRROR_68: NDArray[np.intp] = np.array([
    *range(16, -1, -1),
    *range(26, 16, -1),
    27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55,
    64, 63, 62, 61, 60, 67, 66, 65,
])
"""(68,) the point that each point becomes in a mirror."""

RIGID: NDArray[np.intp] = np.array([36, 39, 42, 45, 27, 28, 29, 30, 31, 32, 33, 34, 35])
"""Points that expressions hardly move: eye corners and nose."""
# fmt: on


def box_px(landmarks_px: NDArray[np.floating]) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of the smallest box around (n, 2) landmarks."""
    left, top = landmarks_px.min(axis=0).tolist()
    right, bottom = landmarks_px.max(axis=0).tolist()
    return left, top, right, bottom


def interocular_px(landmarks_px: NDArray[np.floating]) -> NDArray[np.floating]:
    """Measure the distance of the outer eye corners, (...,), of (..., 68, 2) landmarks."""
    return np.asarray(np.linalg.norm(landmarks_px[..., 36, :] - landmarks_px[..., 45, :], axis=-1))
