"""Every conversion between quaternions, angles and matrices of rotation.

Ours are right-handed axes, +x to the subject's left, +y up, +z out of the face; quaternions x, y,
z, w; angles with the signs of ``EulerDegrees``, roll applied first, then pitch, then yaw (the
matrix is Ry Rx Rz). Matrices turn column vectors. Functions that end in another system's name go
to or come from its axes. A rotation of four floats is a tuple: numpy takes longer over so few.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Quaternion = tuple[float, float, float, float]
"""x, y, z, w, of length 1."""

Rotation = NDArray[np.float32]
"""(4,) float32 unit quaternion x, y, z, w."""

Matrix = NDArray[np.float64]
"""(3, 3) float64."""


class EulerDegrees(NamedTuple):
    """Head or gaze angles in degrees; all zero looks straight into the camera."""

    pitch: float
    """Up is positive."""
    yaw: float
    """Towards the subject's left is positive."""
    roll: float
    """Tilting towards the subject's left shoulder is positive."""


class Turn(NamedTuple):
    """A rotation's matrix, row by row, as plain floats."""

    xx: float
    xy: float
    xz: float
    yx: float
    yy: float
    yz: float
    zx: float
    zy: float
    zz: float


def quaternion(pitch: float, yaw: float, roll: float = 0.0) -> Quaternion:
    """Return the rotation of these angles, radians with the signs of ``EulerDegrees``."""
    # Half angles about +x, +y and +z; pitch and roll run against the right-hand rule.
    sx, cx = math.sin(-pitch / 2), math.cos(pitch / 2)
    sy, cy = math.sin(yaw / 2), math.cos(yaw / 2)
    sz, cz = math.sin(-roll / 2), math.cos(roll / 2)
    return (
        cy * sx * cz + sy * cx * sz,
        sy * cx * cz - cy * sx * sz,
        cy * cx * sz - sy * sx * cz,
        cy * cx * cz + sy * sx * sz,
    )


def quaternion_from_euler(angles: EulerDegrees) -> Rotation:
    """Return the rotation of these angles: undoes ``euler_from_quaternion``."""
    return np.array(quaternion(*np.radians(angles).tolist()), np.float32)


def euler_from_quaternion(rotation: Rotation) -> EulerDegrees:
    """Return a rotation's angles, pitch from -90 to 90, yaw and roll from -180 to 180."""
    x, y, z, w = (float(value) for value in rotation)
    sin_pitch = min(max(2 * (w * x - y * z), -1.0), 1.0)
    yaw = math.atan2(2 * (x * z + w * y), 1 - 2 * (x * x + y * y))
    roll = math.atan2(2 * (x * y + w * z), 1 - 2 * (x * x + z * z))
    # About +x the right-hand rule nods down and about +z it tilts to the right shoulder.
    return EulerDegrees(-math.degrees(math.asin(sin_pitch)), math.degrees(yaw), -math.degrees(roll))


