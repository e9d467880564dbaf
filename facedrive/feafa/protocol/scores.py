"""How good predictions are, per AU and fold, with bootstrap intervals over videos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.errors import DataError
from facedrive.stats.bootstrap import (
    RESAMPLES,
    cluster_sums,
    draw_clusters,
    percentile_bounds,
    resample,
)
from facedrive.stats.metrics import Table, number, scores_of

METRICS = {
    "mse": "MSE",
    "mae": "MAE",
    "r2": "R²",
    "explained_variance": "explained variance",
    "pearson": "Pearson r",
    "icc": "ICC(3,1)",
}
"""Figures per AU → what a table calls them; ``metrics.Scores`` says what each is."""

OVERALL = {"mse_sum": "MSE, sum over AUs"} | {
    name: f"{title}, mean" for name, title in METRICS.items()
}
"""Figures over AUs: the paper's (equation 3 sums the AUs' squared errors), then the means over the
AUs for which the figure is defined."""


@dataclass(frozen=True)
class Estimate:
    """Figures and the bounds of their 95 % intervals, all of one shape; NaN where undefined."""

    value: Table
    low: Table
    high: Table

    def as_dict(self, index: int | tuple[int, int]) -> dict[str, float | None]:
        """Return one figure, None for NaN."""
        return {name: number(each[index]) for name, each in vars(self).items()}


@dataclass(frozen=True)
class Figures:
    """Of one fold, or of all."""

    videos: int
    frames: int
    aus: Estimate
    """(6, C): METRICS by AU; NaN where an AU has no label or the figure is undefined."""
    overall: Estimate
    """(7,): OVERALL."""


@dataclass(frozen=True)
class FoldScores:
    """Figures of each fold's test frames and of all together."""

    aus: tuple[str, ...]
    """(C) names."""
    folds: dict[int, Figures]
    """By the fold's number."""
    pooled: Figures
    """Every frame, each predicted by the model that never saw its video."""

    def spread(self, name: str) -> tuple[float, float]:
        """Return mean and standard deviation over folds of an OVERALL figure; one fold has none."""
        index = list(OVERALL).index(name)
        values = np.array([each.overall.value[index] for each in self.folds.values()])
        deviation = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
        return float(values.mean()), deviation

    def as_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON; None for NaN."""
        return {
            "spread": {name: self._spread(name) for name in OVERALL},
            "pooled": self._figures(self.pooled),
            "folds": {str(number): self._figures(each) for number, each in self.folds.items()},
        }

    def _spread(self, name: str) -> dict[str, float | None]:
        mean, deviation = self.spread(name)
        return {"mean": number(mean), "std": number(deviation)}

    def _figures(self, figures: Figures) -> dict[str, Any]:
        return {
            "videos": figures.videos,
            "frames": figures.frames,
            "overall": {name: figures.overall.as_dict(row) for row, name in enumerate(OVERALL)},
            "aus": {
                au: {name: figures.aus.as_dict((row, column)) for row, name in enumerate(METRICS)}
                for column, au in enumerate(self.aus)
            },
        }


class PartScores(NamedTuple):
    """What a recipe reached on one part of a dataset."""

    network: FoldScores
    constant: FoldScores
    """Of the mean of each fold's training labels."""


def score_folds(
    predicted: Table,
    labels: Table,
    video: NDArray[np.integer],
    fold: NDArray[np.integer],
    *,
    aus: tuple[str, ...] = AU_NAMES,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> FoldScores:
    """Score predictions of frames that their model never saw.

    Args:
        predicted: (N, C) AUs, finite.
        labels: (N, C), NaN where missing.
        video: (N,) which video each frame is of.
        fold: (N,) the fold in which each frame was tested.
        aus: The C channels' names.
        resamples: Of the videos with replacement, for the intervals.
        seed: Of the resampling.

    Raises:
        DataError: if shapes differ, a prediction is not finite, no label is known, or a video is
            tested in two folds.
    """
    _check(predicted, labels, video, fold, aus)
    _, first, row, frames = np.unique(
        video, return_index=True, return_inverse=True, return_counts=True
    )
    totals = cluster_sums(predicted, labels, row)  # (V, 8, C)
    tested = fold[first]  # (V,)
    random = np.random.default_rng(seed)
    return FoldScores(
        aus,
        {
            int(number): _score(totals[tested == number], frames[tested == number], resamples,
                                  random)
            for number in np.unique(tested)
        },
        _score(totals, frames, resamples, random),
    )  # fmt: skip


def _check(
    predicted: Table,
    labels: Table,
    video: NDArray[np.integer],
    fold: NDArray[np.integer],
    aus: tuple[str, ...],
) -> None:
    shape = (len(video), len(aus))
    if predicted.shape != shape or labels.shape != shape or fold.shape != video.shape:
        raise DataError(
            f"predictions {predicted.shape}, labels {labels.shape}, videos {video.shape} and folds "
            f"{fold.shape} do not fit; {len(video)} frames of {len(aus)} AUs need {shape} twice."
        )
    if not np.isfinite(predicted).all():
        wrong = int((~np.isfinite(predicted).all(1)).sum())
        raise DataError(f"{wrong} of {len(predicted)} predictions are not finite; the model broke.")
    if not np.isfinite(labels).any():
        raise DataError(f"none of {len(labels)} frames has a label; there is nothing to score.")
    pairs = np.unique(np.stack([video, fold]), axis=1)
    videos, folds = np.unique(pairs[0], return_counts=True)
    if (folds > 1).any():
        raise DataError(
            f"video {videos[folds > 1][0]} is tested in {folds.max()} folds; each video needs one."
        )


def _score(
    totals: Table, frames: NDArray[np.integer], resamples: int, random: np.random.Generator
) -> Figures:
    """Score some videos from their (V, 8, C) sums."""
    videos = len(totals)
    known = int((totals[:, 0].sum(0) > 0).sum())
    aus = _per_au(totals.sum(0))
    overall = _over_aus(aus, known)
    if videos < 2:  # nothing to resample
        return Figures(videos, int(frames.sum()), _point(aus), _point(overall))
    draws = _per_au(resample(totals, draw_clusters(videos, resamples, random)))  # (R, 6, C)
    return Figures(
        videos,
        int(frames.sum()),
        Estimate(aus, *percentile_bounds(draws)),
        Estimate(overall, *percentile_bounds(_over_aus(draws, known))),
    )


def _per_au(totals: Table) -> Table:
    """Turn (..., 8, C) sums into (..., 6, C) METRICS."""
    scores = scores_of(totals)
    return np.stack([getattr(scores, name) for name in METRICS], axis=-2)


def _over_aus(aus: Table, known: int) -> Table:
    """Turn (..., 6, C) METRICS into (..., 7) OVERALL, the sum being over ``known`` AUs."""
    defined = np.isfinite(aus)
    with np.errstate(invalid="ignore"):
        means = np.where(defined, aus, 0.0).sum(-1) / defined.sum(-1)
    return np.concatenate([known * means[..., :1], means], axis=-1)


def _point(value: Table) -> Estimate:
    return Estimate(value, np.full_like(value, np.nan), np.full_like(value, np.nan))
