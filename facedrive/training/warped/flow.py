"""Where a photograph's mesh points go when its face is bent as the parametric face bends.

Both know the same places of the skin, so an expression's offsets, turned and scaled to the
photographed head, bend the photograph's own points: nobody has to be fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facedrive.rotations import matrix_from_euler
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68
from facedrive.training.data.photographs import Photographs
from facedrive.training.data.teacher import MESH_POINTS
from facedrive.training.rendered.correspondence import correspond, mean_landmarks, similarity
from facedrive.training.rendered.face import FaceModel
from facedrive.types import Vector

Points = NDArray[np.float32]

UPRIGHT = np.array([1, -1, -1], np.float32)
"""Picture axes (x right, y down, z away) times this: head axes (x left of the subject, y up, z
towards the camera)."""

DISTANCE_CM = 55.0
"""To the camera, for what comes nearer to look larger."""

RIGID = MEDIAPIPE_TO_68[27:48]
"""Nose and eyes: what an expression moves least."""


@dataclass(frozen=True)
class Deformation:
    """What a face in a photograph is made to do."""

    weights: Vector
    """(57,) changes of the parametric face's expression weights."""
    identity: Vector
    """(100,) changes of its identity weights."""
    turn: Vector
    """(3,) pitch, yaw, roll in radians, signs of ``EulerDegrees``."""


class Flow:
    """Bends photographs' meshes by the parametric face's offsets."""

    def __init__(self, model: FaceModel, photographs: Photographs) -> None:
        vertices, _ = correspond(model, mean_landmarks(photographs))
        self._rest = model.neutral[vertices]

        def of_points(offsets: NDArray[np.float32]) -> NDArray[np.float32]:
            return offsets.reshape(len(offsets), -1, 3)[:, vertices]

        self._expressions = of_points(model.expressions)
        self._identities = of_points(model.identities)

    def deform(self, landmarks: Points, deformation: Deformation) -> Points:
        """Bend a face.

        Args:
            landmarks: (468 or more, 3) pixels, z in the same scale, negative to the camera.
            deformation: What it is to do.

        Returns:
            (468, 3) where those points go.
        """
        points = landmarks[:MESH_POINTS] * UPRIGHT
        rigid = similarity(self._rest[RIGID], points[RIGID])
        scale = float(np.cbrt(np.linalg.det(rigid.matrix)))
        offsets = np.tensordot(deformation.weights, self._expressions, 1)
        offsets += np.tensordot(deformation.identity, self._identities, 1)
        offsets -= offsets[RIGID].mean(axis=0) * float(np.any(deformation.identity))
        centre = points.mean(axis=0)
        turn = matrix_from_euler(*deformation.turn).astype(np.float32)
        warped = (points + offsets @ rigid.matrix - centre) @ turn.T
        nearer = warped[:, 2:] - (points - centre)[:, 2:]
        warped[:, :2] *= 1 + nearer / (DISTANCE_CM * scale)
        return np.asarray((warped + centre) * UPRIGHT, np.float32)
