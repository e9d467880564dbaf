"""How far predictions are from labels: per channel, NaN-safe, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.floating]


@dataclass(frozen=True)
class Scores:
    """Figures per channel, each (C,)."""

    pearson: Table
    """Correlation; NaN where labels or predictions do not vary."""
    mae: Table
    mse: Table
    slope: Table
    """Of the regression of the prediction on the label; 1 is neither timid nor loud."""
    label_std: Table


def score(predicted: Table, labels: Table) -> Scores:
    """Compare (N, C) predictions with (N, C) labels."""
    predicted, labels = predicted.astype(np.float64), labels.astype(np.float64)
    error = predicted - labels
    x, y = labels - labels.mean(0), predicted - predicted.mean(0)
    xx, yy, xy = (x * x).mean(0), (y * y).mean(0), (x * y).mean(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        pearson = np.where((xx > 1e-12) & (yy > 1e-12), xy / np.sqrt(xx * yy), np.nan)
        slope = np.where(xx > 1e-12, xy / xx, np.nan)
    return Scores(pearson, np.abs(error).mean(0), (error**2).mean(0), slope, np.sqrt(xx))
