"""The camera and the head before it: a pinhole at the origin that looks along -z, centimetres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PIVOT = np.array([0.0, 0.5, 6.0], np.float32)
"""Middle of the head in head axes, centimetres: what the camera is pointed at."""

NEAR_CM, FAR_CM = 5.0, 1000.0


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole at the origin that looks along -z."""

    width: int
    height: int
    focal_px: float

    def projection(self) -> NDArray[np.float32]:
        """Give the (4, 4) OpenGL matrix; centimetres."""
        near, far = NEAR_CM, FAR_CM
        matrix = np.zeros((4, 4), np.float32)
        matrix[0, 0] = 2 * self.focal_px / self.width
        matrix[1, 1] = 2 * self.focal_px / self.height
        matrix[2, 2] = -(far + near) / (far - near)
        matrix[2, 3] = -2 * far * near / (far - near)
        matrix[3, 2] = -1
        return matrix

    def project(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Take (N, 3) camera points to (N, 2) pixels, pixel centres on whole numbers."""
        x = self.width / 2 - 0.5 - self.focal_px * points[:, 0] / points[:, 2]
        y = self.height / 2 - 0.5 + self.focal_px * points[:, 1] / points[:, 2]
        return np.column_stack([x, y]).astype(np.float32)


def head_pose(rotation: NDArray[np.floating], centre: NDArray[np.floating]) -> NDArray[np.float32]:
    """Give the (4, 4) head to camera that puts the head's ``PIVOT`` at ``centre``."""
    pose = np.eye(4, dtype=np.float32)
    pose[:3, :3] = rotation
    pose[:3, 3] = centre - pose[:3, :3] @ PIVOT
    return pose
