"""Smoothing of all that a frame says about a face: a filter for each kind of value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedrive.filters import FILTERS, NoFilter, OneEuro, OneEuroFilter
from facedrive.options import option
from facedrive.stages import Filter
from facedrive.types import IDENTITY_HEAD, Head, Reading, Vector


@dataclass(frozen=True)
class SmoothingOptions:
    """How values are smoothed: a filter for each kind, tuned to its unit."""

    use: str = option("one-euro", metavar="NAME", choices=lambda: tuple(FILTERS))
    """The filter: one-euro, none, or a plug-in, package.module:Class."""
    aus: OneEuro = OneEuro()
    """Of action units, 0 to 1."""
    gaze: OneEuro = OneEuro(min_cutoff_hz=1.5, beta=8.0)
    """Of the eyes' angles, radians."""
    rotation: OneEuro = OneEuro(min_cutoff_hz=1.0, beta=10.0)
    """Of the head's rotation, the parts of a quaternion."""
    translation: OneEuro = OneEuro(min_cutoff_hz=1.0, beta=10.0)
    """Of the head's position, metres."""
    extras: OneEuro = OneEuro()
    """Of the extras, 0 to 1."""

    def smoothing(self) -> Smoothing:
        """Return a smoothing with these options and no past.

        Raises:
            OptionError: if there is no such filter.
        """
        return Smoothing(*(FILTERS.open(self.use, options=each) for each in self.kinds))

    @property
    def kinds(self) -> tuple[OneEuro, ...]:
        """The options of each kind, in the order of ``Smoothing``."""
        return self.aus, self.gaze, self.rotation, self.translation, self.extras


class Smoothing:
    """The filters at work; any ``Filter`` can stand in for one of them."""

    def __init__(
        self, aus: Filter, gaze: Filter, rotation: Filter, translation: Filter, extras: Filter
    ) -> None:
        """Smooth each kind of value with its own filter."""
        self._aus, self._gaze, self._extras = aus, gaze, extras
        self._rotation, self._translation = rotation, translation
        self._last: Vector = IDENTITY_HEAD.rotation

    def apply(self, reading: Reading, time: float) -> Reading:
        """Smooth one frame's values up to its time."""
        rotation = reading.head.rotation
        if float(np.dot(rotation, self._last)) < 0:  # q and -q are the same rotation
            rotation = -rotation
        smooth = self._rotation.filter(rotation, time)
        self._last = (smooth / np.linalg.norm(smooth)).astype(np.float32)
        return Reading(
            self._aus.filter(reading.aus, time),
            self._gaze.filter(reading.gaze, time),
            Head(self._last, self._translation.filter(reading.head.translation, time)),
            None if reading.extras is None else self._extras.filter(reading.extras, time),
        )

    def configure(self, options: SmoothingOptions) -> None:
        """Go on with other options of the One Euro filters; what is smoothed does not jump."""
        for each, changed in zip(self._filters, options.kinds, strict=True):
            if isinstance(each, OneEuroFilter):
                each.options = changed

    def reset(self) -> None:
        """Forget the past."""
        for each in self._filters:
            each.reset()

    @property
    def _filters(self) -> tuple[Filter, ...]:
        return self._aus, self._gaze, self._rotation, self._translation, self._extras


def no_smoothing() -> Smoothing:
    """Return a smoothing that passes everything through."""
    return Smoothing(*(NoFilter() for _ in range(5)))