def turn_from_quaternion(x: float, y: float, z: float, w: float) -> Turn:
    """Return the matrix of a rotation as floats."""
    return Turn(
        *(1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        *(2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        *(2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )


def matrix_from_quaternion(rotation: NDArray[np.floating]) -> Matrix:
    """Return the matrix of (4,) x, y, z, w of length 1."""
    return np.array(turn_from_quaternion(*rotation.tolist())).reshape(3, 3)


def matrix_from_euler(pitch: float, yaw: float, roll: float = 0.0) -> Matrix:
    """Return the matrix of these angles, radians with the signs of ``EulerDegrees``."""
    (sin_p, sin_y, sin_r) = np.sin([-pitch, yaw, -roll])
    (cos_p, cos_y, cos_r) = np.cos([-pitch, yaw, -roll])
    about_x = np.array([[1, 0, 0], [0, cos_p, -sin_p], [0, sin_p, cos_p]])
    about_y = np.array([[cos_y, 0, sin_y], [0, 1, 0], [-sin_y, 0, cos_y]])
    about_z = np.array([[cos_r, -sin_r, 0], [sin_r, cos_r, 0], [0, 0, 1]])
    turn: Matrix = about_y @ about_x @ about_z
    return turn


def yaw_from_matrix(rotation: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the yaw of (..., 3, 3) matrices, (...) radians."""
    yaw: NDArray[np.floating] = np.arctan2(rotation[..., 0, 2], rotation[..., 2, 2])
    return yaw


def part_rotation(rotation: Quaternion, share: float) -> Quaternion:
    """Return that share of a rotation, about the same axis."""
    x, y, z, w = rotation
    sine = math.hypot(x, y, z)
    if sine == 0:
        return rotation
    angle = math.atan2(sine, abs(w)) * share
    scale = math.copysign(math.sin(angle), w) / sine
    return x * scale, y * scale, z * scale, math.cos(angle)


def blend_rotations(before: Rotation, after: Rotation, share: float) -> Rotation:
    """Go a share of the short way from one rotation to a near one: linearly, so no slerp."""
    toward = after * np.copysign(1.0, before @ after)
    rotation = (1 - share) * before + share * toward
    return np.asarray(rotation / np.linalg.norm(rotation), np.float32)


def rotation_between(rest: Rotation, rotation: Rotation) -> Rotation:
    """Return how far a head has turned from its rest, about its own axes."""
    x, y, z, w = rest.tolist()
    undo = np.array([[w, z, -y, -x], [-z, w, x, -y], [y, -x, w, -z], [x, y, z, w]], np.float32)
    turned: Rotation = undo @ rotation
    return turned


def median_rotation(rotations: Sequence[Rotation]) -> Rotation:
    """Return the middle of rotations that are near each other, whatever their signs."""
    stacked = np.stack(rotations)
    stacked = stacked * np.copysign(1, stacked @ stacked[0])[:, None]  # q and -q are the same
    middle = np.median(stacked, axis=0)
    return np.asarray(middle / np.linalg.norm(middle), np.float32)


def continuous(rotations: NDArray[np.float32]) -> NDArray[np.float32]:
    """Normalise (n, 4) rotations, and flip those whose sign would send a player the long way."""
    # In place from here on: a take may be of a day.
    unit: NDArray[np.float64] = rotations.astype(np.float64)
    unit /= np.sqrt(np.einsum("ij,ij->i", unit, unit))[:, None]
    along = np.einsum("ij,ij->i", unit[1:], unit[:-1])
    unit *= np.cumprod(np.where(np.append(1.0, along) < 0, -1.0, 1.0))[:, None]
    return unit.astype(np.float32)


def quaternion_from_opencv(turn: NDArray[np.float64]) -> Rotation:
    """Return our rotation, w not negative, for OpenCV's rotation vector (3,).

    OpenCV's axes are x right, y down, z away from the camera, of the head too.
    """
    angle = float(np.linalg.norm(turn))
    x, y, z = turn * (math.sin(angle / 2) / max(angle, 1e-12))
    w = math.cos(angle / 2)
    # From OpenCV's axes to ours is half a turn about x: (1, 0, 0, 0) times (x, y, z, w).
    flipped = np.array([w, -z, y, -x], dtype=np.float32)
    return flipped if flipped[3] >= 0 else -flipped


def quaternion_to_unity(rotation: Quaternion) -> Quaternion:
    """Bring a rotation to Unity's axes: left-handed, x right, y up, z forward.

    An avatar that looks along Unity's z has its left at -x, so only x is mirrored, which turns
    rotations about y and z around. What the subject's left does, the avatar's left does.
    """
    x, y, z, w = rotation
    return x, -y, -z, w


def quaternion_to_openseeface(x: float, y: float, z: float, w: float) -> Quaternion:
    """Bring a rotation to OpenSeeFace's: inverted, with x not negative.

    Its camera's axes are ours after a quarter turn about z, and its head's y and z point the other
    way.
    """
    half = math.copysign(math.sqrt(0.5), z - w)
    return half * (z - w), -half * (w + z), half * (x + y), half * (y - x)


def euler_to_openseeface(turn: Turn) -> tuple[float, float, float]:
    """Return degrees about OpenSeeFace's x, then y, then z; of two answers that with |y| <= 90."""
    # As OpenCV's RQDecomp3x3, which picks the other answer where y is exactly 0.
    return (
        math.degrees(math.atan2(-turn.zy, -turn.zz)),
        math.degrees(-math.asin(min(max(turn.zx, -1.0), 1.0))),
        math.degrees(math.atan2(turn.xx, -turn.yx)),
    )
