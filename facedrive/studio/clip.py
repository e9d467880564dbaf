"""A recorded source that stands in for a camera: at its own speed, again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from facedrive.stages import Source
from facedrive.threads import Pace, now
from facedrive.types import Frame


@dataclass(frozen=True)
class Clip:
    """Gives a recorded source's frames as a camera would, from the start again at its end."""

    source: Source
    live: bool = False
    """Every frame waits to be read: a clip drops none."""

    def frames(self) -> Iterator[Frame]:
        """Yield frames for ever, each stamped with the time at which it comes."""
        index = 0
        while True:
            first = index
            for frame in Pace(self.source).frames():
                yield replace(frame, time=now(), index=index)
                index += 1
            if index == first:
                return
