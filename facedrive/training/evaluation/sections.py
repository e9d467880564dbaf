"""Small sections of an evaluation: speed, synthetic and warped faces, converged scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from facedrive.aus import AU_INDEX
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.timing import Timing
from facedrive.training.data.faces import FaceSet, centre_crops
from facedrive.training.data.labels import PARAMETRIC_AUS, Targets
from facedrive.training.evaluation.comparison import Answers, answer, compare, rounded
from facedrive.training.evaluation.crosstalk import RESTING
from facedrive.training.evaluation.stills import Stills
from facedrive.training.recipe import SetRecipe
from facedrive.types import Image, Vector

WARM_UP = 20
MOST_TIMED = 1000

SYNTHETIC = SetRecipe(faces=800, seed=90_001)
"""Of shapes that no training set may be rendered from, in the skin of test people."""

WARPED = SetRecipe(faces=800, seed=90_002)
"""Photographs of test people."""

RAISED = 0.5
"""An AU from this on is clearly there."""


def measure_speed(regressor: OnnxRegressor, crops: Image) -> dict[str, Any]:
    """Time (N, S, S) crops one by one; ONNX Runtime is set to a single thread."""
    timing = Timing()
    for crop in crops[:WARM_UP]:
        regressor.estimate(crop)
    for crop in crops[:MOST_TIMED]:
        with timing.stage("face"):
            regressor.estimate(crop)
    latency = timing.summary()["face"]
    return {
        "faces": latency.frames,
        "median_ms": round(latency.median_ms, 3),
        "p95_ms": round(latency.p95_ms, 3),
    }


def score_synthetic(regressor: OnnxRegressor, faces: FaceSet) -> dict[str, Any]:
    """Return the figures on synthetic faces, of which all 24 AUs are known."""
    answers = answer(regressor, centre_crops(faces, regressor.crop))
    identities = len(np.unique(faces.person))
    return {"identities": identities} | compare(answers, faces.targets).as_dict()


def score_warped(regressor: OnnxRegressor, faces: FaceSet) -> dict[str, Any]:
    """Return the figures on warped faces, and how far ``PARAMETRIC_AUS`` rise on them."""
    answers = answer(regressor, centre_crops(faces, regressor.crop))
    figures = compare(answers, faces.targets).as_dict()
    return figures | {"rise": {name: _rise(answers.aus, faces, name) for name in PARAMETRIC_AUS}}


def _rise(predicted: Vector, faces: FaceSet, name: str) -> dict[str, float | None]:
    """Return the mean answer where the AU rests, and where it was put on."""
    column = AU_INDEX[name]
    meant, answers = faces.targets.aus[:, column], predicted[:, column]
    rests, raised = meant <= RESTING, meant >= RAISED
    return {
        "resting": rounded(answers[rests].mean()) if rests.any() else None,
        "raised": rounded(answers[raised].mean()) if raised.any() else None,
    }


def score_converged(stills: Stills, converged: Targets) -> dict[str, Any]:
    """Score the test people's photographs against the teacher's converged scores.

    The labels that the photographs came with are its first looks. It looks on from where it saw
    the face, as it does in a video, and then says something else: what is to be learnt for live
    use.

    Args:
        stills: The photographs, answered.
        converged: What the teacher says of them in the end; NaN where it finds no face.

    Returns:
        The model's figures, and under ``teacher_itself`` the teacher's own on its first looks: what
        a model that says just what it says in the end would have on photographs.
    """
    seen = np.flatnonzero(np.isfinite(converged.aus).all(axis=1))
    meant = converged.select(seen)
    itself = Answers(meant.aus, meant.gaze.reshape(-1, 4))
    return compare(stills.answers.select(seen), meant).as_dict() | {
        "teacher_itself": compare(itself, stills.faces.targets.select(seen)).as_dict()
    }
