"""Cross-talk: AUs that no photograph teaches must rest on neutral and on smiling faces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.training.data.labels import PARAMETRIC_AUS
from facedrive.training.evaluation.comparison import rounded
from facedrive.types import Vector

STRONG = 0.4
"""A teacher's score from which on an AU is there for everyone to see."""

SMILE = ("left_lip_corner_pull", "right_lip_corner_pull")
WITH_A_SMILE = (
    "left_lip_corner_stretch",
    "right_lip_corner_stretch",
    "upper_lip_raise",
    "lower_lip_depress",
)
"""Come along when a mouth smiles."""

RESTING = 0.1
"""An AU up to this is not seen."""


def neutral_faces(labels: Vector) -> NDArray[np.bool_]:
    """Choose, of (N, 24) teacher's AUs, the faces on which none is strong."""
    return np.asarray((labels < STRONG).all(axis=1))


def smiling_faces(labels: Vector) -> NDArray[np.bool_]:
    """Choose the faces that smile on both sides, and do nothing else."""
    smile = [AU_INDEX[name] for name in SMILE]
    rest = [AU_INDEX[name] for name in AU_NAMES if name not in SMILE + WITH_A_SMILE]
    return np.asarray((labels[:, smile] >= STRONG).all(1) & (labels[:, rest] < STRONG).all(1))


def score_cross_talk(predicted: Vector, labels: Vector) -> dict[str, Any]:
    """Return how far each AU of ``PARAMETRIC_AUS`` rises where it should rest.

    Args:
        predicted: (N, 24) the model's AUs.
        labels: (N, 24) the teacher's.

    Returns:
        Per kind of face: how many there are and, an AU, ``p95`` and the share that rests.
    """
    neutral, smiling = neutral_faces(labels), smiling_faces(labels)
    kinds = {"neutral": neutral, "smiling": smiling, "both": neutral | smiling}
    return {kind: _rest(predicted[rows]) for kind, rows in kinds.items()}


def _rest(predicted: Vector) -> dict[str, Any]:
    table: dict[str, Any] = {"faces": len(predicted)}
    for name in PARAMETRIC_AUS if len(predicted) else ():
        values = predicted[:, AU_INDEX[name]]
        table[name] = {
            "p95": rounded(np.percentile(values, 95)),
            "resting_share": rounded((values <= RESTING).mean()),
        }
    return table
