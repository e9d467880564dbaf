"""Takes: one row a frame, as CSV or, where the path ends in ``.parquet``, as Parquet."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from facedrive.aus import AU_NAMES
from facedrive.errors import SinkError
from facedrive.types import Frame, Sample

ANGLES = (
    "head_pitch_deg",
    "head_yaw_deg",
    "head_roll_deg",
    "gaze_left_pitch_deg",
    "gaze_left_yaw_deg",
    "gaze_right_pitch_deg",
    "gaze_right_yaw_deg",
)

COLUMNS = ("frame", "time_s", "face", "score", *AU_NAMES, *ANGLES)
"""``face`` is 0 or 1; the columns after it are empty without a face."""

Row = tuple[int | float, ...]
"""The columns' values; without a face only the first three."""

WITH_FACE = "%d,%.6f,%d,%.4f" + ",%.5f" * len(AU_NAMES) + ",%.3f" * len(ANGLES) + "\n"
WITHOUT_FACE = "%d,%.6f,%d" + "," * (len(COLUMNS) - 3) + "\n"


class RowFile(Protocol):
    """A file that takes rows."""

    def write(self, row: Row) -> None:
        """Append a row, or raise SinkError."""
        ...

    def close(self) -> None:
        """Finish the file, or raise SinkError."""
        ...


@dataclass
class TakeSink:
    """Writes one row a frame; what is written stays readable if the run is killed (CSV only)."""

    path: Path

    def __post_init__(self) -> None:
        self._file = _open(self.path)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Write one sample.

        Raises:
            SinkError: if the disk is full or gone; earlier rows stay.
        """
        self._file.write(row_of(sample))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def row_of(sample: Sample) -> Row:
    """Return a sample's values in the order of ``COLUMNS``."""
    known = (sample.index, sample.time, int(sample.face is not None))
    if sample.face is None:
        return known
    angles = (*sample.head.euler, *np.degrees(sample.gaze).ravel().tolist())
    return (*known, sample.face.score, *sample.aus.tolist(), *angles)


def _open(path: Path) -> RowFile:
    if path.suffix.lower() == ".parquet":
        from facedrive.sinks.parquet import ParquetRows

        return ParquetRows(path, COLUMNS)
    return CsvRows(path)


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
        self._append((WITH_FACE if len(row) == len(COLUMNS) else WITHOUT_FACE) % row)

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
