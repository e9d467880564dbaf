"""Head pose by PnP: where a rigid mean head must be for its eye corners and nose to be seen so.

The rotation is the one seen along the line of sight: a face that looks straight into the
camera has the identity rotation wherever it is in the frame. So it hangs neither on the
camera's field of view, which nobody tells us, nor on where one sits. Only the translation
needs the field of view.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.rotations import quaternion_from_opencv
from facedrive.trackers.landmarks import RIGID
from facedrive.trackers.options import FOV_DEG
from facedrive.types import Head, Vector

# fmt: off
HEAD_POINTS_M: NDArray[np.float64] = np.array([
    [-0.0445, 0.0007, -0.0025], [-0.0177, -0.0007, 0.0025],
    [0.0177, -0.0007, 0.0025], [0.0445, 0.0007, -0.0025],  # eye corners
    [0.0000, 0.0041, 0.0194], [0.0000, -0.0108, 0.0288],
    [0.0000, -0.0238, 0.0398], [0.0000, -0.0319, 0.0421],  # nose bridge
    [-0.0129, -0.0413, 0.0205], [-0.0082, -0.0445, 0.0225], [0.0000, -0.0450, 0.0242],
    [0.0082, -0.0445, 0.0225], [0.0129, -0.0413, 0.0205],  # nose base
])
# fmt: on
"""(13, 3) metres, the ``RIGID`` points in head coordinates, origin between the eyes.

Derived from the 478-point 3D landmarks and pose matrices of the training people with less
than 15 degrees of yaw: each face turned back by its matrix, scaled to an outer-eye-corner
distance of 1, the median over the faces, made symmetrical, and scaled to the 89 mm that
adults have on average."""


DISTANCE_M = 0.6
"""How far away the head is taken to be for its perspective: a webcam's usual distance."""

_SPREAD_M = float(
    np.linalg.norm(HEAD_POINTS_M[:, :2] - HEAD_POINTS_M[:, :2].mean(0), axis=1).mean()
)

START_DIGITS = 3
"""Of radians and metres, of the pose from which the next is sought: an answer's last digits show
where it was sought from, and so would all that came before."""

Pose = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Rotation vector and translation, each (3,), in OpenCV's camera axes (y down, z forward)."""

FRONTAL: Pose = np.array([math.pi, 0.0, 0.0]), np.array([0.0, 0.0, DISTANCE_M])
"""Looking straight into the camera: a start from which every visible face is reached."""


@dataclass
class PoseSolver:
    """Solves the pose from landmarks, starting from the previous frame's answer."""

    fov_deg: float = FOV_DEG
    """Vertical field of view of the camera, degrees."""
    _last: Pose | None = field(default=None, init=False, repr=False)

    def reset(self) -> None:
        """Forget the previous frame's pose."""
        self._last = None

    def solve(self, landmarks_px: NDArray[np.floating], frame_size: tuple[int, int]) -> Head:
        """Solve the pose of (68, 2) landmarks in a frame of (height, width) pixels."""
        points = landmarks_px[RIGID].astype(np.float64)
        middle_px = points.mean(axis=0)
        spread_px = float(np.linalg.norm(points - middle_px, axis=1).mean())
        # A camera of focal length 1 that looks at the middle of the points from DISTANCE_M.
        per_px = _SPREAD_M / DISTANCE_M / max(spread_px, 1e-3)
        rays = (points - middle_px) * per_px
        pose = _refine(rays, self._last or FRONTAL)
        if not _faces_camera(pose):
            pose = _refine(rays, FRONTAL)
        turn, shift = pose
        self._last = np.round(turn, START_DIGITS), np.round(shift, START_DIGITS)
        origin_px = middle_px + shift[:2] / shift[2] / per_px
        place = self._place(origin_px, float(shift[2]) * per_px, frame_size)
        return Head(quaternion_from_opencv(turn), place)

    def _place(
        self, origin_px: NDArray[np.float64], depth: float, frame_size: tuple[int, int]
    ) -> Vector:
        """Return where the head's origin is, metres; ``depth`` is for a focal length of 1 pixel."""
        height, width = frame_size
        focal_px = height / 2 / math.tan(math.radians(self.fov_deg) / 2)
        x, y = (origin_px - [(width - 1) / 2, (height - 1) / 2]) * depth
        return np.array([x, -y, -depth * focal_px], dtype=np.float32)


def _refine(rays: NDArray[np.float64], start: Pose) -> Pose:
    """Solve the pose of the head's points, seen at (13, 2) by a camera of focal length 1."""
    turn, shift = start[0].copy(), start[1].copy()
    _, new_turn, new_shift = cv2.solvePnP(
        HEAD_POINTS_M, rays, np.eye(3), None, turn, shift, True, cv2.SOLVEPNP_ITERATIVE
    )
    return np.asarray(new_turn, np.float64).ravel(), np.asarray(new_shift, np.float64).ravel()


def _faces_camera(pose: Pose) -> bool:
    """Say whether the head is in front of the camera, with its face towards it."""
    turn, shift = pose
    return bool(shift[2] > 0 and cv2.Rodrigues(turn)[0][2, 2] < 0)
