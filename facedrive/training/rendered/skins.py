"""Which photographs' skin fits a rendered face."""

from __future__ import annotations

import numpy as np

from facedrive.training.data.photographs import Photographs, Rows
from facedrive.training.data.teacher import MESH_POINTS

MILD = {
    "jawOpen": 0.08,
    "eyeBlinkLeft": 0.35,
    "eyeBlinkRight": 0.35,
    "mouthSmileLeft": 0.4,
    "mouthSmileRight": 0.4,
    "browDownLeft": 0.4,
    "browDownRight": 0.4,
    "mouthPucker": 0.6,
}
"""Highest teacher scores of a photograph whose skin we take: open mouths and folds do not fit."""

FRONTAL_DEG = 13.0
SMALLEST_FACE_PX = 95.0
"""Least width of the face's oval."""


def best_rows(photographs: Photographs) -> Rows:
    """Choose one row a person: frontal, large, of mild expression."""
    ahead = photographs.pose[:, :3, 2]
    ahead = ahead / np.linalg.norm(ahead, axis=1, keepdims=True)
    away = np.degrees(np.arccos(np.clip(ahead[:, 2], -1, 1)))
    width = np.ptp(photographs.landmarks[:, :MESH_POINTS, 0], axis=1)
    fits = (away < FRONTAL_DEG) & (width > SMALLEST_FACE_PX)
    effort = away / FRONTAL_DEG + 60.0 / width
    for channel, highest in MILD.items():
        fits &= photographs.score(channel) < highest
        effort += photographs.score(channel)
    rows = np.flatnonzero(fits)
    rows = rows[np.argsort(effort[rows], kind="stable")]
    _, first = np.unique(photographs.person[rows], return_index=True)
    return np.sort(rows[first])
