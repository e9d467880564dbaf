"""Agreement of raters: the six intraclass correlations of Shrout and Fleiss, with intervals.

n subjects (frames) are rated by k raters (coders). ``MSR``, ``MSC`` and ``MSE`` are the mean
squares of equation 1 of the FEAFA+ paper. They follow from sums over subjects, which add up over
sets of subjects; leading axes are carried along, so many AUs and resamples go at once.

Shrout and Fleiss, "Intraclass correlations: uses in assessing rater reliability", 1979; intervals
of the (2, k) form as McGraw and Wong, "Forming inferences about some intraclass correlation
coefficients", 1996.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri

from facedrive.errors import DataError

Values = NDArray[np.float64]
Form = Literal["1,1", "2,1", "3,1", "1,k", "2,k", "3,k"]

FORMS: dict[Form, str] = {
    "1,1": "each subject rated by other raters; one rating",
    "2,1": "raters are a sample, absolute agreement; one rating",
    "3,1": "these raters, consistency; one rating",
    "1,k": "each subject rated by other raters; mean of k",
    "2,k": "raters are a sample, absolute agreement; mean of k",
    "3,k": "these raters, consistency; mean of k",
}
"""ICC(form) → what it measures; the paper's Table 3 is (2, k)."""

ROUNDING = 1e-13
"""A share of the sum of squares below this is rounding, and counts as none."""


@dataclass(frozen=True)
class MeanSquares:
    """Of a two-way analysis of variance without replication; each (...) float64."""

    n: Values
    """Subjects that every rater rated."""
    k: int
    """Raters."""
    msr: Values
    """Of the rows: one subject's ratings by different raters."""
    msc: Values
    """Of the columns: one rater's ratings of different subjects."""
    mse: Values
    """Of the error."""
    msw: Values
    """Within rows: columns and error together, which the one-way model (1, .) takes for error."""


@dataclass(frozen=True)
class Icc:
    """An intraclass correlation and its interval, each (...); NaN where undefined."""

    value: Values
    low: Values
    high: Values


def rating_sums(ratings: Values) -> Values:
    """Add up what the mean squares follow from.

    Args:
        ratings: (..., n, k), NaN where missing; a subject with a missing rating is left out.

    Returns:
        (..., 3 + k): subjects, sum of squares, sum of squared row sums, the k column sums.
        They add up over sets of subjects. Digits are lost where ratings are far from 0.

    Raises:
        DataError: if there is only one rater.
    """
    k = ratings.shape[-1]
    if k < 2:
        raise DataError(f"there is {k} rater; agreement needs at least 2.")
    whole = np.asarray(np.isfinite(ratings).all(-1))
    x = np.where(whole[..., None], ratings, 0.0)
    ends = [whole.sum(-1), (x * x).sum((-2, -1)), (x.sum(-1) ** 2).sum(-1)]
    return np.concatenate([np.stack(ends, -1), x.sum(-2)], axis=-1)


def analyse_variance(ratings: Values) -> MeanSquares:
    """Return the mean squares of (..., n, k) ratings, NaN where missing, wherever they lie."""
    known = np.isfinite(ratings)
    middle = np.where(known, ratings, 0.0).sum((-2, -1), keepdims=True) / np.maximum(
        known.sum((-2, -1), keepdims=True), 1
    )
    return mean_squares(rating_sums(ratings - middle))


