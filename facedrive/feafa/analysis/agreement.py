"""How far coders of the same frames agree, per AU: the paper's Table 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.errors import DataError
from facedrive.feafa.labels.video import Part, Video
from facedrive.stats.bootstrap import RESAMPLES, draw_clusters, percentile_bounds, resample
from facedrive.stats.icc import (
    Icc,
    MeanSquares,
    estimate,
    icc,
    mean_squares,
    rating_sums,
    why_undefined,
)
from facedrive.stats.metrics import number

VideoKey = tuple[Part, str, str]
"""Part, subject and name, which no two videos of a dataset share."""

LEVELS = {0.9: "excellent", 0.75: "good", 0.5: "moderate"}
"""Lower bound of the 95 % interval above which agreement is called so (section 3.2)."""


@dataclass(frozen=True)
class Agreement:
    """ICC(2,k) of k coders over the frames that all of them labelled."""

    coders: tuple[str, ...]
    videos: tuple[str, ...]
    """Those that every coder labelled."""
    left_out: int
    """Videos that some coder did not label."""
    frames: int
    squares: MeanSquares
    """Per AU, (24,)."""
    icc: Icc
    """ICC(2,k) per AU, (24,); its interval takes frames as independent, as the paper's does."""
    over_videos: tuple[NDArray[np.floating], NDArray[np.floating]]
    """(24,) bounds that do not: from resampling whole videos; NaN with one video."""
    reasons: tuple[str, ...]
    """Per AU, why it has no ICC; empty where it has one."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON; None for NaN."""
        return {
            "coders": list(self.coders),
            "videos": list(self.videos),
            "videos_left_out": self.left_out,
            "frames": self.frames,
            "form": "ICC(2,k)",
            "k": len(self.coders),
            "aus": {name: self._au(index) for index, name in enumerate(AU_NAMES)},
        }

    def _au(self, index: int) -> dict[str, float | str | None]:
        columns = {
            "icc": self.icc.value,
            "low": self.icc.low,
            "high": self.icc.high,
            "low_over_videos": self.over_videos[0],
            "high_over_videos": self.over_videos[1],
            "MSR": self.squares.msr,
            "MSC": self.squares.msc,
            "MSE": self.squares.mse,
        }
        figures = {name: number(column[index]) for name, column in columns.items()}
        return figures | {"level": level(self.icc.low[index]), "reason": self.reasons[index]}


def compare_coders(
    coders: Mapping[str, Sequence[Video]], resamples: int = RESAMPLES, seed: int = 0
) -> Agreement:
    """Compare what coders said of the videos that all of them labelled.

    A frame counts for an AU if every coder labelled that AU in it.

    Raises:
        DataError: if there are fewer than two coders, or no video or frame is common to all.
    """
    if len(coders) < 2:
        names = ", ".join(coders) or "none"
        raise DataError(f"coders: {names}; agreement needs a folder each of at least 2.")
    by_coder = [{_key(video): video for video in videos} for videos in coders.values()]
    common = sorted(set.intersection(*map(set, by_coder)))
    if not common:
        raise DataError(f"no video was labelled by all of {', '.join(coders)}; compare some.")
    ratings = [_align([videos[key] for videos in by_coder]) for key in common]
    frames = sum(each.shape[1] for each in ratings)
    if not frames:
        raise DataError(f"no frame was labelled by all of {', '.join(coders)}; compare some.")
    totals = np.stack([rating_sums(each) for each in ratings])  # (V, 24, 3 + k)
    squares = mean_squares(totals.sum(0))
    return Agreement(
        tuple(coders),
        tuple(name for _, _, name in common),
        len(set.union(*map(set, by_coder))) - len(common),
        frames,
        squares,
        icc(squares, "2,k"),
        _bounds_over_videos(totals, resamples, seed),
        tuple(str(reason) for reason in why_undefined(squares, "2,k")),
    )


def level(low: float) -> str:
    """Name the agreement that an interval's lower bound stands for."""
    if np.isnan(low):
        return "undefined"
    return next((name for bound, name in LEVELS.items() if low > bound), "poor")


def _key(video: Video) -> VideoKey:
    return video.part, video.subject, video.name


def _align(versions: Sequence[Video]) -> NDArray[np.float64]:
    """Stack one video's labels by k coders over the frames that all have: (24, F, k) float64."""
    shared = versions[0].frames
    for video in versions[1:]:
        shared = np.intersect1d(shared, video.frames)
    rows = [video.aus[np.isin(video.frames, shared)] for video in versions]  # k of (F, 24)
    known = np.all([np.isfinite(each).any(1) for each in rows], axis=0)
    return np.stack([each[known].T for each in rows], axis=-1).astype(np.float64)


def _bounds_over_videos(
    totals: NDArray[np.floating], resamples: int, seed: int
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    if len(totals) < 2:
        nothing = np.full(totals.shape[1], np.nan)
        return nothing, nothing
    drawn = draw_clusters(len(totals), resamples, np.random.default_rng(seed))
    return percentile_bounds(estimate(mean_squares(resample(totals, drawn)), "2,k"))
