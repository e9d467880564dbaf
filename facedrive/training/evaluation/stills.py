"""Figures on photographs of the test people, whole and by head yaw and brightness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facedrive.regressors.onnx import OnnxRegressor
from facedrive.stats.bootstrap import mean_intervals
from facedrive.training.data.faces import FaceSet, centre_crops, cut_middle
from facedrive.training.data.photographs import Photographs, Rows
from facedrive.training.evaluation.comparison import Answers, Channels, answer, compare, rounded
from facedrive.types import CropSpec, Vector

YAW_LIMITS_DEG = (0.0, 10.0, 20.0, 35.0, 90.0)
"""Of the bands of head yaw, to either side."""

BRIGHTNESS_BANDS = 3
"""As many faces in each."""

RESAMPLES = 1000
"""Of the people, for the intervals."""


@dataclass(frozen=True)
class Stills:
    """Photographs of people never trained on, and what the model says about them."""

    faces: FaceSet
    rows: Rows
    """(N,) their numbers among all photographs."""
    yaw_deg: Vector
    """(N,) of the head, by the teacher's pose; towards the subject's left is positive."""
    brightness: Vector
    """(N,) mean grey inside the crop, 0 to 255."""
    answers: Answers


def load_stills(regressor: OnnxRegressor, photographs: Photographs, cache: Path) -> Stills:
    """Cut the test people's photographs and ask the model about them.

    Args:
        regressor: The model.
        photographs: All of them.
        cache: Folder that keeps their crops.
    """
    rows = photographs.rows_of("test")
    yaw_deg = photographs.yaw_deg[rows]
    faces = photographs.cut(rows, cache)
    answers = answer(regressor, centre_crops(faces, regressor.crop))
    return Stills(faces, rows, yaw_deg, mean_grey(faces, regressor.crop), answers)


def mean_grey(faces: FaceSet, crop: CropSpec) -> Vector:
    """Return the (N,) mean grey of what the photographs show inside the crops."""
    grey = cut_middle(faces.crops, faces.spec, crop)
    inside = cut_middle(faces.inside.astype(np.uint8), faces.spec, crop)
    pixels = np.maximum(inside.sum(axis=(1, 2)), 1)
    return np.asarray((grey * inside).sum(axis=(1, 2), dtype=np.int64) / pixels, np.float32)


def score_stills(stills: Stills) -> dict[str, Any]:
    """Return the photographs' figures, with 95 % intervals, whole and by band."""
    whole = compare(stills.answers, stills.faces.targets)
    thirds = np.quantile(stills.brightness, np.linspace(0, 1, BRIGHTNESS_BANDS + 1))
    return whole.as_dict() | {
        "people": len(np.unique(stills.faces.person)),
        "intervals": {
            "all": _intervals(stills, whole.known),
            "live": _intervals(stills, whole.live),
        },
        "by_yaw_deg": score_bands(stills, np.abs(stills.yaw_deg), YAW_LIMITS_DEG, whole.live),
        "by_brightness": score_bands(stills, stills.brightness, thirds, whole.live),
    }


def score_bands(
    stills: Stills,
    values: NDArray[np.floating],
    limits: Sequence[float] | NDArray[np.floating],
    live: Channels,
) -> list[dict[str, Any]]:
    """Return the figures of each band of (N,) values; the last limit belongs to its band."""
    edges = [float(limit) for limit in limits]
    band = np.clip(np.searchsorted(edges, values, side="right"), 1, len(edges) - 1)
    bands = []
    for number in range(1, len(edges)):
        rows = band == number
        if rows.any():
            part = compare(stills.answers.select(rows), stills.faces.targets.select(rows), live)
            limits_here = {"from": round(edges[number - 1], 1), "to": round(edges[number], 1)}
            bands.append(limits_here | part.as_dict())
    return bands


def _intervals(stills: Stills, channels: Channels) -> dict[str, Any]:
    faces = stills.faces
    said, known = stills.answers.aus[:, channels], faces.targets.aus[:, channels]
    found = mean_intervals(said, known, faces.person, RESAMPLES)
    return {name: (rounded(each.low), rounded(each.high)) for name, each in found.items()}
