"""Smoothing over frame time: the One Euro filter, and none."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import OptionError
from facedrive.options import option
from facedrive.registry import Registry
from facedrive.stages import Filter
from facedrive.types import Vector


class NoFilter:
    """Passes values through."""

    def filter(self, values: Vector, time: float) -> Vector:
        """Return ``values``."""
        return values

    def reset(self) -> None:
        """Do nothing; there is no past."""


@dataclass(frozen=True)
class OneEuro:
    """Smooth what rests, follow what moves (Casiez, Roussel and Vogel, CHI 2012).

    The defaults are for AU intensities: a resting face keeps about a fifth of the model's
    noise, a full step reaches 90 % in two frames at 30 fps.
    """

    min_cutoff_hz: float = option(1.0, unit="Hz", low=0.001, high=1000, live=True)
    """Cutoff of a value at rest, Hz; lower is steadier, and slower to start."""
    beta: float = option(6.0, unit="Hz s", low=0, high=10_000, live=True)
    """Cutoff gained, in Hz, per unit of value per second; higher follows movement faster."""
    derivative_cutoff_hz: float = option(1.0, unit="Hz", low=0.001, high=1000, live=True)
    """Cutoff, Hz, of the speed that ``beta`` is multiplied by."""

    def filter(self) -> OneEuroFilter:
        """Return a filter with these options and no past."""
        return OneEuroFilter(self)


STEP = np.float32(2.0**-20)
"""What is off by less is there: filters that began at different times come to say the same."""


class OneEuroFilter:
    """The One Euro filter at work: its options, and the newest value and speed."""

    def __init__(self, options: OneEuro | None = None) -> None:
        """Start without a past; None has the default options."""
        self.options = options or OneEuro()
        self._time: float | None = None
        self._value = self._speed = np.zeros(0, np.float32)

    def filter(self, values: Vector, time: float) -> Vector:
        """Return ``values`` (any shape, the same each call) smoothed up to ``time`` seconds.

        A time that does not advance gives the last answer again.
        """
        if self._time is None:
            self._time, self._value = time, values.astype(np.float32)
            self._speed = np.zeros_like(self._value)
            return self._value
        elapsed = time - self._time
        if elapsed <= 0:
            return self._value
        self._time = time
        share = _share(self.options.derivative_cutoff_hz, elapsed)
        self._speed = _towards((values - self._value) / elapsed, self._speed, share)
        gained_hz = self.options.beta * np.abs(self._speed)
        cutoff = np.asarray(self.options.min_cutoff_hz + gained_hz, np.float32)
        self._value = _towards(values, self._value, _share(cutoff, elapsed))
        return self._value

    def reset(self) -> None:
        """Take the next values as they come."""
        self._time = None


FILTERS: Registry[Filter] = Registry(
    "filter",
    {"none": "facedrive.filters:NoFilter", "one-euro": "facedrive.filters:OneEuroFilter"},
    ("filter", "reset"),
    OptionError,
)


def _towards(goal: Vector, value: Vector, share: float | NDArray[np.floating]) -> Vector:
    """Go a share of the way to a goal, by whole steps: it is reached, and not only neared."""
    off = (1 - share) * (value - goal)
    return np.asarray(goal + np.trunc(off / STEP) * STEP, np.float32)


def _share(cutoff_hz: float | NDArray[np.floating], elapsed: float) -> float | NDArray[np.floating]:
    """Return how much of the way a first-order low-pass goes in ``elapsed`` seconds."""
    turn = 2 * math.pi * elapsed * cutoff_hz
    return turn / (1 + turn)
