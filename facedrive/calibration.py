"""Per-person calibration: what the face does at rest and at its extremes; a profile in TOML.

Neutral and range use the response ``y = 1 - (1 - max(x - x0, 0) / (x1 - x0)) ** gamma``
(NVIDIA AR SDK, with an upper end), which keeps 0 at the neutral ``x0`` and 1 at the extreme
``x1``. Eyelids have their own rule, because subtracting a neutral breaks blinking: a lid is
open below its resting closure and fully closed from its closing point on.

Where a person's head and eyes at rest are known, what they do is told from there: a camera beside
the screen, or a head that is always a little tilted, then makes no difference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX, AU_NAMES, AUS
from facedrive.errors import ProfileError, unknown
from facedrive.extras import EXTRA_NAMES, SPAN_OF_EXTRA
from facedrive.files import read_toml, write_whole
from facedrive.rotations import median_rotation, rotation_between
from facedrive.types import IDENTITY_HEAD, Head, Reading, Vector

VERSION = 2
"""Of the files that are written. Version 1 had no head and no gaze at rest, and is still read."""

EYELIDS: NDArray[np.intp] = np.array(
    [AU_INDEX["left_eye_close"], AU_INDEX["right_eye_close"]], dtype=np.intp
)

SMALLEST_RANGE = 0.15
"""An extreme nearer to the neutral than this was not performed, and is ignored."""

NEUTRAL_MARGIN = 0.02
"""Added to a measured neutral, so that noise around rest stays at 0."""

LID_MARGIN = 0.08
"""A lid starts to close this far above its resting closure."""

LID_CLOSED = 0.6
"""Where the model calls a lid shut, unless the person's own blink was measured."""


REST: dict[str, tuple[tuple[int, ...], float]] = {
    "head_rotation": ((4,), 1.0),
    "head_position": ((3,), 100.0),
    "gaze": ((2, 2), math.pi / 2),
}
"""Of a profile's entries that are no AU's: their shape, and how large a number may be."""


class Response(NamedTuple):
    """Where channels start, where they end, and how they get there; each (C,) float32."""

    neutral: Vector
    extreme: Vector
    gamma: Vector

    def apply(self, values: Vector) -> Vector:
        """Map (C,) raw values to calibrated ones, 0 to 1."""
        reach = np.clip((values - self.neutral) / (self.extreme - self.neutral), 0.0, 1.0)
        return np.asarray(1 - (1 - reach) ** self.gamma, dtype=np.float32)

    def with_neutral(self, resting: Vector) -> Response:
        """Start from (C,) other levels, and keep the same way from there to the end."""
        moved = (resting - self.neutral).astype(np.float32)
        return self._replace(neutral=self.neutral + moved, extreme=self.extreme + moved)


def usual_extras() -> Response:
    """Return where the extras start and end on most faces."""
    neutral, extreme = np.array([SPAN_OF_EXTRA[name] for name in EXTRA_NAMES], np.float32).T
    return Response(neutral, extreme, np.ones_like(neutral))


