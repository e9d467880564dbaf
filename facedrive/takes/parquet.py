"""Rows of a take as a Parquet file, written and read through pyarrow."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from facedrive.errors import DataError, DependencyError, SinkError
from facedrive.files import whole_path
from facedrive.takes.columns import COLUMNS, Row
from facedrive.takes.journal import Journal, beside, read_journal

try:
    import pyarrow as pa
    from pyarrow import compute as pc
    from pyarrow import parquet as pq
except ImportError as error:
    raise DependencyError(
        "Parquet needs the package pyarrow; install it with: pip install 'facedrive[parquet]'."
    ) from error

log = logging.getLogger(__name__)

ROW_GROUP = 4096
"""Rows held in memory before they are written."""

__all__ = ["CLIP", "ROW_GROUP", "ParquetRows", "column_type", "pa", "pc", "pq", "read_columns",
           "read_rows", "read_texts"]  # fmt: skip

CLIP = "clip"
"""The column of a corpus's files that says which clip or picture a row is of; no take's own."""

TYPES = {
    "frame": pa.int64(), "time_s": pa.float64(), "face": pa.int8(), "person": pa.int32(),
    "wall_s": pa.float64(), "timecode_s": pa.float64(),
}  # fmt: skip
"""The other columns are float32, null where a row has no value."""


def column_type(name: str) -> pa.DataType:
    """Return the type that a column of a take has in Parquet."""
    return TYPES.get(name, pa.float32())


class ParquetRows:
    """Writes rows in groups; the file can be read only once it is closed.

    Until then its rows are in a journal too, from which the next reader makes the file.
    """

    def __init__(self, path: Path, *, journal: bool = True) -> None:
        self._path = path
        keeps = journal and not (path.exists() and not path.is_file())  # none beside a pipe
        self._journal = Journal(path) if keeps else None
        self._schema = pa.schema([(name, column_type(name)) for name in COLUMNS])
        self._rows: list[Row] = []
        with explaining(self._path):
            self._writer = pq.ParquetWriter(path, self._schema)

    def write(self, row: Row) -> None:
        """Append a row."""
        if self._journal:
            self._journal.write(row)
        self._rows.append(row)
        if len(self._rows) == ROW_GROUP:
            with explaining(self._path):
                self._write_group()

    def close(self) -> None:
        """Write what is left, and the index that makes it a Parquet file."""
        whole = False
        try:
            with explaining(self._path):
                if self._rows:
                    self._write_group()
                self._writer.close()
            whole = True
        finally:
            if self._journal:
                self._journal.close(whole=whole)

    def _write_group(self) -> None:
        rows = self._rows
        self._rows = []
        columns = list(zip(*rows, strict=True))
        self._writer.write_table(pa.table(columns, schema=self._schema))


@contextmanager
def explaining(path: Path, advice: str = "") -> Iterator[None]:
    """Turn Arrow's errors of writing a file into ours; ``advice`` is the next step."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        end = f"; {advice}." if advice else "."
        raise SinkError(f"{path} cannot be written: {reason}{end}") from error


def read_columns(path: Path) -> list[str]:
    """Return the names of a file's columns, but for ``CLIP``.

    Raises:
        DataError: if it is no Parquet file, or a column holds no numbers.
    """
    with _reading(path) as file:
        fields = [each for each in file.schema_arrow if each.name != CLIP]
        for field in fields:
            if not (pa.types.is_integer(field.type) or pa.types.is_floating(field.type)):
                raise DataError(f"{path}, column {field.name}: {field.type}, not numbers.")
        return [field.name for field in fields]


def read_texts(path: Path, column: str) -> tuple[list[str], list[str]]:
    """Return the names of a file's columns, and the texts of one; none where it is missing.

    Raises:
        DataError: if it is no Parquet file.
    """
    with _reading(path) as file:
        names = list(file.schema_arrow.names)
        if column not in names:
            return names, []
        texts = file.read([column]).column(0).to_pylist()
        return names, [str(each) for each in texts if each is not None]


def read_rows(path: Path) -> Iterator[tuple[str, tuple[float | None, ...]]]:
    """Yield each row's place and values, None for null, holding one batch at a time.

    Raises:
        DataError: if the file is damaged.
    """
    number = 0
    with _reading(path) as file:
        columns = [name for name in file.schema_arrow.names if name != CLIP]
        for batch in file.iter_batches(batch_size=ROW_GROUP, columns=columns):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield f"row {number}", row


@contextmanager
def _reading(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with _opened(path) as file:
            yield file
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}.") from error


def _opened(path: Path) -> pq.ParquetFile:
    """Open a file; one that a killed run has left without its index is first made whole."""
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowInvalid):
        if not (path.is_file() and beside(path).is_file()):
            raise
    _recover(path)
    return pq.ParquetFile(path)


def _recover(path: Path) -> None:
    """Make a Parquet file of its journal.

    Raises:
        DataError: if the journal is still being written, or the file cannot be.
    """
    count = 0
    with whole_path(path, DataError) as place:
        rows = ParquetRows(place, journal=False)
        for row in read_journal(path):
            rows.write(row)
            count += 1
        rows.close()
    beside(path).unlink(missing_ok=True)
    log.warning("%s was not finished; its %d rows are recovered", path, count)
