"""Key frames and the curves between them; read from and written to CSV.

A track is what one channel (an AU, or an extra) does over a video: keys, ascending by frame. From a
key to the next the curve is straight (``linear``), stays (``hold``) or bends (``smooth``): a cubic
whose slope at a key is the weighted harmonic mean of the slopes on both sides, so that it never
leaves the span of its two keys (Fritsch and Butland, "A method for constructing local monotone
piecewise cubic interpolants", 1984). Before the first key and after the last the curve stays.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.errors import DataError, unknown
from facedrive.extras import EXTRA_NAMES
from facedrive.files import read_text

Values = NDArray[np.float64]
Shape = Literal["linear", "hold", "smooth"]

SHAPES: tuple[Shape, ...] = get_args(Shape)

CHANNELS: tuple[str, ...] = (*AU_NAMES, *EXTRA_NAMES)
"""What may have a track."""

DIGITS = 4
"""Of a value, after the point: more than a slider's 0.01 and a label's 0.001."""

REACH_S = 0.5
"""Around a key that a person sets, in which the machine's go along with it."""

SLACK_S = 1e-6
"""Frames whose times differ by less are at one time."""

HAND, MACHINE = "hand", "machine"

COLUMNS = ("au", "frame", "value", "shape", "by")

TITLE = "# facedrive keys 1, revision "


class Key(NamedTuple):
    """One key frame of one track."""

    frame: int
    """Position in the video, from 0."""
    value: float
    """0 to 1."""
    shape: Shape = "linear"
    """Of the curve from here to the next key."""
    machine: bool = False
    """Whether it is the model's, and no person has confirmed it yet."""


Track = dict[int, Key]
"""Keys by frame; in no order."""

Tracks = dict[str, Track]
"""Tracks by channel; a channel without keys may be missing."""


def ordered(track: Track) -> list[Key]:
    """Return a track's keys, ascending by frame."""
    return [track[frame] for frame in sorted(track)]


def draw(track: Sequence[Key], times: Values) -> Values:
    """Evaluate a track at every frame of a video.

    Args:
        track: Keys, ascending by frame.
        times: (F,) seconds of the frames, ascending.

    Returns:
        (F,) 0 to 1; 0 everywhere where there is no key.
    """
    if not track:
        return np.zeros(len(times))
    frames = np.array([key.frame for key in track])
    at, values = times[frames], np.array([key.value for key in track])
    left = np.searchsorted(frames, np.arange(len(times)), side="right") - 1
    left = left.clip(0)
    right = np.minimum(left + 1, len(track) - 1)
    span = at[right] - at[left]
    share = np.where(span > 0, (times - at[left]) / np.where(span > 0, span, 1.0), 0.0).clip(0, 1)
    rise = values[right] - values[left]
    shapes = np.array([SHAPES.index(key.shape) for key in track])[left]
    smooth = np.zeros(len(times))
    if (shapes == SHAPES.index("smooth")).any():
        slopes = slopes_at(at, values)
        smooth = _hermite(share, rise, slopes[left] * span, slopes[right] * span)
    shares: Values = np.choose(shapes, [share * rise, np.zeros(len(times)), smooth])
    return values[left] + shares


def slopes_at(at: Values, values: Values) -> Values:
    """Return the slope of a smooth curve at each of k keys, (k,) a second; 0 at both ends."""
    slopes = np.zeros(len(at))
    if len(at) < 3:
        return slopes
    step = np.diff(at)
    secant = np.diff(values) / step
    before, after = secant[:-1], secant[1:]
    one, other = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    same = before * after > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (one + other) / (one / before + other / after)
    slopes[1:-1] = np.where(same, mean, 0.0)
    return slopes


def _hermite(share: Values, rise: Values, start: Values, end: Values) -> Values:
    """Return how far cubics have come above their start; slopes are per segment."""
    square, cube = share**2, share**3
    return (
        (3 * square - 2 * cube) * rise + (cube - 2 * square + share) * start + (cube - square) * end
    )


def bend(track: Track, key: Key, times: Values) -> list[Key]:
    """Return a key that a person sets, and what becomes of the machine's keys around it.

    They go along with it, less the further off they are, and not at all from ``REACH_S`` on or from
    the person's next key on.

    Args:
        track: The keys so far.
        key: The new one.
        times: (F,) seconds of the frames, ascending.
    """
    if not any(each.machine for each in track.values()):
        return [key]
    now, at = draw(ordered(track), times), times[key.frame]
    rise = key.value - now[key.frame]
    changed = [key]
    for side in (-1, 1):
        later = [each for each in track.values() if side * (each.frame - key.frame) > 0]
        limit = min((abs(times[each.frame] - at) for each in later if not each.machine),
                    default=np.inf)  # fmt: skip
        if limit >= REACH_S:
            limit = REACH_S
            foot = _foot(times, at + side * REACH_S, side)
            if foot is not None and foot not in track:
                changed.append(Key(foot, round(float(now[foot]), DIGITS), machine=True))
        for each in later:
            share = 1 - abs(times[each.frame] - at) / limit
            if each.machine and share > 0:
                value = min(max(each.value + share * rise, 0.0), 1.0)
                changed.append(each._replace(value=round(float(value), DIGITS)))
    return changed


