"""What a model says beside what is true: figures a channel, and their means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.stages import Regressor
from facedrive.stats.metrics import Scores, mean_of_known, score
from facedrive.training.data.labels import Targets
from facedrive.types import Image, Vector

GAZE_NAMES = ("gaze_left_pitch", "gaze_left_yaw", "gaze_right_pitch", "gaze_right_yaw")

LIVE_STD = 0.05
"""A channel whose labels vary less than this says little about correlation."""

FIGURES = ("pearson", "mae", "slope", "label_std")
"""What is reported of a channel, fields of ``Scores``."""

LEAST_FACES = 20
"""Of fewer, correlations and slopes are chance; they are left out."""

Figures = dict[str, Any]
"""Of one section of a report, as JSON has them."""

Channels = NDArray[np.bool_]
"""(24,) some of the AUs."""


class Answers(NamedTuple):
    """What a model says about N faces."""

    aus: Vector
    """(N, 24)."""
    gaze: Vector
    """(N, 4) radians, columns as ``GAZE_NAMES``."""

    def select(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Answers:
        """Return some of the faces."""
        return Answers(self.aus[rows], self.gaze[rows])


def answer(regressor: Regressor, crops: Image) -> Answers:
    """Ask a model about (N, S, S) crops, one after the other."""
    estimates = [regressor.estimate(crop) for crop in crops]
    return Answers(
        np.stack([each.aus for each in estimates]),
        np.stack([each.gaze.reshape(4) for each in estimates]),
    )


@dataclass(frozen=True)
class Comparison:
    """Figures of a set of faces."""

    faces: int
    aus: Scores
    gaze: Scores
    known: Channels
    """AUs that have labels in this set."""
    live: Channels
    """Those of them that the means over live channels go over."""

    def as_dict(self) -> dict[str, Any]:
        """Return means over the known and the live AUs, and every channel's figures."""
        return {"faces": self.faces} | self._means() | {
            "aus": {
                name: _channel(self.aus, index) | {"live": bool(self.live[index])}
                for index, name in enumerate(AU_NAMES)
                if self.known[index]
            },
            "gaze": {name: _channel(self.gaze, index) for index, name in enumerate(GAZE_NAMES)},
        }  # fmt: skip

    def _means(self) -> dict[str, float | None]:
        return {
            "mean_pearson": mean(self.aus.pearson[self.known]),
            "mean_pearson_live": mean(self.aus.pearson[self.live]),
            "mean_mae": mean(self.aus.mae[self.known]),
            "mean_mae_live": mean(self.aus.mae[self.live]),
            "mean_pearson_gaze": mean(self.gaze.pearson),
        }


def compare(answers: Answers, targets: Targets, live: Channels | None = None) -> Comparison:
    """Score answers against their targets.

    Args:
        answers: Of N faces.
        targets: Of the same; an AU counts as known where every face has its label.
        live: Channels for the means over live ones; left out, those whose labels vary.
    """
    aus, gaze = score(answers.aus, targets.aus), score(answers.gaze, targets.gaze.reshape(-1, 4))
    known = np.asarray(targets.known.all(axis=0))
    if live is None:
        live = known & (aus.label_std > LIVE_STD)
    if len(answers.aus) < LEAST_FACES:
        aus, gaze = _without_correlation(aus), _without_correlation(gaze)
    return Comparison(len(answers.aus), aus, gaze, known, live)


def mean(values: NDArray[np.floating]) -> float | None:
    """Return the rounded mean of what is a number; None where nothing is."""
    return rounded(mean_of_known(values))


def rounded(value: float | np.floating) -> float | None:
    """Round for a report; None for NaN, which JSON does not know."""
    return round(float(value), 4) if np.isfinite(value) else None


def _channel(scores: Scores, index: int) -> dict[str, float | None]:
    return {name: rounded(getattr(scores, name)[index]) for name in FIGURES}


def _without_correlation(scores: Scores) -> Scores:
    blank = np.full_like(scores.pearson, np.nan)
    return replace(scores, pearson=blank, slope=blank)
