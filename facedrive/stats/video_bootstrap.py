"""Intervals by drawing whole videos with replacement: a video's frames are no separate evidence."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
COVERAGE = 0.95

MOST_UNDEFINED = 0.1
"""Share of draws that may be undefined: what shows in fewer than three videos misses more of them,
and the draws that have it tell nothing of how it differs between videos."""


def draw_videos(videos: int, resamples: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Return (R, V): how often each video is in each resample."""
    return random.multinomial(videos, np.full(videos, 1 / videos), size=resamples)


def resample(totals: NDArray[np.floating], drawn: NDArray[np.int64]) -> NDArray[np.float64]:
    """Add up the (V, ...) sums of the videos drawn: (R, ...)."""
    flat = drawn.astype(np.float64) @ totals.reshape(len(totals), -1)
    return np.asarray(flat.reshape(-1, *totals.shape[1:]))


def percentile_bounds(
    draws: NDArray[np.floating],
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return the 95 % interval of (R, ...) draws that are defined; NaN where too few are."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        low, high = np.nanquantile(draws, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2], axis=0)
    scarce = np.isnan(draws).mean(0) > MOST_UNDEFINED
    return np.where(scarce, np.nan, low), np.where(scarce, np.nan, high)