@dataclass(frozen=True)
class Profile:
    """One person's calibration; the default changes nothing but closes eyelids fully."""

    neutral: Vector
    """(24,) float32: the model's answer to the resting face."""
    extreme: Vector
    """(24,) float32: its answer to the face's strongest movement, above ``neutral``."""
    gamma: Vector
    """(24,) float32: above 1 lifts small movements, below 1 holds them back."""
    head_rotation: Vector | None = None
    """(4,) float32 unit quaternion of the head at rest; None leaves rotations as they are."""
    head_position: Vector | None = None
    """(3,) float32 metres of the head at rest, which is then that of ``IDENTITY_HEAD``."""
    gaze: Vector | None = None
    """(2, 2) float32 radians of the eyes at rest, as ``Sample.gaze``."""
    extras: Response = field(default_factory=usual_extras)
    """What the extras do at rest and at their extremes."""

    def calibrate(self, reading: Reading) -> Reading:
        """Return a raw reading with calibrated AUs, its head and gaze told from their rest."""
        gaze = reading.gaze if self.gaze is None else reading.gaze - self.gaze
        extras = None if reading.extras is None else self.extras.apply(reading.extras)
        return Reading(self.apply(reading.aus), gaze, self._from_rest(reading.head), extras)

    def _from_rest(self, head: Head) -> Head:
        rotation, position = head.rotation, head.translation
        if self.head_rotation is not None:
            rotation = rotation_between(self.head_rotation, rotation)
        if self.head_position is not None:
            position = position - self.head_position + IDENTITY_HEAD.translation
        return Head(rotation, position)

    def apply(self, aus: Vector) -> Vector:
        """Map (24,) raw AUs to calibrated ones, 0 to 1."""
        return Response(self.neutral, self.extreme, self.gamma).apply(aus)

    def with_rest(self, level: Vector) -> Profile:
        """Take (24,) other raw AUs at rest; head, gaze, extras and responses stay."""
        resting = _resting(level)
        extreme = np.maximum(self.extreme, resting + np.float32(SMALLEST_RANGE))
        return replace(self, neutral=resting, extreme=extreme.astype(np.float32))

    def with_neutral(self, rest: Reading) -> Profile:
        """Take another resting face, a raw reading, and keep extremes and responses."""
        return replace(
            self.with_rest(rest.aus), gaze=rest.gaze,
            head_rotation=rest.head.rotation, head_position=rest.head.translation,
            extras=self.extras if rest.extras is None
            else self.extras.with_neutral(rest.extras + np.float32(NEUTRAL_MARGIN)),
        )  # fmt: skip


def default_profile() -> Profile:
    """Return the profile of nobody in particular."""
    return build_profile(np.zeros(len(AUS), np.float32), None)


def build_profile(neutral: Vector, extreme: Vector | None, gamma: Vector | None = None) -> Profile:
    """Make a profile from a measured neutral and, where there was one, measured extremes.

    Args:
        neutral: (24,) raw AUs of the resting face.
        extreme: (24,) the highest raw AUs reached, or None.
        gamma: (24,) response exponents; 1 where None.
    """
    resting = _resting(neutral)
    top = np.ones(len(AUS), np.float32)
    top[EYELIDS] = np.maximum(LID_CLOSED, resting[EYELIDS] + SMALLEST_RANGE)
    if extreme is not None:
        performed = extreme - resting >= SMALLEST_RANGE
        # A little below the strongest frame, so that it can be reached again.
        top = np.where(performed, resting + 0.9 * (extreme - resting), top)
    if gamma is None:
        gamma = np.ones(len(AUS), np.float32)
    return Profile(resting.astype(np.float32), top.astype(np.float32), gamma.astype(np.float32))


def _resting(neutral: Vector) -> Vector:
    """Return where each AU starts to count, (24,), above a measured neutral."""
    resting = np.clip(neutral + NEUTRAL_MARGIN * (neutral > 0), 0.0, 0.8)
    resting[EYELIDS] = np.clip(neutral[EYELIDS] + LID_MARGIN, 0.0, 0.5)
    return resting.astype(np.float32)


def median_reading(readings: Sequence[Reading]) -> Reading:
    """Return the median of the raw readings of a resting face; half a second of them or more.

    Raises:
        ProfileError: if there are none.
    """
    if not readings:
        raise ProfileError("no face was seen while calibrating; face the camera and try again.")
    aus, gaze, heads, extras = zip(*readings, strict=True)
    rotation = median_rotation([head.rotation for head in heads])
    head = Head(rotation, _median([head.translation for head in heads]))
    known = [each for each in extras if each is not None]
    return Reading(_median(aus), _median(gaze), head, _median(known) if known else None)


def _median(values: Sequence[Vector]) -> Vector:
    return np.median(np.stack(values), axis=0).astype(np.float32)


def save_profile(profile: Profile, path: Path) -> None:
    """Write a profile as TOML.

    Raises:
        ProfileError: if the file cannot be written.
    """
    write_whole(path, "\n".join(_lines(profile)) + "\n", ProfileError)


def _lines(profile: Profile) -> Iterator[str]:
    yield f"version = {VERSION}"
    for name in REST:
        value = getattr(profile, name)
        if value is not None:
            yield f"{name} = {np.round(value.astype(np.float64), 5).tolist()}"
    yield ""
    aus = zip(AU_NAMES, profile.neutral, profile.extreme, profile.gamma, strict=True)
    for name, neutral, extreme, gamma in (*aus, *zip(EXTRA_NAMES, *profile.extras, strict=True)):
        yield (
            f"{name} = {{ neutral = {neutral:.4f}, extreme = {extreme:.4f}, gamma = {gamma:.3f} }}"
        )


