"""Intervals from resampling whole clusters: a video with all its frames, a person with all faces.

A figure that follows from sums over frames is bootstrapped by adding up the sums of the clusters
drawn, so all resamples are one matrix product.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.stats.metrics import Table, centred, scores_of, sums

RESAMPLES = 2000
COVERAGE = 0.95

MOST_UNDEFINED = 0.1
"""Share of draws that may be undefined. What shows in fewer than three clusters is absent from more
of them, and the draws that have it do not tell how it differs between clusters."""


class Interval(NamedTuple):
    """The 95 % interval of one figure."""

    low: float
    high: float


def draw_clusters(clusters: int, resamples: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Return (R, K): how often each of K clusters is in each resample."""
    return random.multinomial(clusters, np.full(clusters, 1 / clusters), size=resamples)


def resample(totals: Table, drawn: NDArray[np.int64]) -> NDArray[np.float64]:
    """Add up the (K, ...) sums of the clusters drawn: (R, ...)."""
    flat = drawn.astype(np.float64) @ totals.reshape(len(totals), -1)
    return np.asarray(flat.reshape(-1, *totals.shape[1:]))


def percentile_bounds(draws: Table) -> tuple[Table, Table]:
    """Return the 95 % interval of (R, ...) draws that are defined; NaN where too few are."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        low, high = np.nanquantile(draws, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2], axis=0)
    scarce = np.isnan(draws).mean(0) > MOST_UNDEFINED
    return np.where(scarce, np.nan, low), np.where(scarce, np.nan, high)


def cluster_sums(predicted: Table, labels: Table, row: NDArray[np.integer]) -> Table:
    """Add up what every figure follows from (``metrics.sums``), by cluster.

    Args:
        predicted: (N, C).
        labels: (N, C), NaN where missing.
        row: (N,) number of each frame's cluster, from 0 to K - 1, each at least once.

    Returns:
        (K, 8, C) float64.
    """
    predicted, labels = centred(predicted, labels)
    own = [np.flatnonzero(row == index) for index in range(int(row.max()) + 1)]
    return np.stack([sums(predicted[each], labels[each]) for each in own])


def mean_intervals(
    predicted: Table,
    labels: Table,
    cluster: NDArray[np.integer],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return the intervals of the mean correlation and the mean absolute error over channels.

    Args:
        predicted: (N, C).
        labels: (N, C).
        cluster: (N,) which person, or video, each frame shows.
        resamples: Of the clusters with replacement.
        seed: Of the resampling.

    Returns:
        ``pearson`` and ``mae``. A channel that does not vary in a resample counts there as 0.
    """
    _, row = np.unique(cluster, return_inverse=True)
    totals = cluster_sums(predicted, labels, row)
    drawn = draw_clusters(len(totals), resamples, np.random.default_rng(seed))
    scores = scores_of(resample(totals, drawn))
    means = {"pearson": np.nan_to_num(scores.pearson).mean(1), "mae": scores.mae.mean(1)}
    bounds = {name: percentile_bounds(values) for name, values in means.items()}
    return {name: Interval(float(low), float(high)) for name, (low, high) in bounds.items()}
