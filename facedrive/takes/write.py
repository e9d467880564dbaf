"""Writing takes: rows into a file of the kind that its name says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from facedrive.takes.columns import Row


class RowFile(Protocol):
    """A file that takes rows."""

    def write(self, row: Row) -> None:
        """Append a row, or raise SinkError."""
        ...

    def close(self) -> None:
        """Finish the file, or raise SinkError."""
        ...


def row_writer(path: Path) -> Callable[[Path], RowFile]:
    """Return what creates a take: Parquet where the path ends in ``.parquet``, else CSV.

    Raises:
        DependencyError: if Parquet's package is not installed.
    """
    if path.suffix.lower() == ".parquet":
        from facedrive.takes.parquet import ParquetRows

        return ParquetRows
    from facedrive.takes.csv import CsvRows

    return CsvRows


def open_rows(path: Path) -> RowFile:
    """Create a take of a name that is free; see ``row_writer``.

    Raises:
        SinkError: if it cannot be written.
        DependencyError: if Parquet's package is not installed.
    """
    return row_writer(path)(path)
