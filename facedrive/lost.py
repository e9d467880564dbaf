"""The one policy for a face that is gone: hold, ease to neutral, stay there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedrive.aus import AUS
from facedrive.options import option
from facedrive.types import IDENTITY_HEAD, Head, Sample


@dataclass(frozen=True)
class LostFaceOptions:
    """How long a face that is gone is held, and how fast it then comes to rest."""

    hold_s: float = option(0.2, unit="s", low=0, high=60, live=True)
    """Seconds for which the last values stay as they are."""
    ease_s: float = option(0.3, unit="s", low=0.001, high=60, live=True)
    """Seconds in which they then go to neutral; above 0."""


class LostFace:
    """The policy at work: its options, and the last sample with a face."""

    def __init__(self, options: LostFaceOptions | None = None) -> None:
        """Start without a face; None has the default options."""
        self.options = options or LostFaceOptions()
        self.reset()

    def reset(self) -> None:
        """Forget the last face."""
        self._last: Sample | None = None

    def seen(self, sample: Sample) -> None:
        """Remember what to hold."""
        self._last = sample

    def at(self, time: float, index: int) -> Sample:
        """Return what to show at ``time`` without a face."""
        last = self._last
        if last is None:
            neutral = np.zeros(len(AUS), np.float32), np.zeros((2, 2), np.float32)
            return Sample(time, index, *neutral, IDENTITY_HEAD, False)
        since_s = time - last.time - self.options.hold_s
        gone = np.clip(since_s / self.options.ease_s, 0.0, 1.0)
        kept = np.float32(1 - gone * gone * (3 - 2 * gone))
        toward = IDENTITY_HEAD.rotation * np.copysign(np.float32(1), last.head.rotation[3])
        rotation = kept * last.head.rotation + (1 - kept) * toward
        head = Head(rotation / np.linalg.norm(rotation), last.head.translation)
        extras = None if last.extras is None else kept * last.extras
        return Sample(
            time, index, kept * last.aus, kept * last.gaze, head, False, extras=extras
        )  # fmt: skip
