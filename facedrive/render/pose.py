"""Where the camera stands, and how head and eyes turn: geometry only."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facedrive.mappings.match import facial_targets
from facedrive.rig.model import Bone, Eye, Eyes, Floats, Rig
from facedrive.rotations import matrix_from_euler, matrix_from_quaternion
from facedrive.types import Vector

EYE_LIMIT_RAD = math.radians(35.0)
"""Further than this an eyeball shows no iris."""

ASIDE = 1.3
"""Of the face's height: hair and hats are nearer to the middle, arms held out are not all."""

MARGIN = 1.4
"""Of the picture's half height: how far aside a vertex may be and still turn into view."""


@dataclass(frozen=True, slots=True)
class Box:
    """An upright box in the rig's coordinates."""

    low: Floats
    """(3,) float32."""
    high: Floats
    """(3,) float32."""

    @property
    def center(self) -> Floats:
        """Return its middle, (3,) float32."""
        return (self.low + self.high) * np.float32(0.5)

    @property
    def size(self) -> Floats:
        """Return its width, height and depth."""
        return self.high - self.low


def face_box(rig: Rig) -> Box:
    """Bound what the face moves visibly, from chin to brows; all of the head if nothing does.

    Only targets that facedrive drives count, and only on the head where its bone is known: a
    target that swaps shoes makes no face of the feet.
    """
    head = rig.head is None or rig.head.share > 0.5
    reach = np.linalg.norm(rig.offsets[facial_targets(rig)], axis=2).max(axis=0, initial=0.0)
    reach = reach * head
    return _bounds(rig.vertices[reach > 0.1 * reach.max() if reach.any() else head | (reach == 0)])


def head_box(rig: Rig, face: Box | None = None) -> Box:
    """Bound the head with its ears and hair: what follows its bone and is not below the chin.

    Without a bone it is what is above the chin, and no further aside than arms begin.
    """
    face = face_box(rig) if face is None else face
    within = rig.vertices[:, 1] >= face.low[1]
    if rig.head is not None:
        within &= rig.head.share > 0.5
    else:
        aside = np.abs(rig.vertices[:, 0] - face.center[0])
        within &= aside <= ASIDE * max(float(face.size[0]), float(face.size[1]))
    return _bounds(rig.vertices[within])


class Neck:
    """Turns the head on its neck, by its bone's weights if it has one.

    Without, what is a neck's length below the chin stays where it is.
    """

    def __init__(self, rig: Rig) -> None:
        bone = neck_of(rig)
        self._pivot, self._moved = bone.pivot, np.flatnonzero(bone.share)
        self._share = bone.share[self._moved, None]

    def bend(self, vertices: Floats, normals: Floats, rotation: Vector) -> tuple[Floats, Floats]:
        """Return (V, 3) vertices and normals for a head rotation x, y, z, w."""
        turn = matrix_from_quaternion(rotation).astype(np.float32) - np.eye(3, dtype=np.float32)
        bent, turned = vertices.copy(), normals.copy()
        moved = self._moved
        bent[moved] += self._share * ((vertices[moved] - self._pivot) @ turn.T)
        turned[moved] += self._share * (normals[moved] @ turn.T)
        return bent, turned


def turn_eyes(eyes: Eyes, vertices: Floats, normals: Floats, gaze: Vector) -> None:
    """Turn both eyeballs in place; ``gaze`` is (2, 2) radians as in ``Sample.gaze``."""
    for eye, (pitch, yaw) in zip((eyes.left, eyes.right), gaze * eyes.gain, strict=True):
        _turn_eye(eye, vertices, normals, gaze_matrix(float(pitch), float(yaw)))


def gaze_matrix(pitch: float, yaw: float) -> Floats:
    """Return (3, 3) for a look up by ``pitch`` and to the subject's left by ``yaw``, radians."""
    pitch = min(max(pitch, -EYE_LIMIT_RAD), EYE_LIMIT_RAD)
    yaw = min(max(yaw, -EYE_LIMIT_RAD), EYE_LIMIT_RAD)
    return matrix_from_euler(pitch, yaw).astype(np.float32)


def camera_pose(rig: Rig, field_of_view: float, aspect: float) -> NDArray[np.float64]:
    """Place a camera so that the head fills the picture, with room to turn: (4, 4) float64.

    ``field_of_view`` is vertical, in radians; ``aspect`` is width by height.
    """
    head = head_box(rig)
    width, height, depth = (float(side) for side in head.size)
    # Some neck below the chin; half the depth to either side for when the head turns.
    seen = max(1.16 * height, 1.3 * max(width, depth) / aspect)
    distance = seen / 2 / math.tan(field_of_view / 2) + 0.3 * depth
    pose = np.eye(4)
    pose[:3, 3] = head.center
    pose[1, 3] -= 0.06 * height
    pose[2, 3] += distance
    return pose


def in_view(
    rig: Rig, camera: NDArray[np.float64], field_of_view: float, aspect: float
) -> NDArray[np.bool_]:
    """Tell which vertices may come into the picture, (V,): the rest of a body never does."""
    arms = rig.vertices - camera[:3, 3].astype(np.float32)
    reach = MARGIN * math.tan(field_of_view / 2) * np.maximum(-arms[:, 2], 0)
    near = (np.abs(arms[:, 1]) <= reach) & (np.abs(arms[:, 0]) <= reach * aspect)
    if rig.head is not None:
        near |= rig.head.share > 0.5
    near[rig.moving] = True
    return near


def neck_of(rig: Rig) -> Bone:
    """Return what turns the head: the rig's own bone, or one by height where it has none."""
    return _neck_by_height(rig) if rig.head is None else rig.head


def _neck_by_height(rig: Rig) -> Bone:
    face = face_box(rig)
    head = head_box(rig, face)
    chin, size = float(face.low[1]), float(head.size[1])
    pivot = np.array([head.center[0], chin + 0.1 * size, head.center[2]], np.float32)
    height = np.clip((rig.vertices[:, 1] - (chin - 0.35 * size)) / (0.4 * size), 0.0, 1.0)
    return Bone(pivot, (height * height * (3.0 - 2.0 * height)).astype(np.float32))


def _turn_eye(eye: Eye, vertices: Floats, normals: Floats, matrix: Floats) -> None:
    arms = vertices[eye.vertices] - eye.pivot
    vertices[eye.vertices] = arms @ matrix.T + eye.pivot
    normals[eye.vertices] = normals[eye.vertices] @ matrix.T


def _bounds(vertices: Floats) -> Box:
    return Box(vertices.min(axis=0), vertices.max(axis=0))
