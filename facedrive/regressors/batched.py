"""One model for several streams: crops that are asked for at about the same time are one call.

A call always has the same number of crops, grey ones among them where fewer are asked for: for
each new number a GPU would look anew for how it computes best. Which place a crop has in a call may
change the last digits of what is said of it, by some 1e-6; who else is in the call changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

import numpy as np

from facedrive.stages import Estimate, Regressor
from facedrive.threads import Gathered
from facedrive.types import Image

GREY = 128


@runtime_checkable
class Batching(Regressor, Protocol):
    """A regressor that reads many crops in one call."""

    def estimate_all(self, crops: Image) -> list[Estimate]:
        """Read (N, S, S) uint8 crops."""
        ...


class BatchedRegressor:
    """Stands before a regressor, which several threads may then ask.

    One that reads a crop at a time is asked by one thread at a time.
    """

    def __init__(self, regressor: Regressor, size: int) -> None:
        """Read up to ``size`` crops in a call."""
        self.crop = regressor.crop
        self.follows = bool(getattr(regressor, "follows", False))
        self._regressor, self._size = regressor, size
        self._gathered: Gathered[Image, Estimate] = Gathered(self._read, size)

    def stream(self) -> AbstractContextManager[None]:
        """Return a block within which one more stream is read, and is waited for."""
        return self._gathered.taking_part()

    def estimate(self, crop: Image) -> Estimate:
        """Read a (S, S) uint8 crop, with those of the other streams."""
        return self._gathered.ask(crop)

    def _read(self, crops: Sequence[Image]) -> list[Estimate]:
        if not isinstance(self._regressor, Batching):
            return [self._regressor.estimate(crop) for crop in crops]
        side = self.crop.size
        batch = np.full((self._size, side, side), GREY, np.uint8)
        batch[: len(crops)] = crops
        return self._regressor.estimate_all(batch)[: len(crops)]
