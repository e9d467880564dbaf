"""The outputs ``csv`` and ``parquet``: a take that is written as it goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from facedrive.errors import SinkError
from facedrive.files import NewFile
from facedrive.options import option
from facedrive.takes.columns import row_of
from facedrive.takes.write import RowFile, row_writer
from facedrive.types import NO_CLOCK, Frame, Sample, WallClock


@dataclass
class TakeSink:
    """Writes one row a frame; what is written stays readable if the run is killed."""

    path: Path
    overwrite: bool = False
    """Replace a file of this name; otherwise a number is added to the name."""
    person: int | None = option(None, low=1)
    """Whose rows are written, of several people; everybody's where left out."""

    def __post_init__(self) -> None:
        self._new = NewFile(self.path, overwrite=self.overwrite)
        self._open = row_writer(self.path)
        self._file: RowFile | None = self._open(self.path) if self._new.is_device else None
        self._failed = False
        self._start: WallClock | None = None
        """The clock at time 0, of the first frame that knows it."""

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Write one sample.

        Raises:
            SinkError: if the disk is full or gone; earlier rows stay.
        """
        if not sample.face and sample.person > 1 and self.person is None:
            return  # a row a face, and person 1's where there is none
        if self._file is None:
            self._file = self._open(self._new.begin())
        if self._start is None and frame is not None and frame.clock.known:
            self._start = frame.clock.after(-frame.time)
        clock = self._start.after(sample.time) if self._start else NO_CLOCK
        with self._noting_failure():
            self._file.write(row_of(sample, clock))

    def close(self) -> None:
        """Finish the file; where there was no sample, there is none."""
        if self._file is None:
            return
        file, self._file = self._file, None
        with self._noting_failure():
            file.close()
        if not self._failed:
            self._new.finish()

    def break_off(self) -> Path | None:
        """Close the file as it is; one that it was to replace stays.

        Returns:
            Where its rows are; None where there are none.
        """
        if self._file is None:
            return None
        self._file.close()
        self._file = None
        return self._new.place

    @contextmanager
    def _noting_failure(self) -> Iterator[None]:
        try:
            yield
        except SinkError:
            self._failed = True
            raise
