"""Scores of an exported model on faces that it never saw, against the labels it can be held to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.timing import Timing
from facedrive.trackers.align import CropSpec
from facedrive.training.data import FaceSet
from facedrive.training.metrics import Scores, score
from facedrive.types import Image, Vector

GAZE_NAMES = ("gaze_left_pitch", "gaze_left_yaw", "gaze_right_pitch", "gaze_right_yaw")

LIVE_STD = 0.05
"""A channel whose labels vary less than this says little about correlation."""


@dataclass(frozen=True)
class Report:
    """Scores of one set of faces."""

    faces: int
    aus: Scores
    known: NDArray[np.bool_]
    """(24,) AUs that have labels in this set."""
    gaze: Scores
    face_ms: float
    """Median time of one face on one core."""

    def as_dict(self) -> dict[str, Any]:
        """Return means over the known and the live AUs, and every channel's figures."""
        live = self.known & (self.aus.label_std > LIVE_STD)
        return {
            "faces": self.faces,
            "face_ms": self.face_ms,
            "mean_pearson": float(np.nanmean(self.aus.pearson[self.known])),
            "mean_pearson_live": float(np.nanmean(self.aus.pearson[live])),
            "mean_mae": float(self.aus.mae[self.known].mean()),
            "aus": {
                name: _channel(self.aus, index)
                for index, name in enumerate(AU_NAMES)
                if self.known[index]
            },
            "gaze": {name: _channel(self.gaze, index) for index, name in enumerate(GAZE_NAMES)},
        }


def _channel(scores: Scores, index: int) -> dict[str, float]:
    return {name: round(float(column[index]), 4) for name, column in vars(scores).items()}


def evaluate(regressor: OnnxRegressor, faces: FaceSet) -> Report:
    """Run a model over a set of faces, cut from their wide crops as the model wants them."""
    answers, timing = [], Timing()
    for crop in centre_crops(faces, regressor.crop):
        with timing.stage("face"):
            answers.append(regressor.estimate(crop))
    aus = np.stack([answer.aus for answer in answers])
    gaze = np.stack([answer.gaze for answer in answers]).reshape(-1, 4)
    targets = faces.targets
    return Report(
        len(faces),
        score(aus, targets.aus),
        np.asarray(targets.known.all(0)),
        score(gaze, targets.gaze.reshape(-1, 4)),
        timing.summary()["face"].median_ms,
    )


def centre_crops(faces: FaceSet, crop: CropSpec) -> Image:
    """Cut (N, S, S) model crops out of the middle of wider ones."""
    import cv2

    side = faces.spec.size * crop.span / faces.spec.span
    edge = (faces.spec.size - side) / 2
    zoom = crop.size / side
    # Pixel centres: output x lands on edge + (x + 0.5) / zoom - 0.5.
    shift = (0.5 - edge) * zoom - 0.5
    matrix: Vector = np.array([[zoom, 0, shift], [0, zoom, shift]], np.float32)
    size = (crop.size, crop.size)
    return np.stack(
        [cv2.warpAffine(each, matrix, size, flags=cv2.INTER_LINEAR) for each in faces.crops]
    )
