"""How long stages take, in constant memory: medians and 95th percentiles of the newest frames."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

KEPT = 8192
"""Measurements kept of each stage; older ones are forgotten."""


class Latency(NamedTuple):
    """A stage's time over the frames kept."""

    median_ms: float
    p95_ms: float
    frames: int
    """Measurements ever made."""


class Timing:
    """Collects stage times by name, in the order the names first came."""

    def __init__(self) -> None:
        self._rings: dict[str, NDArray[np.float32]] = {}
        self._counts: dict[str, int] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a ``with`` block."""
        start = time.perf_counter()
        yield
        self.add(name, time.perf_counter() - start)

    def add(self, name: str, seconds: float) -> None:
        """Note one measurement."""
        if name not in self._rings:
            self._rings[name] = np.zeros(KEPT, np.float32)
            self._counts[name] = 0
        self._rings[name][self._counts[name] % KEPT] = seconds
        self._counts[name] += 1

    def summary(self) -> dict[str, Latency]:
        """Return each stage's median and p95 in milliseconds."""
        answer = {}
        for name, count in self._counts.items():
            kept = self._rings[name][: min(count, KEPT)] * 1000
            median, p95 = np.percentile(kept, [50, 95])
            answer[name] = Latency(float(median), float(p95), count)
        return answer

    def count(self, name: str) -> int:
        """Return how many measurements of a stage were ever made."""
        return self._counts.get(name, 0)

    def recent_ms(self, name: str, frames: int = 30) -> float:
        """Return the median of a stage's last ``frames`` measurements; NaN if there are none."""
        count = self._counts.get(name, 0)
        if not count:
            return float("nan")
        newest = np.arange(max(0, count - min(frames, KEPT)), count) % KEPT
        return float(np.median(self._rings[name][newest]) * 1000)


def thread_seconds() -> float:
    """Return the processor time that this thread has taken, for measuring only."""
    return time.thread_time()


def perf_seconds() -> float:
    """Return a fine clock's seconds, for measuring only."""
    return time.perf_counter()
