"""Rates of film and television, and the timecodes that count their frames, SMPTE ST 12-1."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from facedrive.errors import DataError

NTSC = Fraction(1000, 1001)
"""What 24, 30 and 60 are slowed by: 23.976, 29.97, 59.94."""

DAY_S = 86_400

_CODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.,])(\d{2,3})$")


def exact_rate(fps: float | Fraction) -> Fraction:
    """Return the rate that a rounded number means: 29.97 is 30000/1001."""
    if isinstance(fps, Fraction):
        return fps
    for whole in (24, 30, 48, 60, 120):
        if abs(fps - float(whole * NTSC)) < 0.006:
            return whole * NTSC
    return Fraction(fps).limit_denominator(1001)


def shown_rate(rate: Fraction) -> str:
    """Return a rate as people write it: 23.976, 29.97, 60."""
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")


def is_dropped(rate: Fraction) -> bool:
    """Say whether timecodes of this rate leave out numbers, to keep up with the clock."""
    return rate in (30 * NTSC, 60 * NTSC)


def timecode(frame: int, rate: Fraction, mark: str = "") -> str:
    """Return the timecode ``HH:MM:SS:FF`` of a frame counted from midnight.

    At 29.97 and 59.94 frames a second it leaves out the first numbers of every minute but each
    tenth (drop-frame), so that it is a clock's time to within two frames over a day.

    Args:
        frame: From midnight; a day later it starts again.
        rate: Frames a second.
        mark: What stands before the frame; "" for ``;`` in drop-frame and ``:`` otherwise.
    """
    base = round(rate)
    dropped = is_dropped(rate)
    number = _with_dropped(frame, base) if dropped else frame
    seconds, frames = divmod(number, base)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    mark = mark or (";" if dropped else ":")
    return f"{hours % 24:02d}:{minutes:02d}:{seconds:02d}{mark}{frames:02d}"


def first_frame(timecode_s: float, rate: Fraction) -> int:
    """Return the number, from midnight, of the frame at a time of day; 0 for NaN."""
    return 0 if math.isnan(timecode_s) else round(timecode_s % DAY_S * rate)


def read_timecode(text: str, rate: Fraction) -> float:
    """Return the time of day of a timecode, in seconds that its frames take.

    Raises:
        DataError: if it is none.
    """
    found = _CODE.match(text.strip())
    if found is None or int(found[5]) >= round(rate) or int(found[2]) > 59 or int(found[3]) > 59:
        raise DataError(f"timecode '{text}' is none at {shown_rate(rate)} frames a second.")
    base = round(rate)
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3])
    total_minutes = hours * 60 + minutes
    frame = (total_minutes * 60 + seconds) * base + int(found[5])
    if found[4] != ":" and is_dropped(rate):
        frame -= _drop(base) * (total_minutes - total_minutes // 10)
    return float(frame / rate)


def _with_dropped(frame: int, base: int) -> int:
    """Return the number that drop-frame gives to a frame."""
    drop = _drop(base)
    ten_minutes = 600 * base - 9 * drop
    tens, rest = divmod(frame, ten_minutes)
    minutes = max(rest - drop, 0) // (60 * base - drop)
    return frame + drop * (9 * tens + minutes)


def _drop(base: int) -> int:
    return base // 15
