"""The small upright picture of a face that the shape predictor reads, in training as live.

A similarity puts the face at one size, upright and in the middle: from the detector's box at
first, from the last frame's landmarks afterwards. So a tilted head looks upright to the model
and to the re-check, and their cost does not depend on the frame's size.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.trackers.align import fit_similarity
from facedrive.types import Image

# fmt: off
MEAN_SHAPE: NDArray[np.float64] = np.array([
    [-0.813, -0.407], [-0.81, -0.245], [-0.805, -0.074], [-0.784, 0.11], [-0.736, 0.309],
    [-0.582, 0.59], [-0.476, 0.692], [-0.277, 0.823], [0, 0.883],  # jaw
    [0.277, 0.823], [0.476, 0.692], [0.582, 0.59], [0.736, 0.309], [0.784, 0.11],
    [0.805, -0.074], [0.81, -0.245], [0.813, -0.407],
    [-0.655, -0.594], [-0.584, -0.654], [-0.478, -0.687], [-0.335, -0.679],
    [-0.169, -0.653],  # right brow
    [0.169, -0.653], [0.335, -0.679], [0.478, -0.687], [0.584, -0.654],
    [0.655, -0.594],  # left brow
    [0, -0.457], [0, -0.286], [0, -0.136], [0, -0.044],  # nose bridge
    [-0.146, 0.058], [-0.093, 0.095], [0, 0.101], [0.093, 0.095], [0.146, 0.058],  # nose base
    [-0.5, -0.427], [-0.426, -0.47], [-0.316, -0.475], [-0.198, -0.409], [-0.299, -0.394],
    [-0.41, -0.39],  # right eye
    [0.198, -0.409], [0.316, -0.475], [0.426, -0.47], [0.5, -0.427], [0.41, -0.39],
    [0.299, -0.394],  # left eye
    [-0.315, 0.359], [-0.182, 0.284], [-0.093, 0.265], [0, 0.279], [0.093, 0.265],
    [0.182, 0.284],  # outer lips
    [0.315, 0.359], [0.187, 0.499], [0.101, 0.529], [0, 0.54], [-0.101, 0.529],
    [-0.187, 0.499],
    [-0.285, 0.36], [-0.078, 0.338], [0, 0.341], [0.078, 0.338],  # inner lips
    [0.285, 0.36], [0.081, 0.425], [0, 0.431], [-0.081, 0.425],
])
# fmt: on
"""(68, 2) Procrustes mean of 10,969 faces and their mirror images; unit: the distance of the
outer eye corners; origin at the mean; x right and y down in the picture."""

PATCH_SIZE = 128
"""Side of the patch, pixels."""

UNIT_PX = 50.0
"""Distance of the mean shape's outer eye corners in the patch, pixels: the detector's box is
then just above the 80 pixels that its smallest window takes."""

ORIGIN_PX: NDArray[np.float64] = np.array([63.5, 58.5])
"""(2,) where the mean shape's origin lies in the patch, so that brows and chin have room."""

BOX_UNITS = 1.69
"""Side of the HOG detector's box in outer-eye-corner distances: median over 1,192 faces."""

BOX_DROP = 0.055
"""How far the box's centre lies above the mean of the landmarks, in the same unit: median."""

TARGET_PX: NDArray[np.float64] = MEAN_SHAPE * UNIT_PX + ORIGIN_PX
"""(68, 2) the mean shape in the patch."""

CORNERS_PX: NDArray[np.float64] = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) * (PATCH_SIZE - 1.0)
"""(4, 2) corners of the patch."""

HALVE_BELOW = 0.7
"""Scale from frame to patch below which the frame is halved first."""

_DOUBLE: NDArray[np.float64] = np.array([[2.0, 0.0, 0.5], [0.0, 2.0, 0.5]])

FACE_ROWS = slice(24, 110)
FACE_COLUMNS = slice(24, 104)

