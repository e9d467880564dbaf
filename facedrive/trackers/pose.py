"""Head pose by PnP: where a rigid mean head must be for its eye corners and nose to be seen so."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.trackers.landmarks import RIGID
from facedrive.types import Head

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


Pose = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Rotation vector and translation, each (3,), in OpenCV's camera axes."""


@dataclass
class PoseSolver:
    """Solves the pose from landmarks, starting from the previous frame's answer."""

    fov_deg: float = 63.0
    """Vertical field of view of the camera; MediaPipe's assumption for webcams."""
    _last: Pose | None = field(default=None, init=False, repr=False)

    def reset(self) -> None:
        """Forget the previous frame's pose."""
        self._last = None

    def solve(self, landmarks_px: NDArray[np.floating], frame_size: tuple[int, int]) -> Head:
        """Solve the pose of (68, 2) landmarks in a frame of (height, width) pixels."""
        camera = _camera_matrix(frame_size, self.fov_deg)
        points = landmarks_px[RIGID].astype(np.float64)
        turn, shift = self._last or _solve_pnp(points, camera, cv2.SOLVEPNP_SQPNP)
        self._last = _solve_pnp(points, camera, cv2.SOLVEPNP_ITERATIVE, (turn, shift))
        turn, shift = self._last
        return Head(_to_quaternion(turn), _flip_axes(shift))


def _solve_pnp(
    points_px: NDArray[np.float64],
    camera: NDArray[np.float64],
    method: int,
    start: Pose | None = None,
) -> Pose:
    """Solve the pose of the head's points, seen at (13, 2) pixels."""
    turn, shift = (start[0].copy(), start[1].copy()) if start else (None, None)
    _, turn, shift = cv2.solvePnP(
        HEAD_POINTS_M, points_px, camera, None, turn, shift, start is not None, method
    )
    return np.asarray(turn, np.float64).ravel(), np.asarray(shift, np.float64).ravel()


def _camera_matrix(frame_size: tuple[int, int], fov_deg: float) -> NDArray[np.float64]:
    """Return the pinhole camera, (3, 3), whose axis goes through the frame's middle."""
    height, width = frame_size
    focal_px = height / 2 / math.tan(math.radians(fov_deg) / 2)
    middle = (width - 1) / 2, (height - 1) / 2
    return np.array([[focal_px, 0, middle[0]], [0, focal_px, middle[1]], [0, 0, 1]])


def _flip_axes(point: NDArray[np.float64]) -> NDArray[np.float32]:
    """Take (3,) from OpenCV's camera axes (y down, z forward) to ours (y up, z backward)."""
    return (point * [1, -1, -1]).astype(np.float32)


def _to_quaternion(turn: NDArray[np.float64]) -> NDArray[np.float32]:
    """Turn OpenCV's rotation vector (3,) into our quaternion x, y, z, w with w not negative."""
    angle = float(np.linalg.norm(turn))
    x, y, z = turn * (math.sin(angle / 2) / max(angle, 1e-12))
    w = math.cos(angle / 2)
    # From OpenCV's axes to ours is half a turn about x: (1, 0, 0, 0) times (x, y, z, w).
    flipped = np.array([w, -z, y, -x], dtype=np.float32)
    return flipped if flipped[3] >= 0 else -flipped
