"""The one table of a take's columns: their names, what they may hold, how exactly they are kept."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from facedrive.aus import AU_NAMES
from facedrive.types import Sample


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
)

COLUMNS = tuple(column.name for column in TABLE)
"""``face`` is 0 or 1; the columns after it are empty without a face."""

KNOWN = 3
"""Columns that have a value without a face too: frame, time_s, face."""

WITHOUT_POSITION = tuple(name for name in COLUMNS if name not in POSITION)
"""The columns of takes written before they kept the head's position; they are still read."""

Row = tuple[int | float, ...]
"""The columns' values; without a face only the first ``KNOWN``."""


def row_of(sample: Sample) -> Row:
    """Return a sample's values in the order of ``COLUMNS``."""
    known = (sample.index, sample.time, int(sample.face))
    if not sample.face:
        return known
    head, gaze = sample.head, np.degrees(sample.gaze).ravel().tolist()
    return (
        *known, sample.score, *sample.aus.tolist(), *head.euler, *head.translation.tolist(), *gaze,
    )  # fmt: skip
