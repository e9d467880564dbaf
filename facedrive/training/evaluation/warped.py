"""Figures on test people's photographs onto which AUs were put by warping."""

from __future__ import annotations

from typing import Any

from facedrive.aus import AU_INDEX
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.training.data import FaceSet
from facedrive.training.evaluation.comparison import answer, compare, rounded
from facedrive.training.evaluation.crops import centre_crops
from facedrive.training.evaluation.crosstalk import BLIND, RESTING
from facedrive.types import Vector

RAISED = 0.5
"""An AU from this on is clearly there."""


def score_warped(regressor: OnnxRegressor, faces: FaceSet) -> dict[str, Any]:
    """Return the figures on warped photographs, and how far each blind AU rises on them."""
    answers = answer(regressor, centre_crops(faces, regressor.crop))
    figures = compare(answers, faces.targets).as_dict()
    return figures | {"rise": {name: _rise(answers.aus, faces, name) for name in BLIND}}


def _rise(predicted: Vector, faces: FaceSet, name: str) -> dict[str, float | None]:
    """Return the mean answer where the AU rests, and where it was put on."""
    column = AU_INDEX[name]
    labels, answers = faces.targets.aus[:, column], predicted[:, column]
    rests, raised = labels <= RESTING, labels >= RAISED
    return {
        "resting": rounded(answers[rests].mean()) if rests.any() else None,
        "raised": rounded(answers[raised].mean()) if raised.any() else None,
    }
