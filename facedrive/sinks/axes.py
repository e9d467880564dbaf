"""Rotations and places in Unity's axes: left-handed, x right, y up, z forward.

An avatar that looks along Unity's z has its left at -x, so only x is mirrored between our axes
(+x to the subject's left, +y up, +z out of the face) and Unity's. Mirroring x turns rotations
about y and z around. What the subject's left does, the avatar's left does.
"""

from __future__ import annotations

import numpy as np

from facedrive.types import Vector

_MIRROR_X = np.array([1, -1, -1, 1], dtype=np.float32)


def unity_rotation(rotation: Vector) -> Vector:
    """Bring a quaternion (4,) x, y, z, w from our axes to Unity's."""
    return rotation * _MIRROR_X


def gaze_rotation(gaze: Vector) -> Vector:
    """Return the quaternions (N, 4) x, y, z, w, in our axes, of gazes (N, 2) in radians."""
    pitch, yaw = gaze.T / 2
    down, left = np.sin(-pitch), np.sin(yaw)
    ahead, level = np.cos(pitch), np.cos(yaw)
    turned = np.stack([level * down, left * ahead, -left * down, level * ahead], axis=1)
    return turned.astype(np.float32)


def part_rotation(rotation: Vector, share: float) -> Vector:
    """Return that share of a rotation (4,), about the same axis."""
    axis, w = rotation[:3], float(rotation[3])
    sine = float(np.linalg.norm(axis))
    if sine == 0:
        return rotation
    angle = np.arctan2(sine, abs(w)) * share
    turned = axis * (np.copysign(np.sin(angle), w) / sine)
    return np.append(turned, np.cos(angle)).astype(np.float32)
