"""The Parquet file of a clip: the columns of a take, and before them which file a row is of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from facedrive.corpus.manifest import Notes
from facedrive.corpus.store import ADVICE
from facedrive.errors import DataError, unknown
from facedrive.takes.columns import COLUMNS, Row
from facedrive.takes.parquet import CLIP, ROW_GROUP, column_type, explaining, pa, pq


def schema_of(columns: Sequence[str]) -> pa.Schema:
    """Return the schema of a clip's file that has these of a take's columns."""
    fields = [(CLIP, pa.dictionary(pa.int32(), pa.string()))]
    return pa.schema(fields + [(name, column_type(name)) for name in columns])


def checked_columns(names: Sequence[str]) -> tuple[str, ...]:
    """Return those of a take's columns that are asked for, in a take's order; all for none.

    Raises:
        DataError: if there is no such column.
    """
    for name in names:
        if name not in COLUMNS:
            raise DataError(unknown("column", name, COLUMNS))
    return tuple(name for name in COLUMNS if not names or name in names)


class ClipRows:
    """Writes rows in groups, in the memory of one group; readable once it is closed."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Create the file.

        Raises:
            SinkError: if it cannot be written.
        """
        self._path = path
        self._schema = schema_of(columns)
        self._places = [COLUMNS.index(name) for name in columns]
        self._titles: list[str] = []
        self._rows: list[Row] = []
        with explaining(self._path, ADVICE):
            self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, title: str, row: Row) -> None:
        """Append a row of the file that ``title`` names."""
        self._titles.append(title)
        self._rows.append(row)
        if len(self._rows) == ROW_GROUP:
            self._write_group()

    def copy(self, batches: Iterable[pa.Table]) -> None:
        """Append rows that another such file has."""
        self._write_group()
        with explaining(self._path, ADVICE):
            for batch in batches:
                self._writer.write_table(batch.select(self._schema.names).cast(self._schema))

    def note(self, notes: Notes) -> None:
        """Keep notes in the file."""
        self._writer.add_key_value_metadata(notes.as_metadata())

    def close(self) -> None:
        """Write what is left, and the index that makes it a Parquet file."""
        self._write_group()
        with explaining(self._path, ADVICE):
            self._writer.close()

    def _write_group(self) -> None:
        if not self._rows:
            return
        titles, rows = self._titles, self._rows
        self._titles = []
        self._rows = []
        values = list(zip(*rows, strict=True))
        columns = [pa.array(titles).dictionary_encode()]
        columns += [pa.array(values[at], self._schema.field(number).type)
                    for number, at in enumerate(self._places, 1)]  # fmt: skip
        with explaining(self._path, ADVICE):
            self._writer.write_table(pa.table(columns, schema=self._schema))
