"""Results read back: a folder of Parquet files as Arrow, pandas, polars or DuckDB, or as takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facedrive.corpus.manifest import MANIFEST, Record, read_manifest
from facedrive.corpus.store import FolderStore, UrlStore, open_store
from facedrive.errors import DataError, DependencyError, unknown
from facedrive.takes.columns import COLUMNS
from facedrive.takes.parquet import TYPES, pa, pq
from facedrive.takes.take import Take

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Results:
    """What ``facedrive extract`` has left in a folder; nothing is read before it is asked for."""

    where: str
    """The folder or URL."""
    records: tuple[Record, ...]
    """A row a file, as ``manifest.parquet`` has them."""

    @classmethod
    def open(cls, where: str | Path) -> Results:
        """Open a folder of results, or its ``manifest.parquet``.

        Raises:
            DataError: if it holds none.
        """
        where = str(where).removesuffix(f"/{MANIFEST}")
        return cls(where, tuple(read_manifest(open_store(where))))

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the Parquet files with rows, each once."""
        return tuple(sorted({each.output for each in self.records if each.output and each.frames}))

    @property
    def paths(self) -> list[str]:
        """The same as whole paths or URLs."""
        return [f"{self.where}/{name}" for name in self.files]

    def __len__(self) -> int:
        return len(self.records)

    def __repr__(self) -> str:
        frames = sum(each.frames for each in self.records)
        faces = sum(each.faces for each in self.records)
        broken = sum(each.error is not None for each in self.records)
        return f"Results({len(self)} files, {frames} frames, {faces} faces, {broken} broken)"

    def manifest(self) -> pd.DataFrame:
        """Return the manifest as a data frame.

        Raises:
            DependencyError: if pandas is not installed.
        """
        from dataclasses import asdict

        return _pandas().DataFrame([asdict(each) for each in self.records])

    def to_arrow(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return all rows, or some columns of them, as an Arrow table.

        Raises:
            DataError: if there is no such column, or a file cannot be read.
        """
        tables = [self._table(name, columns) for name in self.files]
        return pa.concat_tables(tables, promote_options="default") if tables else pa.table({})

    def to_pandas(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return all rows as a data frame over Arrow's memory, which is not copied.

        Raises:
            DataError: if there is no such column, or a file cannot be read.
            DependencyError: if pandas is not installed.
        """
        frame: pd.DataFrame = self.to_arrow(columns).to_pandas(types_mapper=_pandas().ArrowDtype)
        return frame

    def to_polars(self) -> Any:
        """Return all rows as a polars LazyFrame, which reads what is asked of it.

        Raises:
            DependencyError: if polars is not installed.
        """
        return _need("polars").scan_parquet(self.paths)

    def to_duckdb(self, connection: Any = None) -> Any:
        """Return all rows as a DuckDB relation, which reads what is asked of it.

        Raises:
            DependencyError: if DuckDB is not installed.
        """
        duckdb = _need("duckdb")
        return (connection or duckdb).read_parquet(self.paths, union_by_name=True)

    def takes(self) -> Iterator[tuple[str, str, Take]]:
        """Yield the rows of each file: its name, its kind (video, film, still) and a ``Take``.

        Of stills, a take has the rows of the pictures of a folder.
        """
        kinds = {each.output: each.kind for each in self.records}
        for name in self.files:
            yield name.removesuffix(".parquet"), kinds[name], self._take(name)

    def pictures(self, name: str) -> list[str]:
        """Return the clip or picture of each row of a file, by the name that ``takes`` gives."""
        return [str(each) for each in self._table(f"{name}.parquet", ["clip"])["clip"].to_pylist()]

    def _table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        with self._store().open(name) as file:
            try:
                parquet = pq.ParquetFile(file)
                for column in columns or ():
                    if column not in parquet.schema_arrow.names:
                        raise DataError(unknown("column", column, parquet.schema_arrow.names))
                return parquet.read(columns=None if columns is None else list(columns))
            except (OSError, pa.ArrowInvalid) as error:
                raise DataError(f"{self.where}/{name} cannot be read: {error}.") from error

    def _take(self, name: str) -> Take:
        table = self._table(name)
        rows = np.full((len(table), len(COLUMNS)), np.nan)
        for index, column in enumerate(COLUMNS):
            if column in table.column_names:
                values = table[column]
                values = values.cast(pa.float64()) if column in TYPES else values
                rows[:, index] = values.to_numpy()
        return Take(rows)

    def _store(self) -> FolderStore | UrlStore:
        return open_store(self.where)


def is_results(where: str | Path) -> bool:
    """Say whether a path or URL is, or may be, a folder of results."""
    text = str(where)
    return "://" in text or Path(text).is_dir() or Path(text).name == MANIFEST


def _pandas() -> Any:
    return _need("pandas")


def _need(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise DependencyError(f"this needs {name}; install it with: pip install {name}.") from error
