"""The clip that ships with the package, and the AUs that it was rendered from."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from facedrive.aus import AU_NAMES
from facedrive.errors import SourceError
from facedrive.sources.video import VideoFile
from facedrive.types import Vector

CLIP = Path(__file__).resolve().parent.parent / "assets" / "demo.mp4"


def open_demo() -> VideoFile:
    """Return the packaged clip as a source.

    Raises:
        SourceError: if this installation lacks it.
    """
    if not CLIP.exists():
        raise SourceError(f"the demo clip {CLIP} is missing; install facedrive again.")
    return VideoFile(CLIP)


def truth() -> Vector:
    """Return the AUs that the clip was rendered from, (frames, 24) float32.

    Raises:
        SourceError: if this installation lacks them.
    """
    table = CLIP.with_suffix(".csv")
    try:
        with table.open(newline="", encoding="utf-8") as lines:
            rows = [[float(row[name]) for name in AU_NAMES] for row in csv.DictReader(lines)]
    except OSError as error:
        raise SourceError(f"{table} is missing; install facedrive again.") from error
    return np.array(rows, dtype=np.float32)
