"""An output: each frame as a line of JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from facedrive.aus import AU_NAMES
from facedrive.types import Frame, Sample


@dataclass
class LinesSink:
    """Writes the action units that are above a level, a line a frame."""

    path: Path
    """The file."""
    level: float = 0.1
    """From which on an action unit is written."""

    def __post_init__(self) -> None:
        self._file = self.path.open("w", encoding="utf-8")

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Write one sample; ``frame`` is its picture, None when a take is replayed."""
        aus = zip(AU_NAMES, sample.aus.tolist(), strict=True)
        loud = {name: round(value, 3) for name, value in aus if value >= self.level}
        line = {"time": sample.time, "face": sample.face, "aus": loud}
        self._file.write(json.dumps(line) + "\n")

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