def mean_squares(sums: Values) -> MeanSquares:
    """Turn (..., 3 + k) sums into mean squares."""
    n, squares, rows, columns = sums[..., 0], sums[..., 1], sums[..., 2], sums[..., 3:]
    k = columns.shape[-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = columns.sum(-1) ** 2 / (n * k)
        ssr, ssc = rows / k - mean, (columns**2).sum(-1) / n - mean
        parts = np.stack([ssr, ssc, squares - mean - ssr - ssc])
        ssr, ssc, sse = np.where(parts > ROUNDING * squares, parts, 0.0)
        return MeanSquares(
            n,
            k,
            msr=ssr / (n - 1),
            msc=ssc / (k - 1),
            mse=sse / ((n - 1) * (k - 1)),
            msw=(ssc + sse) / (n * (k - 1)),
        )


def estimate(squares: MeanSquares, form: Form) -> Values:
    """Return ICC(form) alone, (...); NaN where ``why_undefined`` has a reason."""
    error, _ = _error(squares, form)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = (squares.msr - error) / _spread(squares, form)
    return np.where(why_undefined(squares, form) == "", value, np.nan)


def icc(squares: MeanSquares, form: Form, confidence: float = 0.95) -> Icc:
    """Estimate ICC(form) with its interval, which takes subjects as independent."""
    value = estimate(squares, form)
    bounds = _bounds_absolute if form[0] == "2" else _bounds_ratio
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = bounds(squares, form, (1 + confidence) / 2)
    undefined = np.isnan(value)
    return Icc(value, np.where(undefined, np.nan, low), np.where(undefined, np.nan, high))


def why_undefined(squares: MeanSquares, form: Form) -> NDArray[np.str_]:
    """Return (...) the reason why there is no ICC(form); empty where there is one."""
    with np.errstate(invalid="ignore", divide="ignore"):
        negative = _spread(squares, form) <= 0
    return np.select(
        [squares.n < 2, squares.msr == 0, negative],
        ["fewer than 2 subjects that every rater rated", "the subjects do not differ",
         "the subjects differ less than the error alone makes them"],
        "",
    )  # fmt: skip


def _error(squares: MeanSquares, form: Form) -> tuple[Values, Values]:
    """Return the mean square that counts as error, and its degrees of freedom."""
    if form[0] == "1":
        return squares.msw, squares.n * (squares.k - 1)
    return squares.mse, (squares.n - 1) * (squares.k - 1)


def _spread(squares: MeanSquares, form: Form) -> Values:
    """Return the denominator: everything that makes one rating, or the mean of k, differ."""
    error, _ = _error(squares, form)
    raters = (squares.msc - error) / squares.n if form[0] == "2" else np.zeros_like(error)
    if form[2] == "k":
        return squares.msr + raters
    return squares.msr + (squares.k - 1) * error + squares.k * raters


def _bounds_ratio(squares: MeanSquares, form: Form, tail: float) -> tuple[Values, Values]:
    """Move MSR / error by quantiles of F; multiplied out, as the error may be 0."""
    error, freedom = _error(squares, form)
    down, up = fdtri(squares.n - 1, freedom, tail), fdtri(freedom, squares.n - 1, tail)
    others = squares.k - 1 if form[2] == "1" else 0
    low = (squares.msr - down * error) / (squares.msr + others * down * error)
    high = (up * squares.msr - error) / (up * squares.msr + others * error)
    return low, high


def _bounds_absolute(squares: MeanSquares, form: Form, tail: float) -> tuple[Values, Values]:
    """Move MSR by quantiles of F whose degrees of freedom are Satterthwaite's for MSC and MSE."""
    n, k, msr, msc, mse = squares.n, squares.k, squares.msr, squares.msc, squares.mse
    one = estimate(squares, "2,1")
    raters, error = k * one * msc, (n * (1 + (k - 1) * one) - k * one) * mse
    freedom = (k - 1) * (n - 1) * (raters + error) ** 2 / ((n - 1) * raters**2 + error**2)
    agreed = (msc == 0) & (mse == 0)  # then the bounds are 1, whatever the freedom
    freedom = np.where(agreed, 1.0, freedom)
    down, up = fdtri(n - 1, freedom, tail), fdtri(freedom, n - 1, tail)
    rest = msc - mse if form[2] == "k" else k * msc + (k * n - k - n) * mse
    low = n * (msr - down * mse) / (down * rest + n * msr)
    high = n * (up * msr - mse) / (rest + n * up * msr)
    return low, high
