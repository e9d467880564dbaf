"""Takes read back: the rows that ``extract`` and the ``csv`` sink wrote become Samples again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES, AUS
from facedrive.errors import DataError
from facedrive.extras import EXTRA_NAMES, derived
from facedrive.lost import LostFace
from facedrive.rotations import EulerDegrees, quaternion_from_euler
from facedrive.takes import csv, livelink
from facedrive.takes.columns import (
    ANGLES,
    CLOCK,
    COLUMNS,
    GAZE,
    KNOWN,
    LATER,
    PERSON,
    POSITION,
    TABLE,
)
from facedrive.types import IDENTITY_HEAD, NO_CLOCK, Head, Sample, WallClock

LOWEST = np.array([column.lowest for column in TABLE])
HIGHEST = np.array([column.highest for column in TABLE])

ReadRow = tuple[str, Sequence[float | None]]
"""Where in the file it is, and its values by the file's columns; None where there is none."""

TableRow = NDArray[np.float64]
"""The values of ``COLUMNS``, NaN where there is none."""


def read_take(path: Path, person: int | None = 1) -> Iterator[Sample]:
    """Return the samples of a recorded take, in constant memory however long it is.

    A take keeps no landmarks. One from before takes kept the head's position has that of
    ``IDENTITY_HEAD``. Where the face was lost, values hold and ease as they do in the pipeline. The
    file is opened once, so that it may be a pipe.

    Args:
        path: ``.csv`` or ``.parquet``, with the columns that ``extract`` writes, or wrote before
            it wrote the head's position; or a CSV of Live Link Face.
        person: Whose samples, of several people; None: everybody's.

    Raises:
        DataError: at once if the file or its header is not such a take; later, at a bad row.
    """
    return _samples(read_table(path), person)


def read_table(path: Path) -> Iterator[TableRow]:
    """Return the rows of a recorded take as they are in the file; otherwise as ``read_take``."""
    if path.suffix.lower() == ".parquet":
        from facedrive.takes import parquet

        columns = parquet.read_columns(path)
        return _checked(path, parquet.read_rows(path), _places(path, columns))
    columns, lines = csv.read_lines(path)
    if livelink.is_header(columns):
        rows = livelink.read_rows(path, columns, lines)
        return _checked(path, rows, [COLUMNS.index(name) for name in livelink.GIVES])
    return _checked(path, csv.read_numbers(path, columns, lines), _places(path, columns))


def _checked(path: Path, rows: Iterable[ReadRow], places: list[int]) -> Iterator[TableRow]:
    time = -math.inf
    has_position, has_extras = _POSITION.start in places, _EXTRAS.start in places
    has_person = _PERSON in places
    for where, values in rows:
        row = np.full(len(COLUMNS), np.nan)
        row[places] = values  # None becomes NaN
        if not has_position and row[KNOWN - 1] == 1:
            row[_POSITION] = IDENTITY_HEAD.translation
        if not has_extras and row[KNOWN - 1] == 1:
            row[_EXTRAS] = derived(row[_AUS].astype(np.float32))
        if not has_person and row[KNOWN - 1] == 1:
            row[_PERSON] = 1
        _check(path, where, row, time)
        time = float(row[1])
        yield row


def _samples(rows: Iterable[TableRow], person: int | None) -> Iterator[Sample]:
    """Yield the samples of one person, or of everybody who was seen so far, frame after frame."""
    frames = _Frames(person)
    for row in rows:
        yield from frames.add(row)
    yield from frames.end()


