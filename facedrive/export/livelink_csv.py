"""Live Link Face CSV: what Epic's phone app records, for the importers made for it.

``takes/livelink.py`` has its columns, and reads it. The file does not name its rate: Unreal takes
60 if any frame number is above 30, else 30; others count rows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np

from facedrive.errors import DataError
from facedrive.files import whole_file
from facedrive.mappings.arkit import ARKIT
from facedrive.sinks.channels import load_channels
from facedrive.sinks.livelink import angles
from facedrive.takes.livelink import ANGLES, CHANNELS, COLUMNS
from facedrive.takes.resample import resample
from facedrive.takes.timecode import exact_rate, first_frame, shown_rate, timecode
from facedrive.types import Sample

log = logging.getLogger(__name__)

VALUES = len(CHANNELS) + len(ANGLES)

ROW = f"%s,{VALUES}" + ",%.8f" * VALUES + "\n"

UNREAL_FPS = (30, 60)
"""The rates that Unreal's importer can guess."""


def write_livelink_csv(
    samples: Iterable[Sample], path: Path, *, fps: float = 60, mapping: str = "arkit"
) -> int:
    """Write a row every 1 / fps seconds; return how many, in constant memory.

    The first row has the timecode at which the take began, zero where nobody knows. At 29.97 and
    59.94 it is drop-frame.

    Raises:
        SinkError: if the file cannot be written.
        DataError: if there are no samples, or a pause is too long.
        MappingError: if the table is broken or has channels that are not ARKit's.
    """
    rate = exact_rate(fps)
    if round(rate) not in UNREAL_FPS:
        log.warning("Unreal takes this format for 30 or 60 fps; %s will play wrong",
                    shown_rate(rate))  # fmt: skip
    table = load_channels(mapping, "arkit")
    order = [ARKIT.index(name) for name in CHANNELS]
    rows = start = 0
    with whole_file(path) as file:
        file.write((",".join(COLUMNS) + "\n").encode("ascii"))
        for sample in resample(samples, rate):
            if not rows:
                start = first_frame(sample.clock.timecode_s, rate)
            weights = table.apply(sample.aus, sample.gaze, sample.extras)[order]
            values = np.concatenate([weights, angles(sample)]).tolist()
            file.write((ROW % (_timecode(start + sample.index, rate), *values)).encode("ascii"))
            rows += 1
        if not rows:
            raise DataError("the take has no rows; there is nothing to export.")
    return rows


def _timecode(frame: int, rate: Fraction) -> str:
    """Return ``HH:MM:SS:FF.fff``; a colon in drop-frame too, since importers split at colons."""
    return f"{timecode(frame, rate, ':')}.000"
