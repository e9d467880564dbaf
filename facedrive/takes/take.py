"""A whole take in memory: its columns as arrays, to compute with, to plot, to write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.errors import DataError, DependencyError, SinkError, unknown
from facedrive.extras import EXTRA_NAMES
from facedrive.files import whole_path
from facedrive.rotations import EulerDegrees, quaternion_from_euler
from facedrive.takes.columns import ANGLES, COLUMNS, GAZE, POSITION, row_of
from facedrive.takes.write import RowFile
from facedrive.types import Sample, Vector

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Rows = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Take:
    """What a face did, a row a frame; without a face all but ``frame`` and times are NaN.

    ``take["jaw_drop"]`` is one column, (n,); ``take[30:60]`` and ``take[take.face]`` are takes of
    some rows. Iterating gives the columns' names, ``len`` the rows.
    """

    rows: Rows
    """(n, columns) in the order of ``facedrive.takes.columns.COLUMNS``, in the units that their
    names say."""

    @classmethod
    def of(cls, samples: Iterable[Sample]) -> Take:
        """Collect samples."""
        rows = [row_of(sample) for sample in samples]
        table = np.full((len(rows), len(COLUMNS)), np.nan)
        for into, row in zip(table, rows, strict=True):
            into[:] = row  # None becomes NaN
        return cls(table)

    @classmethod
    def read(cls, path: str | Path) -> Take:
        """Read the CSV or Parquet file of a take.

        Raises:
            DataError: if it is missing, broken or no take.
        """
        from facedrive.takes.read import read_table

        return cls(np.array(list(read_table(Path(path)))).reshape(-1, len(COLUMNS)))

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[str]:
        return iter(COLUMNS)

    def keys(self) -> tuple[str, ...]:
        """Return the columns' names, so that ``dict(take)`` has each with its values."""
        return COLUMNS

    @overload
    def __getitem__(self, wanted: str) -> NDArray[np.float64]: ...

    @overload
    def __getitem__(self, wanted: slice | NDArray[np.bool_]) -> Take: ...

    def __getitem__(self, wanted: str | slice | NDArray[np.bool_]) -> NDArray[np.float64] | Take:
        if isinstance(wanted, slice | np.ndarray):
            return Take(self.rows[wanted])
        if wanted not in COLUMNS:
            raise DataError(unknown("column", str(wanted), COLUMNS))
        return self.rows[:, COLUMNS.index(wanted)]

    def __repr__(self) -> str:
        seconds = self.time[-1] - self.time[0] if len(self) else 0
        return f"Take({len(self)} frames, {self.face.sum()} with a face, {seconds:.1f} s)"

    @property
    def frame(self) -> NDArray[np.int64]:
        """(n,) the frames' numbers; a dropped frame leaves a gap."""
        return self["frame"].astype(np.int64)

    @property
    def time(self) -> NDArray[np.float64]:
        """(n,) seconds."""
        return self["time_s"]

    @property
    def face(self) -> NDArray[np.bool_]:
        """(n,) whether there is a face."""
        return np.asarray(self["face"] == 1)

    @property
    def score(self) -> NDArray[np.float64]:
        """(n,) the tracker's confidence, as ``Face.score``."""
        return self["score"]

    @property
    def aus(self) -> Vector:
        """(n, 24) float32, 0 to 1, in the order of ``AU_NAMES``."""
        return self._columns(AU_NAMES)

    @property
    def extras(self) -> Vector:
        """(n, E) float32, 0 to 1, in the order of ``EXTRA_NAMES``."""
        return self._columns(EXTRA_NAMES)

    @property
    def head_rotation(self) -> Vector:
        """(n, 4) float32 unit quaternions x, y, z, w, as ``Head.rotation``.

        ``take["head_pitch_deg"]`` and its like are the same as angles.
        """
        angles = zip(*(self[name].tolist() for name in ANGLES), strict=True)
        turns = [quaternion_from_euler(EulerDegrees(*each)) for each in angles]
        return np.array(turns, np.float32).reshape(len(self), 4)

    @property
    def head_position(self) -> Vector:
        """(n, 3) float32 metres, as ``Head.translation``."""
        return self._columns(POSITION)

    @property
    def gaze(self) -> Vector:
        """(n, 2, 2) float32 radians, as ``Sample.gaze``: left and right eye; pitch and yaw."""
        return np.radians(self._columns(GAZE)).reshape(len(self), 2, 2)

    def to_pandas(self) -> pd.DataFrame:
        """Return a data frame with the same columns as the files.

        Raises:
            DependencyError: if pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise DependencyError(
                "to_pandas needs pandas; install it with: pip install pandas."
            ) from error
        return pd.DataFrame({name: self[name] for name in COLUMNS}).astype(
            {"frame": np.int64, "face": bool, **dict.fromkeys(AU_NAMES, np.float32)}
        )

    def to_csv(self, path: str | Path) -> None:
        """Write the file that ``facedrive extract`` and the ``csv`` output write.

        Raises:
            SinkError: if it cannot be written; an older file then stays as it was.
        """
        from facedrive.takes.csv import CsvRows

        with whole_path(Path(path), SinkError) as part:
            self._write(CsvRows(part))

    def to_parquet(self, path: str | Path) -> None:
        """Write the same table as Parquet.

        Raises:
            DependencyError: if pyarrow is not installed.
            SinkError: if it cannot be written; an older file then stays as it was.
        """
        from facedrive.takes.parquet import ParquetRows

        with whole_path(Path(path), SinkError) as part:
            self._write(ParquetRows(part))

    def plot(self, aus: Sequence[str] = AU_NAMES) -> Figure:
        """Draw action units over time as a heat map, and the head's angles below.

        Args:
            aus: The action units to show.

        Raises:
            DataError: if one is unknown, or the take is empty.
            DependencyError: if matplotlib is not installed.
        """
        from facedrive.takes.plot import plot_take

        return plot_take(self, aus)

    def _columns(self, names: Sequence[str]) -> Vector:
        return np.stack([self[name] for name in names], axis=1).astype(np.float32)

    def _write(self, file: RowFile) -> None:
        with closing(file):
            for row in self.rows:
                file.write(tuple(None if value != value else value for value in row.tolist()))
