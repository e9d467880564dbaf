"""Live Link Face CSV, as Epic's phone app records it: its columns, and its rows read as a take's.

    Timecode,BlendShapeCount,EyeBlinkLeft,…,TongueOut,HeadYaw,…,RightEyeRoll
    13:13:04:31.652,61,0.1236470118,…

The names are ARKit's 52 in PascalCase, but with JawRight and MouthRight before their lefts, as
the app writes them; then nine angles in radians with the signs of the live packets. A timecode
is hours, minutes, seconds, and frames with a fraction. The file does not name its rate: it is the
least of 30, 60 and 120 that has the frame numbers of the first two seconds, and 60 where no second
ends.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from facedrive.aus import AU_NAMES
from facedrive.errors import DataError
from facedrive.extras import EXTRA_NAMES
from facedrive.mappings.arkit import ARKIT, inverted, pascal_case
from facedrive.mappings.table import EXTRAS, GAZE, gaze_of, load_mapping
from facedrive.takes import columns
from facedrive.takes.csv import Line, number
from facedrive.takes.timecode import DAY_S
from facedrive.types import IDENTITY_HEAD, Vector

ANGLES = (
    *("HeadYaw", "HeadPitch", "HeadRoll"),
    *("LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll"),
    *("RightEyeYaw", "RightEyePitch", "RightEyeRoll"),
)

SWAPPED = {
    "jawLeft": "jawRight",
    "jawRight": "jawLeft",
    "mouthLeft": "mouthRight",
    "mouthRight": "mouthLeft",
}
"""What the file has in the place of each of these."""

CHANNELS = tuple(SWAPPED.get(name, name) for name in ARKIT)
"""ARKit's 52 in the file's order."""

COLUMNS = ("Timecode", "BlendShapeCount", *map(pascal_case, CHANNELS), *ANGLES)

RATES = (30, 60, 120)
"""What frame numbers may count."""

GIVES = ("frame", "time_s", "face", "score", *AU_NAMES, *columns.ANGLES, *columns.POSITION,
         *columns.GAZE, *EXTRA_NAMES, "timecode_s")  # fmt: skip
"""Columns of a take that this file's rows are read as."""

LIMIT_RAD = 2 * math.pi
"""No angle is larger."""

TABLE = load_mapping("arkit")
INVERTED = inverted(TABLE)
"""(INPUTS, 52): AUs, gaze and extras of ARKit's channels, by the table that makes them."""

NEEDED = tuple(pascal_case(name) for name in ARKIT if name not in TABLE.not_driven)
"""Columns that a file must have; the others are 0 where it has none."""

_CODE = re.compile(r"(\d\d):(\d\d):(\d\d)[:;.](\d{2,3}(?:\.\d+)?)$")


class Timecode(NamedTuple):
    """A row's timecode."""

    seconds: int
    """Whole ones, since midnight."""
    frame: float
    """Within the second."""


def is_header(names: Sequence[str]) -> bool:
    """Say whether a file's first line begins as this format's does."""
    return [name.lower() for name in names[:2]] == [name.lower() for name in COLUMNS[:2]]


def read_rows(
    path: Path, header: Sequence[str], lines: Iterable[Line]
) -> Iterator[tuple[str, list[float | None]]]:
    """Yield each row's place and its values in the order of ``GIVES``.

    Raises:
        DataError: at once if a column is missing; later, at a bad row.
    """
    places = {name.lower(): place for place, name in enumerate(header)}
    missing = [name for name in ("Timecode", *NEEDED) if name.lower() not in places]
    if missing:
        raise DataError(f"{path} lacks the column {missing[0]}, which Live Link Face writes.")
    order = [places.get(name.lower()) for name in (*map(pascal_case, ARKIT), *ANGLES)]
    return _rows(path, _timed(path, places["timecode"], iter(lines)), order)


