"""The rows of a Parquet take, kept beside it until it is whole: a killed run loses none of them.

A Parquet file can be read only once its index is written, at its end. Until then each row is also
in ``NAME.rows``: a line that names the columns, then a little-endian double a value, NaN for none.
"""

from __future__ import annotations

import contextlib
import math
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from facedrive.errors import DataError, SinkError
from facedrive.takes.columns import COLUMNS, TABLE, Row

HEADER = ("facedrive rows: " + ",".join(COLUMNS) + "\n").encode()
WIDTH = 8 * len(COLUMNS)


def beside(path: Path) -> Path:
    """Return where the rows of a Parquet file are until it is whole."""
    return path.with_name(f"{path.name}.rows")


class Journal:
    """Takes rows, each with one unbuffered write."""

    def __init__(self, path: Path) -> None:
        """Begin the journal of a Parquet file.

        Raises:
            SinkError: if it cannot be written.
        """
        self._path = beside(path)
        try:
            self._file = self._path.open("wb", buffering=0)
            _lock(self._file)
            self._file.write(HEADER)
        except OSError as error:
            raise self._failed(error) from error

    def write(self, row: Row) -> None:
        """Append a row.

        Raises:
            SinkError: if the disk is full or gone.
        """
        values = array("d", [math.nan if value is None else value for value in row])
        if sys.byteorder == "big":
            values.byteswap()
        try:
            self._file.write(values.tobytes())
        except OSError as error:
            take = self._path.with_suffix("")
            raise SinkError(
                f"{take} cannot be written: {error.strerror}. The rows before are kept in "
                f"{self._path.name} beside it; reading the take makes it whole."
            ) from error

    def close(self, *, whole: bool) -> None:
        """Close the journal, and take it away if its Parquet file is ``whole``."""
        self._file.close()
        if whole:
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _failed(self, error: OSError) -> SinkError:
        return SinkError(f"{self._path} cannot be written: {error.strerror}.")


def read_journal(path: Path) -> Iterator[Row]:
    """Yield the whole rows that a killed run has left beside a Parquet file.

    Raises:
        DataError: if they are still being written, or are another version's.
    """
    place = beside(path)
    try:
        with place.open("rb") as file:
            if not _lock(file, shared=True):
                raise DataError(f"{path} is still being written; read it when that has ended.")
            if file.readline() != HEADER:
                raise DataError(f"{place} is of another version of facedrive; read it with that.")
            while len(record := file.read(WIDTH)) == WIDTH:
                values = array("d", record)
                if sys.byteorder == "big":
                    values.byteswap()
                yield _row(values)
    except OSError as error:
        raise DataError(f"{place} cannot be read: {error.strerror}.") from error


def _row(values: array[float]) -> Row:
    return tuple(
        None if math.isnan(value) else value if column.digits else int(value)
        for column, value in zip(TABLE, values, strict=True)
    )


def _lock(file: BinaryIO, *, shared: bool = False) -> bool:
    """Lock an open file for as long as it is open; say whether it could be."""
    if sys.platform == "win32":  # which moves and takes away no file that is open
        return True
    import fcntl

    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
