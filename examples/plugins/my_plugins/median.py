"""A filter: the median of the newest frames, which takes out single wrong ones."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from facedrive.types import Vector


@dataclass
class MedianFilter:
    """Gives the median of the last few frames."""

    frames: int = 3
    """How many."""

    def __post_init__(self) -> None:
        self._past: deque[Vector] = deque(maxlen=self.frames)

    def filter(self, values: Vector, time: float) -> Vector:
        """Return the median up to ``time``."""
        self._past.append(values)
        return np.median(self._past, axis=0).astype(np.float32)

    def reset(self) -> None:
        """Forget the past."""
        self._past.clear()
