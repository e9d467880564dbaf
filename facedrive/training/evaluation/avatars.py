"""Heads of another maker: how far each AU that they do alone is seen, and whether a wink is one."""

from __future__ import annotations

import numpy as np

from facedrive.aus import AU_INDEX, AU_NAMES, AUS
from facedrive.training.data.faces import FaceSet, centre_crops
from facedrive.training.data.resting import fold_of
from facedrive.training.evaluation.comparison import Figures, answer, mean, rounded
from facedrive.training.evaluation.rest import RegressorOf
from facedrive.types import Vector

ANSWERED = 0.4
"""A response from this on shows."""

EYES = (AU_INDEX["left_eye_close"], AU_INDEX["right_eye_close"])


def score_avatars(regressor_of: RegressorOf, faces: FaceSet, *, held_out: bool) -> Figures:
    """Score a model on ``draw_avatar``'s pictures of several heads.

    Args:
        regressor_of: The model for the heads of each fold.
        faces: The pictures.
        held_out: Whether no head was trained on by the model that it is measured by.

    Returns:
        ``aus``: of each AU r to the level at which it is on, the mean over heads of r over all
        poses, and the ``response``: by how much the answer is above rest where it is fully on.
        ``answered``: AUs whose response is large enough. ``wink``: what the other eye shows above
        rest when one is shut, mean and 95th percentile. ``down``: what both show when they look
        down.
    """
    said = _ask(regressor_of, faces)
    aus = {name: _channel(said, faces, index) for index, name in enumerate(AU_NAMES)}
    responses = [row["response"] for row in aus.values()]
    return {
        "heads": len(np.unique(faces.person)), "held_out": held_out,
        "mean_pearson": mean(np.array([row["pearson"] or 0.0 for row in aus.values()])),
        "answered": sum(each >= ANSWERED for each in responses),
        "wink": _levels(_winks(said, faces)),
        "down": _levels(_above_rest(said[:, EYES], faces)[faces.targets.down].ravel()),
        "aus": aus,
    }  # fmt: skip


def _ask(regressor_of: RegressorOf, faces: FaceSet) -> Vector:
    """Show every head to the model of its fold; return the (N, 24) AUs."""
    said, folds = np.empty((len(faces), len(AUS)), np.float32), fold_of(faces.person)
    for fold in np.unique(folds).tolist():
        regressor, rows = regressor_of(fold), folds == fold
        said[rows] = answer(regressor, centre_crops(faces.select(rows), regressor.crop)).aus
    return said


def _above_rest(values: Vector, faces: FaceSet) -> Vector:
    """Take from (N, C) answers what the same head shows at rest, on average over its poses."""
    above, resting = values.copy(), faces.targets.at_rest
    for person in np.unique(faces.person):
        whose = faces.person == person
        above[whose] -= values[whose & resting].mean(axis=0)
    return above


def _channel(said: Vector, faces: FaceSet, index: int) -> Figures:
    level, resting = faces.targets.aus[:, index], faces.targets.at_rest
    correlations = []
    for person in np.unique(faces.person):
        rows = (faces.person == person) & (resting | (level > 0))
        answers = said[rows, index]
        varies = answers.std() > 0
        correlations.append(np.corrcoef(answers, level[rows])[0, 1] if varies else 0.0)
    above = _above_rest(said[:, [index]], faces)[:, 0]
    return {
        "pearson": mean(np.array(correlations)),
        "response": round(float(above[level == 1].mean()), 4),
    }


def _winks(said: Vector, faces: FaceSet) -> Vector:
    """Return what the open eye shows above its rest in each picture with one eye shut."""
    above = _above_rest(said[:, EYES], faces)
    shut = faces.targets.aus[:, EYES] == 1
    return np.concatenate([above[shut[:, 0], 1], above[shut[:, 1], 0]])


def _levels(values: Vector) -> Figures:
    return {"mean": rounded(values.mean()), "p95": rounded(np.percentile(values, 95))}