Placement = NDArray[np.float64]
"""(2, 3) similarity from the frame's pixels to the patch's."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""


def place_on_landmarks(landmarks_px: NDArray[np.floating]) -> Placement:
    """Place the patch so that the (68, 2) landmarks fit the mean shape best."""
    return fit_similarity(landmarks_px, TARGET_PX)


def place_on_box(box: Box) -> Placement:
    """Place the patch on a box as the HOG detector draws it around an upright face."""
    left, top, right, bottom = box
    unit = (right - left) / BOX_UNITS
    origin = np.array([(left + right) / 2, (top + bottom) / 2 + unit * BOX_DROP])
    scale = UNIT_PX / unit
    return np.column_stack([np.eye(2) * scale, ORIGIN_PX - scale * origin])


def chain(second: Placement, first: Placement) -> Placement:
    """Return the (2, 3) matrix that does ``first``, then ``second``."""
    both: Placement = second[:, :2] @ first
    both[:, 2] += second[:, 2]
    return both


def zoom(placement: Placement) -> float:
    """Return how many pixels of the patch a pixel of the frame is."""
    return float(np.hypot(placement[0, 0], placement[1, 0]))


def apart_px(one: Placement, other: Placement) -> float:
    """Return how far apart two placements put the corners of the patch, pixels of the patch."""
    corners = to_patch(one, to_frame(other, CORNERS_PX))
    return float(np.linalg.norm(corners - CORNERS_PX, axis=1).max())


def cut_patch(gray: Image, placement: Placement) -> Image:
    """Cut the patch out of a (H, W) frame: (128, 128) uint8 with the face at one contrast."""
    return even_contrast(shrink_onto(gray, placement))


def shrink_onto(
    gray: Image,
    placement: Placement,
    side: int = PATCH_SIZE,
    border: int = cv2.BORDER_REPLICATE,
) -> Image:
    """Cut a (side, side) square out of a (H, W) frame as it is; arguments as ``cut_upright``."""
    return cut_upright(gray, placement, (side, side), border)


def cut_upright(gray: Image, placement: Placement, size: tuple[int, int], border: int) -> Image:
    """Cut an upright part out of a (H, W) frame as it is.

    Args:
        gray: The frame.
        placement: (2, 3) similarity from the frame's pixels to the part's.
        size: Of the part, width and height in pixels.
        border: What lies outside the frame, as OpenCV names it.
    """
    picture, matrix = gray, placement
    # Halving averages four pixels, which keeps noise out, and is the cheapest way to shrink.
    while zoom(matrix) < HALVE_BELOW and min(picture.shape) > 1:
        height, width = picture.shape
        half = cv2.resize(
            picture[: height // 2 * 2, : width // 2 * 2],
            (width // 2, height // 2),
            interpolation=cv2.INTER_AREA,
        )
        picture, matrix = np.asarray(half, dtype=np.uint8), chain(matrix, _DOUBLE)
    part = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(part, dtype=np.uint8)


def even_contrast(patch: Image) -> Image:
    """Bring the face in the middle of a patch to mean 128, deviation 45, and quieten noise."""
    smooth = cv2.GaussianBlur(patch, (0, 0), 0.8)
    mean, deviation = cv2.meanStdDev(smooth[FACE_ROWS, FACE_COLUMNS])
    gain = 45 / max(float(deviation[0, 0]), 4.0)
    levels = (np.arange(256) - float(mean[0, 0])) * gain + 128
    return np.asarray(cv2.LUT(smooth, np.clip(levels, 0, 255).astype(np.uint8)), dtype=np.uint8)


def to_patch(placement: Placement, points_px: NDArray[np.floating]) -> NDArray[np.float64]:
    """Take (n, 2) points from the frame to the patch."""
    return np.asarray(points_px @ placement[:, :2].T + placement[:, 2])


def to_frame(placement: Placement, points_px: NDArray[np.floating]) -> NDArray[np.float64]:
    """Take (n, 2) points from the patch to the frame."""
    scale = placement[0, 0] ** 2 + placement[1, 0] ** 2
    return np.asarray((points_px - placement[:, 2]) @ (placement[:, :2] / scale))
