"""Takes read back: the rows that ``extract`` and the ``csv`` sink wrote become Samples again."""

from __future__ import annotations

import csv
import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AUS
from facedrive.errors import DataError
from facedrive.lost import LostFace
from facedrive.rotations import EulerDegrees, quaternion_from_euler
from facedrive.sinks.csv import ANGLES, COLUMNS
from facedrive.types import IDENTITY_HEAD, Face, Head, Sample

log = logging.getLogger(__name__)

KNOWN = 3
"""Columns that have a value without a face too: frame, time_s, face."""

LOWEST = np.array([0, -1e12, 0, -1e6, *[0] * len(AUS), *[-360] * len(ANGLES)], np.float64)
HIGHEST = np.array([1e15, 1e12, 1, 1e6, *[1] * len(AUS), *[360] * len(ANGLES)], np.float64)
"""What each column may hold."""

NO_CROP = np.zeros((0, 0), np.uint8)
NO_LANDMARKS = np.full((68, 2), np.nan, np.float32)
NO_BOX = (math.nan, math.nan, math.nan, math.nan)

Row = tuple[str, Sequence[float | None]]
"""Where in the file it is, and its values by COLUMNS; None where there is none."""


def read_take(path: Path) -> Iterator[Sample]:
    """Return the samples of a recorded take, in constant memory however long it is.

    A take keeps no pictures: a sample's face has its score and head, but an empty crop, and NaN
    for landmarks and box. The head's place is not recorded; it is that of ``IDENTITY_HEAD``.
    Where the face was lost, values hold and ease as they do in the pipeline.

    Args:
        path: ``.csv`` or ``.parquet``, with exactly the columns that ``extract`` writes.

    Raises:
        DataError: at once if the file or its header is not such a take; later, at a bad row.
    """
    if path.suffix.lower() == ".parquet":
        from facedrive.sinks import parquet

        _check_columns(path, parquet.read_columns(path))
        return _samples(path, parquet.read_rows(path))
    _check_columns(path, _read_header(path))
    return _samples(path, _read_csv(path))


def _samples(path: Path, rows: Iterable[Row]) -> Iterator[Sample]:
    lost = LostFace()
    time = -math.inf
    for where, values in rows:
        row = np.array(values, np.float64)  # None becomes NaN
        _check(path, where, row, time)
        index, time = int(row[0]), float(row[1])
        if row[2]:
            sample = _sample(index, time, row)
            lost.seen(sample)
            yield sample
        else:
            yield lost.at(time, index)


def _sample(index: int, time: float, row: NDArray[np.float64]) -> Sample:
    """Make the sample of a row with a face."""
    aus, angles = np.split(row[KNOWN + 1 :], [len(AUS)])
    head = Head(quaternion_from_euler(EulerDegrees(*angles[:3])), IDENTITY_HEAD.translation)
    gaze = np.radians(angles[3:].reshape(2, 2))
    face = Face(NO_CROP, NO_LANDMARKS, NO_BOX, float(row[KNOWN]), head)
    return Sample(time, index, aus.astype(np.float32), gaze.astype(np.float32), head, face)


def _check(path: Path, where: str, row: NDArray[np.float64], earliest: float) -> None:
    """Refuse a row that is no sample, or that is earlier than the one before."""
    known = row if row[2] == 1 else row[:KNOWN]
    good = (known >= LOWEST[: len(known)]) & (known <= HIGHEST[: len(known)])  # not so for NaN
    if not good.all():
        column = int(np.argmin(good))
        raise DataError(
            f"{path}, {where}, column {COLUMNS[column]}: {_shown(row[column])}; "
            f"it must be a number from {LOWEST[column]:g} to {HIGHEST[column]:g}."
        )
    if row[0] % 1 or row[2] % 1:
        raise DataError(f"{path}, {where}: frame and face must be whole numbers.")
    if row[1] < earliest:
        raise DataError(f"{path}, {where}, column time_s: {row[1]} is before {earliest}.")
    if not row[2] and not np.isnan(row[KNOWN:]).all():
        raise DataError(f"{path}, {where}: face is 0; the columns after it must be empty.")


def _shown(value: float) -> str:
    return "empty" if math.isnan(value) else f"{value:g}"


def _check_columns(path: Path, found: Sequence[str]) -> None:
    for number, (name, wanted) in enumerate(zip_longest(found, COLUMNS), 1):
        if name != wanted:
            raise DataError(
                f"{path} is no take: column {number} is {name or 'missing'}, not "
                f"{wanted or 'there'}. It needs exactly the columns that facedrive extract writes."
            )


def _read_header(path: Path) -> list[str]:
    with _opened(path) as file:
        return next(csv.reader(_whole_lines(path, file)), [])


def _read_csv(path: Path) -> Iterator[Row]:
    with _opened(path) as file:
        reader = csv.reader(_whole_lines(path, file))
        next(reader)
        for cells in reader:
            where = f"line {reader.line_num}"
            if len(cells) != len(COLUMNS):
                raise DataError(f"{path}, {where}: {len(cells)} values, not {len(COLUMNS)}.")
            yield where, [_number(path, where, *cell) for cell in zip(COLUMNS, cells, strict=True)]


def _number(path: Path, where: str, column: str, text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError as error:
        raise DataError(f"{path}, {where}, column {column}: {text!r} is not a number.") from error


def _whole_lines(path: Path, file: TextIO) -> Iterator[str]:
    """Yield the lines that were written to their end; a killed run can tear the last one."""
    for line in file:
        if not line.endswith("\n"):
            log.warning("%s: the last row is torn after %d characters; left out", path, len(line))
            return
        yield line


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            yield file
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    except csv.Error as error:
        raise DataError(f"{path} is no CSV: {error}.") from error
