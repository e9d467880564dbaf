"""How far a mean could be off had other people been tested: a bootstrap over people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facedrive.training.evaluation.comparison import Channels, rounded
from facedrive.types import Vector

RESAMPLES = 1000
COVERED = 95.0
"""Percent of the resamples inside an interval."""

Interval = tuple[float | None, float | None]


def mean_intervals(
    predicted: Vector, labels: Vector, person: NDArray[np.integer], channels: Channels
) -> dict[str, Interval]:
    """Return the intervals of the mean correlation and error over some channels.

    People are drawn, each with all of their faces: faces of one person are no separate evidence.

    Args:
        predicted: (N, C).
        labels: (N, C).
        person: (N,) whom each row shows.
        channels: (C,) which columns the means go over.

    Returns:
        ``pearson`` and ``mae``, each its low and high end.
    """
    weights = _draw_weights(person)
    x, y = labels[:, channels].astype(np.float64), predicted[:, channels].astype(np.float64)
    x_mean, y_mean = weights @ x, weights @ y
    xx, yy = weights @ x**2 - x_mean**2, weights @ y**2 - y_mean**2
    xy = weights @ (x * y) - x_mean * y_mean
    pearson = (xy / np.sqrt(np.maximum(xx * yy, 1e-24))).mean(axis=1)
    return {"pearson": _interval(pearson), "mae": _interval((weights @ np.abs(y - x)).mean(axis=1))}


def _draw_weights(person: NDArray[np.integer]) -> NDArray[np.float64]:
    """Draw (R, N) weights of the rows, each row of them summing to 1."""
    _, row_person = np.unique(person, return_inverse=True)
    people = int(row_person.max()) + 1
    random = np.random.default_rng(0)
    drawn = random.multinomial(people, np.full(people, 1 / people), size=RESAMPLES)
    weights = drawn[:, row_person].astype(np.float64)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _interval(values: NDArray[np.float64]) -> Interval:
    low, high = np.percentile(values, [50 - COVERED / 2, 50 + COVERED / 2])
    return rounded(low), rounded(high)
