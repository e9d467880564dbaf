"""The one table of a take's columns: their names, what they may hold, how exactly they are kept."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from facedrive.aus import AU_NAMES
from facedrive.extras import EXTRA_NAMES, complete
from facedrive.types import NO_CLOCK, Sample, WallClock


class Column(NamedTuple):
    """One column of a take."""

    name: str
    lowest: float
    highest: float
    digits: int
    """Written after the point in CSV; 0 for whole numbers."""


def _columns(names: tuple[str, ...], reach: float, digits: int) -> tuple[Column, ...]:
    return tuple(Column(name, -reach, reach, digits) for name in names)


ANGLES = ("head_pitch_deg", "head_yaw_deg", "head_roll_deg")
POSITION = ("head_x_m", "head_y_m", "head_z_m")
PERSON = ("person",)
CLOCK = ("wall_s", "timecode_s")
GAZE = ("gaze_left_pitch_deg", "gaze_left_yaw_deg", "gaze_right_pitch_deg", "gaze_right_yaw_deg")

TABLE: tuple[Column, ...] = (
    Column("frame", 0, 1e15, 0),
    Column("time_s", -1e12, 1e12, 6),
    Column("face", 0, 1, 0),
    Column("score", -1e6, 1e6, 4),
    *(Column(name, 0, 1, 5) for name in AU_NAMES),
    *_columns(ANGLES, 360, 3),
    *_columns(POSITION, 1e3, 5),
    *_columns(GAZE, 360, 3),
    *(Column(name, 0, 1, 5) for name in EXTRA_NAMES),
    *(Column(name, 0, 1e9, 0) for name in PERSON),
    *_columns(CLOCK, 1e12, 6),
)

COLUMNS = tuple(column.name for column in TABLE)
"""``face`` is 0 or 1; the columns after it, but for the clock's, are empty without a face. Those of
``CLOCK`` are empty where nobody knows."""

KNOWN = 3
"""Columns that have a value without a face too: frame, time_s, face."""

LATER = (POSITION, EXTRA_NAMES, PERSON, CLOCK)
"""Columns that takes did not have from the start; one without is still read."""

Row = tuple[int | float | None, ...]
"""The columns' values; None where there is none."""

NOTHING = (None,) * (len(COLUMNS) - KNOWN - len(CLOCK))
"""What stands between the known columns and the clock without a face."""


def row_of(sample: Sample, clock: WallClock = NO_CLOCK) -> Row:
    """Return a sample's values in the order of ``COLUMNS``; ``clock`` if it knows none itself."""
    known = (sample.index, sample.time, int(sample.face))
    clock = sample.clock if sample.clock.known else clock
    when = tuple(None if math.isnan(each) else each for each in clock)
    if not sample.face:
        return (*known, *NOTHING, *when)
    head, gaze = sample.head, np.degrees(sample.gaze).ravel().tolist()
    extras = complete(sample.extras, sample.aus)
    return (
        *known, sample.score, *sample.aus.tolist(), *head.euler, *head.translation.tolist(), *gaze,
        *extras.tolist(), sample.person, *when,
    )  # fmt: skip
