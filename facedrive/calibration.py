"""Per-person calibration: what the face does at rest and at its extremes; a profile in TOML.

Neutral and range use the response ``y = 1 - (1 - max(x - x0, 0) / (x1 - x0)) ** gamma``
(NVIDIA AR SDK, with an upper end), which keeps 0 at the neutral ``x0`` and 1 at the extreme
``x1``. Eyelids have their own rule, because subtracting a neutral breaks blinking: a lid is
open below its resting closure and fully closed from its closing point on.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX, AU_NAMES, AUS
from facedrive.errors import ProfileError, unknown
from facedrive.files import write_whole
from facedrive.types import Vector

VERSION = 1

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


@dataclass(frozen=True)
class Profile:
    """One person's calibration; the default changes nothing but closes eyelids fully."""

    neutral: Vector
    """(24,) float32: the model's answer to the resting face."""
    extreme: Vector
    """(24,) float32: its answer to the face's strongest movement, above ``neutral``."""
    gamma: Vector
    """(24,) float32: above 1 lifts small movements, below 1 holds them back."""

    def apply(self, aus: Vector) -> Vector:
        """Map (24,) raw AUs to calibrated ones, 0 to 1."""
        reach = np.clip((aus - self.neutral) / (self.extreme - self.neutral), 0.0, 1.0)
        return np.asarray(1 - (1 - reach) ** self.gamma, dtype=np.float32)

    def with_neutral(self, neutral: Vector) -> Profile:
        """Take another resting face, (24,) raw AUs, and keep extremes and responses."""
        resting = _resting(neutral)
        extreme = np.maximum(self.extreme, resting + np.float32(SMALLEST_RANGE))
        return Profile(resting, extreme.astype(np.float32), self.gamma)


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


def median_neutral(aus: Sequence[Vector]) -> Vector:
    """Return the (24,) median of the raw AUs of a resting face; about a second of them.

    Raises:
        ProfileError: if there are none.
    """
    if not aus:
        raise ProfileError("no face was seen while calibrating; face the camera and try again.")
    return np.median(np.stack(aus), axis=0).astype(np.float32)


def save_profile(profile: Profile, path: Path) -> None:
    """Write a profile as TOML.

    Raises:
        ProfileError: if the file cannot be written.
    """
    lines = [f"version = {VERSION}", ""]
    rows = zip(AU_NAMES, profile.neutral, profile.extreme, profile.gamma, strict=True)
    for name, neutral, extreme, gamma in rows:
        lines.append(
            f"{name} = {{ neutral = {neutral:.4f}, extreme = {extreme:.4f}, gamma = {gamma:.3f} }}"
        )
    write_whole(path, "\n".join(lines) + "\n", ProfileError)


def load_profile(path: Path) -> Profile:
    """Read a profile; an AU that it does not name keeps its default.

    Raises:
        ProfileError: if it is missing, no TOML, of another version, or holds bad values.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(
            f"{path} is no readable profile: {error}; make one with: facedrive calibrate."
        ) from error
    if table.pop("version", None) != VERSION:
        raise ProfileError(f"{path} is no profile of version {VERSION}; calibrate again.")
    start = default_profile()
    columns = {"neutral": start.neutral, "extreme": start.extreme, "gamma": start.gamma}
    for name, row in table.items():
        if name not in AU_INDEX:
            raise ProfileError(f"{path}: " + unknown("AU", name, AU_NAMES))
        for column, value in _row(path, name, row).items():
            columns[column][AU_INDEX[name]] = value
    for name, low, high in zip(AU_NAMES, columns["neutral"], columns["extreme"], strict=True):
        if high - low < 0.01:
            raise ProfileError(f"{path}: {name}: extreme {high:g} must lie above neutral {low:g}.")
    return Profile(**columns)


def _row(path: Path, name: str, row: Any) -> dict[str, float]:
    """Check one AU's line of a profile."""
    if not isinstance(row, dict):
        raise ProfileError(f"{path}: {name} must be a table with neutral, extreme and gamma.")
    for column, value in row.items():
        if column not in ("neutral", "extreme", "gamma"):
            raise ProfileError(
                f"{path}: {name}: " + unknown("value", column, ("neutral", "extreme", "gamma"))
            )
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise ProfileError(f"{path}: {name}.{column} is {value!r}; it must be a number.")
        low, high = (0.05, 20.0) if column == "gamma" else (0.0, 1.0)
        if not low <= value <= high:
            raise ProfileError(
                f"{path}: {name}.{column} is {value:g}; it must be from {low:g} to {high:g}."
            )
    return row
