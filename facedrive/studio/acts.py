"""What moves the face in place of the source: a take, a slider, a wave through every channel."""

from __future__ import annotations

import math
import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from facedrive.aus import AU_NAMES
from facedrive.extras import derived
from facedrive.studio.movements import MOVEMENTS
from facedrive.threads import now
from facedrive.types import IDENTITY_HEAD, Sample, Vector

STEP_S = 1 / 60
"""How often an act looks whether it has something new to show."""

WAVE_S = 0.6
"""How long a test wave stays on one movement."""


def posed(aus: Vector, index: int = 0, extras: Vector | None = None) -> Sample:
    """Return a sample of a head at rest with these (24,) AUs, stamped now.

    Extras that are not given are those that go along with the AUs.
    """
    rest = np.zeros((2, 2), np.float32)
    return Sample(now(), index, aus, rest, IDENTITY_HEAD, True, 1.0, extras=extras)


def moved(levels: Vector, index: int = 0) -> Sample:
    """Return a sample with these (38,) levels of the ``MOVEMENTS``.

    What goes along with the AUs does so here too, so that an extra is never less than that.
    """
    aus, extras = levels[: len(AU_NAMES)], levels[len(AU_NAMES) :]
    return posed(aus, index, np.maximum(extras, derived(aus)))


@dataclass
class Hand:
    """Holds the face as sliders say, until it is let go."""

    levels: Vector = field(default_factory=lambda: np.zeros(len(MOVEMENTS), np.float32))
    """(38,) of the ``MOVEMENTS``."""

    def set(self, **given: float) -> None:
        """Change some movements by name."""
        levels = self.levels.copy()
        for name, level in given.items():
            levels[MOVEMENTS.index(name)] = level
        self.levels = levels

    def level(self, name: str) -> float:
        """Return how far a movement is held."""
        return float(self.levels[MOVEMENTS.index(name)])

    def let_go(self) -> None:
        """Put all movements back to 0."""
        self.levels = np.zeros(len(MOVEMENTS), np.float32)

    def samples(self, stopping: threading.Event) -> Iterator[Sample]:
        """Yield what the sliders say, at 30 a second, until ``stopping``."""
        index = 0
        while not stopping.wait(2 * STEP_S):
            yield moved(self.levels, index)
            index += 1


@dataclass(frozen=True)
class Wave:
    """Raises and lowers one movement after the other, so that every channel is seen to move."""

    def samples(self, stopping: threading.Event) -> Iterator[Sample]:
        """Yield one pass through all movements."""
        start, index = now(), 0
        while not stopping.wait(2 * STEP_S):
            step, part = divmod((now() - start) / WAVE_S, 1)
            if step >= len(MOVEMENTS):
                return
            levels = np.zeros(len(MOVEMENTS), np.float32)
            levels[int(step)] = math.sin(math.pi * part)
            yield moved(levels, index)
            index += 1


class Player:
    """Plays a take: can be paused, looped, and put anywhere."""

    def __init__(self, takes: Sequence[Sample], name: str) -> None:
        """Play from the start; ``takes`` are the samples in time order, at least one."""
        first = takes[0].time
        self.name = name
        self.times = [sample.time - first for sample in takes]
        self._samples = takes
        self.playing, self.loop = True, True
        self.position = 0.0
        """Seconds from the start."""
        self.low, self.high = 0.0, self.duration
        """The part that is played."""

    @property
    def duration(self) -> float:
        """Seconds from the first sample to the last."""
        return self.times[-1]

    def seek(self, position: float) -> None:
        """Go to a time in seconds; out of range is the nearer end."""
        self.position = min(max(position, 0.0), self.duration)

    def at(self, position: float) -> Sample:
        """Return the sample that is shown at a time."""
        return self._samples[max(0, bisect_right(self.times, position) - 1)]

    def samples(self, stopping: threading.Event) -> Iterator[Sample]:
        """Yield samples as their time comes, until the end or ``stopping``."""
        index, before = 0, now()
        while not stopping.wait(STEP_S):
            passed, before = now() - before, now()
            if self.playing and not self._advance(passed):
                self.playing = False
            yield replace(self.at(self.position), time=now(), index=index)
            index += 1

    def _advance(self, seconds: float) -> bool:
        """Go on; say whether there is more to play."""
        ahead = self.position + seconds
        if ahead <= self.high:
            self.position = max(ahead, self.low)
            return True
        self.position = self.low if self.loop else self.high
        return self.loop


Act = Hand | Wave | Player