def load_profile(path: Path) -> Profile:
    """Read a profile; an AU that it does not name keeps its default.

    Raises:
        ProfileError: if it is missing, no TOML, of a later version, or holds bad values.
    """
    table = read_toml(path, ProfileError, "readable profile", "make one with: facedrive calibrate")
    rest = _rest(path, table, _version(path, table))
    start = default_profile()
    known = (*AU_NAMES, *EXTRA_NAMES)
    aus = Response(start.neutral, start.extreme, start.gamma)
    columns = {column: np.append(getattr(aus, column), getattr(start.extras, column))
               for column in Response._fields}  # fmt: skip
    for name, row in table.items():
        if name not in known:
            raise ProfileError(f"{path}: " + unknown("AU", name, known))
        for column, value in _row(path, name, row).items():
            columns[column][known.index(name)] = value
    for name, low, high in zip(known, columns["neutral"], columns["extreme"], strict=True):
        if high - low < 0.01:
            raise ProfileError(f"{path}: {name}: extreme {high:g} must lie above neutral {low:g}.")
    count = len(AUS)
    extras = Response(*(columns[column][count:] for column in Response._fields))
    return Profile(**{name: each[:count] for name, each in columns.items()}, **rest, extras=extras)


def _version(path: Path, table: dict[str, Any]) -> int:
    """Take the version out of a profile's table, and refuse one that is not known."""
    version = table.pop("version", None)
    if version is None:
        raise ProfileError(
            f"{path} is no profile: it has no version; make one with: facedrive calibrate."
        )
    if type(version) is not int or version not in range(1, VERSION + 1):
        raise ProfileError(
            f"{path} is a profile of version {version}; this facedrive reads 1 to {VERSION}: "
            "get a newer facedrive, or make the profile again with: facedrive calibrate."
        )
    return int(version)


def _rest(path: Path, table: dict[str, Any], version: int) -> dict[str, Vector]:
    """Take the head and gaze at rest out of a profile's table; version 1 has none."""
    rest = {}
    for name, (shape, most) in REST.items():
        if version == 1 or name not in table:
            continue
        value = np.array(_numbers(table.pop(name)), np.float64)
        if value.size != math.prod(shape) or not (np.abs(value) <= most).all():
            raise ProfileError(
                f"{path}: {name} must be {' by '.join(map(str, shape))} numbers from "
                f"{-most:g} to {most:g}."
            )
        rest[name] = value.reshape(shape).astype(np.float32)
    return rest | _unit(path, rest.get("head_rotation"))


def _numbers(value: Any) -> list[float]:
    """Return the numbers in nested lists; NaN for what is none."""
    if isinstance(value, list):
        return [number for each in value for number in _numbers(each)]
    return [float(value) if type(value) in (int, float) else math.nan]


def _unit(path: Path, rotation: Vector | None) -> dict[str, Vector]:
    """Bring a quaternion to length 1, and refuse one that is no rotation."""
    if rotation is None:
        return {}
    length = float(np.linalg.norm(rotation))
    if not 0.9 < length < 1.1:
        raise ProfileError(
            f"{path}: head_rotation has length {length:g}; a quaternion has 1: calibrate again."
        )
    return {"head_rotation": rotation / np.float32(length)}


def _row(path: Path, name: str, row: Any) -> dict[str, float]:
    """Check one AU's line of a profile."""
    if not isinstance(row, dict):
        raise ProfileError(f"{path}: {name} must be a table with neutral, extreme and gamma.")
    for column, value in row.items():
        if column not in ("neutral", "extreme", "gamma"):
            raise ProfileError(
                f"{path}: {name}: " + unknown("value", column, ("neutral", "extreme", "gamma"))
            )
        if type(value) not in (int, float) or not math.isfinite(value):
            raise ProfileError(f"{path}: {name}.{column} is {value!r}; it must be a number.")
        low, high = (0.05, 20.0) if column == "gamma" else (0.0, 1.0)
        if not low <= value <= high:
            raise ProfileError(
                f"{path}: {name}.{column} is {value:g}; it must be from {low:g} to {high:g}."
            )
    return row
