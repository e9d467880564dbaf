"""Ratings of any subjects by any raters, read from CSV, and how far the raters agree."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.stats.icc import (
    FORMS,
    Form,
    Icc,
    MeanSquares,
    analyse_variance,
    icc,
    why_undefined,
)
from facedrive.stats.metrics import number

MEAN_SQUARES = ("MSR", "MSC", "MSE", "MSW")
"""As equation 1 of the paper calls them; the last is for the one-way forms."""


class Ratings(NamedTuple):
    """Who rated what."""

    raters: tuple[str, ...]
    """(k) names."""
    values: NDArray[np.float64]
    """(n, k) a row per subject; NaN where missing."""


def read_ratings(path: Path) -> Ratings:
    """Read a header with the raters' names, then a row per subject; an empty cell is missing.

    Raises:
        DataError: if the file cannot be read, has fewer than two raters or no subject, or a cell
            is no number.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            table = [row for row in csv.reader(lines) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as CSV: {error}.") from error
    if not table:
        raise DataError(f"{path} is empty; facedrive needs a header, then a row per subject.")
    raters, rows = tuple(name.strip() for name in table[0]), table[1:]
    if len(raters) < 2:
        raise DataError(
            f"{path} has {len(raters)} column, '{table[0][0]}'; agreement needs at least 2 raters, "
            "separated by commas."
        )
    if _is_number(raters[0]):
        raise DataError(f"{path} begins with numbers; its first line must name the raters.")
    if not rows:
        raise DataError(f"{path} has no row below its header; each subject needs one.")
    values = [_numbers(path, number, row, raters) for number, row in enumerate(rows, start=2)]
    return Ratings(raters, np.array(values, np.float64))


class Reliability(NamedTuple):
    """All six forms of the intraclass correlation of some ratings."""

    raters: tuple[str, ...]
    squares: MeanSquares
    left_out: int
    """Subjects that some rater did not rate."""
    forms: dict[Form, Icc]
    reasons: dict[Form, str]
    """Why there is no such correlation; empty where there is one."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON; None for NaN."""
        return {
            "raters": list(self.raters),
            "k": self.squares.k,
            "n": int(self.squares.n),
            "left_out": self.left_out,
            **{name: number(getattr(self.squares, name.lower())) for name in MEAN_SQUARES},
            "forms": {
                f"ICC({form})": {
                    **{name: number(each) for name, each in vars(found).items()},
                    "reason": self.reasons[form],
                    "meaning": FORMS[form],
                }
                for form, found in self.forms.items()
            },
        }


def rate(ratings: Ratings) -> Reliability:
    """Estimate the agreement of raters.

    Raises:
        DataError: if there is only one.
    """
    squares = analyse_variance(ratings.values)
    return Reliability(
        ratings.raters,
        squares,
        len(ratings.values) - int(squares.n),
        {form: icc(squares, form) for form in FORMS},
        {form: str(why_undefined(squares, form)) for form in FORMS},
    )


def _numbers(path: Path, number: int, row: list[str], raters: tuple[str, ...]) -> list[float]:
    if len(row) != len(raters):
        raise DataError(
            f"{path} row {number} has {len(row)} cells, the header has {len(raters)}; numbers need "
            "a point, not a comma."
        )
    for rater, cell in zip(raters, row, strict=True):
        if cell.strip() and not _is_number(cell):
            raise DataError(
                f"{path} row {number}: '{cell}' by {rater} is no number; every column is a rater, "
                "an empty cell is missing."
            )
    return [float(cell) if cell.strip() else np.nan for cell in row]


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
