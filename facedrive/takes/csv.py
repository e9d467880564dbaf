"""Rows of a take as CSV: written so that a killed run leaves whole rows, and read back."""

from __future__ import annotations

import contextlib
import csv
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from facedrive.errors import DataError, SinkError
from facedrive.takes.columns import CLOCK, COLUMNS, KNOWN, NOTHING, TABLE, Row

log = logging.getLogger(__name__)

_CELLS = [f"%.{column.digits}f" if column.digits else "%d" for column in TABLE]
WITH_FACE = ",".join(_CELLS[: -len(CLOCK)])
WITHOUT_FACE = ",".join(_CELLS[:KNOWN]) + "," * len(NOTHING)


class CsvRows:
    """Writes each row with one unbuffered write, so that a killed run leaves whole rows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._whole = 0  # bytes in whole rows
        try:
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise SinkError(f"{path} cannot be written: {error.strerror}.") from error
        try:
            self._append(",".join(COLUMNS) + "\n")
        except SinkError:
            self._file.close()
            raise

    def write(self, row: Row) -> None:
        """Append a row; on a full disk take back what was written of it."""
        *values, wall_s, timecode_s = row
        line = WITHOUT_FACE % row[:KNOWN] if row[KNOWN] is None else WITH_FACE % tuple(values)
        self._append(f"{line},{_clock(wall_s)},{_clock(timecode_s)}\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, line: str) -> None:
        rest = memoryview(line.encode("ascii"))
        try:
            while rest:  # a disk that is nearly full takes part of it
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._drop_torn_row()
            raise SinkError(
                f"{self._path} cannot be written: {error.strerror}. The rows before are kept."
            ) from error
        self._whole += len(line)

    def _drop_torn_row(self) -> None:
        with contextlib.suppress(OSError):  # a device cannot be cut; nothing is lost by it
            os.truncate(self._file.fileno(), self._whole)


def _clock(value: float | None) -> str:
    return "" if value is None else _CELLS[-1] % value


Line = tuple[str, list[str]]
"""Where it is in the file, and its cells."""


def read_lines(path: Path) -> tuple[list[str], Iterator[Line]]:
    """Return the names in a file's first line, none where it has no whole line, and its others.

    The file is opened once, so that it may be a pipe.

    Raises:
        DataError: if it cannot be read; later, if a line has not as many cells as the first.
    """
    lines = _cells(path)
    columns = next(lines, ("", []))[1]
    return columns, _even(path, len(columns), lines)


def read_numbers(
    path: Path, columns: list[str], lines: Iterable[Line]
) -> Iterator[tuple[str, list[float | None]]]:
    """Yield the place and the values of each line; None for an empty cell.

    Raises:
        DataError: if a cell is not a number.
    """
    for where, cells in lines:
        yield where, [number(path, where, *cell) for cell in zip(columns, cells, strict=True)]


def _even(path: Path, count: int, lines: Iterable[Line]) -> Iterator[Line]:
    for where, cells in lines:
        if len(cells) != count:
            raise DataError(f"{path}, {where}: {len(cells)} values, not {count}.")
        yield where, cells


def _cells(path: Path) -> Iterator[Line]:
    with _opened(path) as file:
        reader = csv.reader(_whole_lines(path, file))
        for cells in reader:
            yield f"line {reader.line_num}", cells


def number(path: Path, where: str, column: str, text: str) -> float | None:
    """Return the number in a cell; None where it is empty.

    Raises:
        DataError: if it is none.
    """
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