def _rows(
    path: Path, lines: Iterable[tuple[Line, float]], order: Sequence[int | None]
) -> Iterator[tuple[str, list[float | None]]]:
    first: float | None = None
    for index, ((where, cells), time) in enumerate(lines):
        first = time if first is None else first
        values = np.array([0.0 if place is None else _value(path, where, cells, place)
                           for place in order])  # fmt: skip
        yield where, [index, time - first, 1, 1.0, *_face(values), time % DAY_S]


def _face(values: Vector) -> list[float]:
    """Return the face of ARKit's channels and the nine angles, by the columns of a take."""
    channels, angles = np.clip(values[: len(ARKIT)], 0, 1), values[len(ARKIT) :]
    inputs = INVERTED @ channels
    yaw, pitch, roll, left_yaw, left_pitch, _, right_yaw, right_pitch, _ = angles
    head = np.degrees([pitch, yaw, -roll])
    gaze = np.negative([left_pitch, left_yaw, right_pitch, right_yaw])
    if not gaze.any():  # some programs leave the eyes' angles at 0
        gaze = gaze_of(inputs[GAZE])
    parts = (inputs[: len(AU_NAMES)], head, IDENTITY_HEAD.translation, np.degrees(gaze).ravel(),
             inputs[EXTRAS])  # fmt: skip
    found: list[float] = np.concatenate(parts).tolist()
    return found


def _value(path: Path, where: str, cells: Sequence[str], place: int) -> float:
    value = number(path, where, str(place + 1), cells[place])
    if value is None or not abs(value) <= LIMIT_RAD:
        raise DataError(
            f"{path}, {where}, column {place + 1}: {cells[place]!r:.40}; it must be a number "
            "from 0 to 1, or an angle in radians."
        )
    return value


def _timed(path: Path, place: int, lines: Iterator[Line]) -> Iterator[tuple[Line, float]]:
    """Yield each line with its time in seconds since the midnight before the first."""
    ahead = list(_two_seconds(path, place, lines))
    rate = _rate(path, [code for _, code in ahead])
    before, days = -math.inf, 0
    coded = chain(ahead, ((line, _timecode(path, line, place)) for line in lines))
    for line, code in coded:
        if code.frame >= rate:
            raise DataError(
                f"{path}, {line[0]}: frame {code.frame:g}, where the first two seconds count "
                f"{rate} a second."
            )
        time = days * DAY_S + code.seconds + code.frame / rate
        if time < before - DAY_S / 2:
            days, time = days + 1, time + DAY_S
        before = time
        yield line, time


def _two_seconds(path: Path, place: int, lines: Iterator[Line]) -> Iterator[tuple[Line, Timecode]]:
    """Yield lines until a whole second has gone by, so that its frames' numbers are known."""
    seconds: list[int] = []
    for line in lines:
        code = _timecode(path, line, place)
        yield line, code
        if code.seconds not in seconds:
            seconds.append(code.seconds)
        if len(seconds) > 2:
            return


def _rate(path: Path, codes: Sequence[Timecode]) -> int:
    most = max((code.frame for code in codes), default=0.0)
    ends = any(code.seconds != codes[0].seconds for code in codes)
    for rate in RATES if ends else RATES[1:]:
        if most < rate:
            return rate
    raise DataError(f"{path}: frame {most:g} within a second; {RATES[-1]} a second are read.")


def _timecode(path: Path, line: Line, place: int) -> Timecode:
    where, cells = line
    found = _CODE.match(cells[place].strip())
    if found is None:
        raise DataError(
            f"{path}, {where}: {cells[place]!r:.40} is no timecode such as 13:13:04:31.652."
        )
    hours, minutes, seconds = (int(found[number]) for number in (1, 2, 3))
    if hours > 23 or minutes > 59 or seconds > 59:
        raise DataError(f"{path}, {where}: {cells[place]!r:.40} is no time of day.")
    return Timecode((hours * 60 + minutes) * 60 + seconds, float(found[4]))
