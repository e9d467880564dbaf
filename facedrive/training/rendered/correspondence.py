"""Where the parametric face and MediaPipe's 468 skin points are the same places."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.spatial import KDTree

from facedrive.trackers.landmarks import MEDIAPIPE_TO_68
from facedrive.training.data.photographs import Photographs
from facedrive.training.data.teacher import MESH_POINTS
from facedrive.training.rendered.face import LANDMARKS, FaceModel, Indices, Kind
from facedrive.training.rendered.skins import best_rows

Points = NDArray[np.float32]


def mean_landmarks(photographs: Photographs) -> Points:
    """Average the 468 points of the calm, frontal photographs, x left, y up, z out of the face."""
    rows = best_rows(photographs)
    clouds = photographs.landmarks[rows, :MESH_POINTS] * np.array([1, -1, -1], np.float32)
    mean = clouds[0] - clouds[0].mean(axis=0)
    for _ in range(3):
        mean = np.mean([similarity(cloud, mean).move(cloud) for cloud in clouds], axis=0)
    return np.asarray(mean, np.float32)


class Similarity(NamedTuple):
    """Rotation, scale and shift."""

    matrix: NDArray[np.floating]
    shift: NDArray[np.floating]

    def move(self, points: NDArray[np.floating]) -> NDArray[np.floating]:
        """Take (N, 3) points of the first cloud into the second."""
        return np.asarray(points @ self.matrix + self.shift)


def similarity(points: NDArray[np.floating], target: NDArray[np.floating]) -> Similarity:
    """Fit points to a target of equal length (Umeyama, 1991)."""
    centre, goal = points.mean(axis=0), target.mean(axis=0)
    u, s, vt = np.linalg.svd((points - centre).T @ (target - goal))
    flip = np.sign(np.linalg.det(u @ vt))
    s[-1] *= flip
    u[:, -1] *= flip
    matrix = u @ vt * (s.sum() / ((points - centre) ** 2).sum())
    return Similarity(matrix, goal - centre @ matrix)


def correspond(model: FaceModel, mean: Points) -> tuple[Indices, Points]:
    """Bend the neutral face onto the mean landmarks.

    Returns:
        (468,) nearest skin vertex of each landmark, and the (V, 3) face, its skin bent.
    """
    inner = slice(17, 68)  # the jaw's points lie on an outline, not on a place of the skin
    fit = similarity(mean[MEDIAPIPE_TO_68[inner]], model.neutral[LANDMARKS[inner]])
    target = fit.move(mean)
    skin = model.kind == Kind.SKIN
    candidates = np.flatnonzero(skin & (model.normals(model.neutral)[:, 2] > 0.0))
    fitted = model.neutral.copy()
    bend = RBFInterpolator(
        model.neutral[LANDMARKS[inner]], target[MEDIAPIPE_TO_68[inner]], smoothing=0.05
    )
    fitted[skin] = bend(model.neutral[skin])
    for _ in range(2):
        points = candidates[KDTree(fitted[candidates]).query(target)[1]]
        points[MEDIAPIPE_TO_68[inner]] = LANDMARKS[inner]
        known, once = np.unique(points, return_index=True)
        # From near neighbours only: a smooth bend of the whole would pull the eyes out of place.
        bend = RBFInterpolator(model.neutral[known], target[once], neighbors=60, smoothing=0.5)
        fitted[skin] = bend(model.neutral[skin])
    return points, fitted
