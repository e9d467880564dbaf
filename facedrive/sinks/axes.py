"""Rotations and places in Unity's axes: left-handed, x right, y up, z forward.

An avatar that looks along Unity's z has its left at -x, so only x is mirrored between our axes
(+x to the subject's left, +y up, +z out of the face) and Unity's. Mirroring x turns rotations
about y and z around. What the subject's left does, the avatar's left does.

Quaternions are four floats x, y, z, w: numpy takes longer over so few.
"""

from __future__ import annotations

import math

Quaternion = tuple[float, float, float, float]


def unity_rotation(rotation: Quaternion) -> Quaternion:
    """Bring a rotation from our axes to Unity's."""
    x, y, z, w = rotation
    return x, -y, -z, w


def gaze_rotation(pitch: float, yaw: float) -> Quaternion:
    """Return the rotation, in our axes, of an eye whose gaze has these angles in radians."""
    down, ahead = math.sin(-pitch / 2), math.cos(pitch / 2)
    left, level = math.sin(yaw / 2), math.cos(yaw / 2)
    return level * down, left * ahead, -left * down, level * ahead


def part_rotation(rotation: Quaternion, share: float) -> Quaternion:
    """Return that share of a rotation, about the same axis."""
    x, y, z, w = rotation
    sine = math.hypot(x, y, z)
    if sine == 0:
        return rotation
    angle = math.atan2(sine, abs(w)) * share
    scale = math.copysign(math.sin(angle), w) / sine
    return x * scale, y * scale, z * scale, math.cos(angle)
