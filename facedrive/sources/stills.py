"""Pictures that have nothing to do with one another, each a frame; one that is broken is a gap."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from facedrive.errors import DependencyError, FacedriveError, SourceError
from facedrive.sources.images import LARGEST_BYTES, decode_image
from facedrive.sources.places import Place
from facedrive.types import Frame, Image

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stills:
    """Frames from picture files; ``index`` is the picture's number."""

    places: Sequence[Place]
    least_side: int | None = None
    """As ``decode_image``."""
    fps: float | None = None
    """Where they are a film's: picture ``i`` has time ``i / fps``; else each has time 0."""
    errors: dict[int, FacedriveError] = field(default_factory=dict)
    """Why the picture of a number could not be read."""

    @property
    def live(self) -> bool:
        """False: frames wait to be read."""
        return False

    @property
    def frame_count(self) -> int:
        """How many there are."""
        return len(self.places)

    def frames(self) -> Iterator[Frame]:
        """Yield every picture that can be read; the others are in ``errors``."""
        for index, place in enumerate(self.places):
            try:
                image = self._read(place)
            except (SourceError, DependencyError) as error:
                self.errors[index] = error
                log.warning("%s", error)
                continue
            yield Frame(image, index / self.fps if self.fps else 0.0, index)

    def _read(self, place: Place) -> Image:
        content = place.read(LARGEST_BYTES)
        return decode_image(content, place.name, place.suffix, self.least_side)
