"""A source: each image of a folder for a while, as if a camera looked at photographs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from facedrive.sources.images import Images
from facedrive.types import Frame


@dataclass
class Slideshow:
    """Shows each image of a folder for some frames."""

    path: Path
    """The folder, or one image."""
    frames_each: int = 15
    """How long each is shown, frames at 30 a second."""

    @property
    def live(self) -> bool:
        """False: frames wait to be read."""
        return False

    def frames(self) -> Iterator[Frame]:
        """Yield every frame."""
        index = count()
        for picture in Images(self.path).frames():
            for _ in range(self.frames_each):
                number = next(index)
                yield Frame(picture.image, number / 30, number)