def _foot(times: Values, time: float, side: int) -> int | None:
    """Return the first frame that is no nearer than a time, on one side; None beyond the ends."""
    if side > 0:
        found = int(np.searchsorted(times, time - SLACK_S))
        return found if found < len(times) else None
    found = int(np.searchsorted(times, time + SLACK_S, side="right")) - 1
    return found if found >= 0 else None


def draw_all(
    tracks: Mapping[str, Track], times: Values, channels: Sequence[str] = AU_NAMES
) -> Values:
    """Evaluate the tracks of some channels at every frame: (F, C)."""
    drawn = [draw(ordered(tracks.get(name, {})), times) for name in channels]
    return np.stack(drawn, axis=1) if drawn else np.zeros((len(times), 0))


def rows_of(channel: str, track: Track) -> str:
    """Return a track's lines of CSV."""
    return "".join(
        f"{channel},{key.frame},{tidy(key.value)},{key.shape},{MACHINE if key.machine else HAND}\n"
        for key in ordered(track)
    )


def tidy(value: float) -> str:
    """Return a value as it stands in files: at most ``DIGITS`` after the point."""
    return f"{value:.{DIGITS}f}".rstrip("0").rstrip(".")


def title(revision: int) -> str:
    """Return the first two lines of a file of keys."""
    return f"{TITLE}{revision}\n{','.join(COLUMNS)}\n"


def read_keys(path: Path, frames: int) -> tuple[int, Tracks]:
    """Read a file of keys, also one that a person has edited.

    Args:
        path: The file.
        frames: How many the video has.

    Returns:
        Its revision, 0 where it does not say, and its tracks.

    Raises:
        DataError: if it cannot be read, or a line is wrong: an unknown AU, a value out of range,
            two keys on one frame.
    """
    lines = read_text(path, DataError, "file of keys").splitlines()
    revision = 0
    if lines and lines[0].startswith("#"):
        said = lines[0].removeprefix(TITLE).strip()
        revision = int(said) if said.isdecimal() else 0
    tracks: Tracks = {}
    for number, row in enumerate(csv.reader(lines), 1):
        if not row or row[0].startswith("#") or tuple(row) == COLUMNS:
            continue
        channel, key = _read_row(f"{path}, line {number}", row, frames)
        track = tracks.setdefault(channel, {})
        if key.frame in track:
            raise DataError(
                f"{path}, line {number}: {channel} has two keys on frame {key.frame}; take one "
                "away."
            )
        track[key.frame] = key
    return revision, tracks


def _read_row(where: str, row: list[str], frames: int) -> tuple[str, Key]:
    if len(row) != len(COLUMNS):
        raise DataError(f"{where}: {len(row)} values; it must be {','.join(COLUMNS)}.")
    channel, frame, value, shape, by = (each.strip() for each in row)
    if by not in (HAND, MACHINE):
        raise DataError(f"{where}: by is '{by[:20]}'; it must be {HAND} or {MACHINE}.")
    try:
        key = Key(int(frame), float(value), shape, by == MACHINE)  # pyrefly: ignore[bad-argument-type]
    except ValueError as error:
        raise DataError(f"{where}: '{frame[:20]},{value[:20]}' are no frame and value.") from error
    return check_key(where, channel, key, frames), key


def check_key(where: str, channel: str, key: Key, frames: int) -> str:
    """Refuse a key that cannot be; return its channel.

    Raises:
        DataError: if the channel or the shape is unknown, or frame or value out of range.
    """
    if channel not in CHANNELS:
        raise DataError(f"{where}: {unknown('action unit', channel[:40], CHANNELS)}")
    if not 0 <= key.value <= 1:
        raise DataError(f"{where}: {channel} is {key.value:g}; it must be from 0 to 1.")
    if not 0 <= key.frame < frames:
        raise DataError(f"{where}: frame {key.frame}; the video has 0 to {frames - 1}.")
    if key.shape not in SHAPES:
        raise DataError(f"{where}: {unknown('interpolation', key.shape[:20], SHAPES)}")
    return channel
