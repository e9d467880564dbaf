"""Smoothing over frame time: the One Euro filter, and none."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from facedrive.types import Vector


@dataclass
class NoFilter:
    """Pass values through."""

    def filter(self, values: Vector, time: float) -> Vector:
        """Return ``values``."""
        return values

    def reset(self) -> None:
        """Do nothing; there is no past."""


@dataclass
class OneEuro:
    """Smooth what rests, follow what moves (Casiez, Roussel and Vogel, CHI 2012).

    The defaults are for AU intensities: a resting face keeps about a fifth of the model's
    noise, a full step reaches 90 % in two frames at 30 fps.
    """

    min_cutoff_hz: float = 1.0
    """Cutoff of a value at rest."""
    beta: float = 6.0
    """Cutoff gained, in Hz, per unit of value per second."""
    derivative_cutoff_hz: float = 1.0
    _time: float | None = field(default=None, init=False, repr=False)
    _value: Vector = field(default_factory=lambda: np.zeros(0, np.float32), init=False, repr=False)
    _speed: Vector = field(default_factory=lambda: np.zeros(0, np.float32), init=False, repr=False)

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
        share = _share(self.derivative_cutoff_hz, elapsed)
        self._speed = self._speed + share * ((values - self._value) / elapsed - self._speed)
        cutoff = np.asarray(self.min_cutoff_hz + self.beta * np.abs(self._speed), np.float32)
        self._value = self._value + _share(cutoff, elapsed) * (values - self._value)
        return self._value

    def reset(self) -> None:
        """Take the next values as they come."""
        self._time = None


def _share(cutoff_hz: float | Vector, elapsed: float) -> float | Vector:
    """Return how much of the way a first-order low-pass goes in ``elapsed`` seconds."""
    turn = 2 * math.pi * elapsed * cutoff_hz
    return turn / (1 + turn)
