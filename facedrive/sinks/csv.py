"""The outputs ``csv`` and ``parquet``: a take that is written as it goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facedrive.takes.columns import row_of
from facedrive.takes.write import open_rows
from facedrive.types import Frame, Sample


@dataclass
class TakeSink:
    """Writes one row a frame; what is written stays readable if the run is killed (CSV only)."""

    path: Path

    def __post_init__(self) -> None:
        self._file = open_rows(self.path)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Write one sample.

        Raises:
            SinkError: if the disk is full or gone; earlier rows stay.
        """
        self._file.write(row_of(sample))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