class _Frames:
    """Makes samples of rows as they come; who has no row in a frame is lost there."""

    def __init__(self, person: int | None) -> None:
        self._all = person is None
        self._lost = {person or 1: LostFace()}
        self._at: tuple[int, float] | None = None
        self._clock = NO_CLOCK
        self._done: set[int] = set()
        """Who has a sample of the frame at hand."""

    def add(self, row: TableRow) -> Iterator[Sample]:
        at = int(row[0]), float(row[1])
        if at != self._at:
            yield from self.end()
            self._at, self._done = at, set()
        self._clock = WallClock(*row[_CLOCK].tolist())
        if not row[2]:
            yield from self._lose({1} & self._lost.keys())
            return
        sample = _sample(*at, row)
        if self._all:
            self._lost.setdefault(sample.person, LostFace())
        if sample.person in self._lost:
            self._lost[sample.person].seen(sample)
            self._done.add(sample.person)
            yield sample

    def end(self) -> Iterator[Sample]:
        if self._at is not None:
            yield from self._lose(self._lost.keys() - self._done)

    def _lose(self, people: Set[int]) -> Iterator[Sample]:
        assert self._at is not None
        index, time = self._at
        for person in sorted(people):
            self._done.add(person)
            lost = self._lost[person].at(time, index)
            yield replace(lost, clock=self._clock, person=person)


def _sample(index: int, time: float, row: TableRow) -> Sample:
    """Make the sample of a row with a face."""
    aus, angles, position, gaze, extras, person, clock = np.split(row[KNOWN + 1 :], _ENDS)
    head = Head(quaternion_from_euler(EulerDegrees(*angles)), position.astype(np.float32))
    gaze_rad = np.radians(gaze.reshape(2, 2)).astype(np.float32)
    when, score = WallClock(*clock.tolist()), float(row[KNOWN])
    return Sample(
        time, index, aus.astype(np.float32), gaze_rad, head, True, score,
        extras=extras.astype(np.float32), clock=when,
        person=int(person[0]) if person[0] >= 1 else 1,
    )  # fmt: skip


_ENDS = np.cumsum([len(AUS), len(ANGLES), len(POSITION), len(GAZE), len(EXTRA_NAMES),
                   len(PERSON)])  # fmt: skip
"""Where, after the score, AUs, angles, position, gaze, extras and person end."""

_AUS, _POSITION, _EXTRAS = (
    slice(COLUMNS.index(names[0]), COLUMNS.index(names[-1]) + 1)
    for names in (AU_NAMES, POSITION, EXTRA_NAMES)
)
_PERSON = COLUMNS.index(*PERSON)
_CLOCK = slice(len(COLUMNS) - len(CLOCK), len(COLUMNS))


def _check(path: Path, where: str, row: TableRow, earliest: float) -> None:
    """Refuse a row that is no sample, or that is earlier than the one before."""
    known = row[: _CLOCK.start] if row[2] == 1 else row[:KNOWN]
    good = (known >= LOWEST[: len(known)]) & (known <= HIGHEST[: len(known)])  # not so for NaN
    if not good.all():
        column = int(np.argmin(good))
        raise DataError(
            f"{path}, {where}, column {COLUMNS[column]}: {_shown(row[column])}; "
            f"it must be a number from {LOWEST[column]:g} to {HIGHEST[column]:g}."
        )
    if row[0] % 1 or row[2] % 1 or row[_PERSON] % 1 > 0:
        raise DataError(f"{path}, {where}: frame, face and person must be whole numbers.")
    if row[1] < earliest:
        raise DataError(f"{path}, {where}, column time_s: {row[1]} is before {earliest}.")
    if not row[2] and not np.isnan(row[KNOWN : _CLOCK.start]).all():
        raise DataError(f"{path}, {where}: face is 0; the columns after it must be empty.")


def _shown(value: float) -> str:
    return "empty" if math.isnan(value) else f"{value:g}"


def _places(path: Path, found: Sequence[str]) -> list[int]:
    """Return where a file's columns stand in ours; refuse others, but for an older take's."""
    lacking = {name for group in LATER if not set(group) & set(found) for name in group}
    if list(found) == [name for name in COLUMNS if name not in lacking]:
        return [COLUMNS.index(name) for name in found]
    for number, (name, wanted) in enumerate(zip_longest(found, COLUMNS), 1):
        if name != wanted:
            raise DataError(
                f"{path} is no take: column {number} is {name or 'missing'}, not "
                f"{wanted or 'there'}. It needs exactly the columns that facedrive extract writes, "
                "or those of Live Link Face."
            )
    raise AssertionError("columns that are ours are no others")
