"""How far predictions are from labels: per channel, missing labels left out, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.floating]

FLAT = 1e-12
"""A variance below this is none."""


@dataclass(frozen=True)
class Scores:
    """Figures per channel, each (C,); (R, C) for the sums of R sets of frames."""

    pearson: Table
    """Correlation; NaN where labels or predictions do not vary."""
    mae: Table
    mse: Table
    slope: Table
    """Of the regression of the prediction on the label; 1 is neither timid nor loud."""
    label_std: Table
    r2: Table
    """Share of the labels' variance that is predicted; 0 is no better than their mean, NaN where
    labels do not vary."""
    explained_variance: Table
    """As ``r2`` with a constant error forgiven."""
    icc: Table
    """ICC(3,1) of label and prediction as two raters: 1 only where they agree up to a constant;
    NaN where neither varies."""


def score(predicted: Table, labels: Table) -> Scores:
    """Compare (N, C) predictions with (N, C) labels, which are NaN where missing."""
    return scores_of(sums(*centred(predicted, labels)))


def centred(predicted: Table, labels: Table) -> tuple[Table, Table]:
    """Shift both (N, C) tables by the labels' mean: errors stay, sums of squares lose no digits."""
    known = np.isfinite(labels)
    mean = np.where(known, labels, 0.0).sum(0, dtype=np.float64) / np.maximum(known.sum(0), 1)
    return predicted - mean, labels - mean


def sums(predicted: Table, labels: Table) -> Table:
    """Add up what every figure follows from: (8, C) float64, which adds up over sets of frames.

    The rows: frames with a label; labels, predictions; labels², predictions², their product;
    absolute error, squared error.
    """
    known = np.isfinite(labels)
    x = np.where(known, labels, 0.0).astype(np.float64)
    y = np.where(known, predicted, 0.0).astype(np.float64)
    error = y - x
    return np.stack(
        [each.sum(0) for each in (known, x, y, x * x, y * y, x * y, np.abs(error), error * error)]
    )


def scores_of(totals: Table) -> Scores:
    """Turn (..., 8, C) sums into figures; NaN for a channel without a label."""
    count, x, y, xx, yy, xy, absolute, squared = np.moveaxis(totals, -2, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_x, mean_y = x / count, y / count
        xx, yy, xy = xx / count - mean_x**2, yy / count - mean_y**2, xy / count - mean_x * mean_y
        mae, mse, bias = absolute / count, squared / count, mean_y - mean_x
        varied = xx > FLAT
        return Scores(
            pearson=np.where(varied & (yy > FLAT), xy / np.sqrt(xx * yy), np.nan),
            mae=mae,
            mse=mse,
            slope=np.where(varied, xy / xx, np.nan),
            label_std=np.sqrt(np.maximum(xx, 0.0)),
            r2=np.where(varied, 1 - mse / xx, np.nan),
            explained_variance=np.where(varied, 1 - (mse - bias**2) / xx, np.nan),
            icc=np.where(xx + yy > FLAT, 2 * xy / (xx + yy), np.nan),
        )


def mean_of_known(values: Table) -> float:
    """Average what is a number; NaN, without a warning, where nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else np.nan


def number(value: float) -> float | None:
    """Return a figure for JSON, None where it is undefined."""
    return float(value) if np.isfinite(value) else None
