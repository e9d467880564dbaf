"""Rows of a take as a Parquet file, through pyarrow."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from facedrive.errors import DependencyError, SinkError

try:
    import pyarrow as pa  # type: ignore[import-untyped,import-not-found,unused-ignore]
    from pyarrow.parquet import (  # type: ignore[import-untyped,import-not-found,unused-ignore]
        ParquetWriter,
    )
except ImportError as error:
    raise DependencyError(
        "Parquet needs the package pyarrow; install it with: pip install 'facedrive[parquet]'."
    ) from error

ROW_GROUP = 4096
"""Rows held in memory before they are written."""

TYPES = {"frame": pa.int64(), "time_s": pa.float64(), "face": pa.int8()}
"""The other columns are float32, null where a row ends before them."""


class ParquetRows:
    """Writes rows in groups; the file can be read only once it is closed."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._path = path
        self._schema = pa.schema([(name, TYPES.get(name, pa.float32())) for name in columns])
        self._rows: list[Sequence[int | float]] = []
        with self._explaining():
            self._writer = ParquetWriter(path, self._schema)

    def write(self, row: Sequence[int | float]) -> None:
        """Append a row, which may end early."""
        self._rows.append(row)
        if len(self._rows) == ROW_GROUP:
            with self._explaining():
                self._write_group()

    def close(self) -> None:
        """Write what is left, and the index that makes it a Parquet file."""
        with self._explaining():
            if self._rows:
                self._write_group()
            self._writer.close()

    def _write_group(self) -> None:
        rows, self._rows = self._rows, []
        width = len(self._schema)
        columns = zip(*((*row, *[None] * (width - len(row))) for row in rows), strict=True)
        self._writer.write_table(pa.table(list(columns), schema=self._schema))

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise SinkError(f"{self._path} cannot be written: {reason}.") from error
