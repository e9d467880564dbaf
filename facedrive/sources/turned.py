"""Pictures turned and flipped as asked; a face that lies on its side is told of."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from facedrive.options import option
from facedrive.stages import Source
from facedrive.types import Frame, Image

if TYPE_CHECKING:
    import dlib

log = logging.getLogger(__name__)

Rotation = Literal["0", "90", "180", "270", "auto"]

LOOKS = (0, 5, 15, 40, 100)
"""Frames at which the face's side is looked for, until it is known."""

SIDE, CLOSER = 320, 640
"""Longest side of the copy that is looked at, and of the one that is asked where that shows no
upright face, pixels. A small face is seen in the second alone, and then the first may hold a
pattern that is taken for one upside down."""

SURE = 0.3
"""The detector's score from which a side is known; 0 is its threshold."""


@dataclass(frozen=True)
class PictureOptions:
    """How the source's pictures are turned before anything looks at them."""

    rotate: Rotation | None = option(None, flag="--rotate")
    """Degrees clockwise; auto finds out. Where left out, a face on its side is told of."""
    flip: bool = option(False, flag="--flip")
    """Swap left and right, for a camera that gives mirrored pictures."""


@dataclass(frozen=True)
class Turned:
    """A source whose pictures are turned, then flipped."""

    source: Source
    options: PictureOptions = PictureOptions()
    name: str = "the source"
    """What messages call it."""
    stills: bool = False
    """Whether its pictures have nothing to do with one another: each is looked at for itself, where
    how the face lies is to be found out, and nothing is told of one."""

    @property
    def live(self) -> bool:
        """As the source's."""
        return self.source.live

    @property
    def wait(self) -> bool:
        """As the source's."""
        return bool(getattr(self.source, "wait", False))

    @property
    def frame_count(self) -> int | None:
        """As the source's."""
        return cast("int | None", getattr(self.source, "frame_count", None))

    def frames(self) -> Iterator[Frame]:
        """Yield every frame."""
        asked = self.options.rotate
        degrees = int(asked) if asked and asked != "auto" else 0
        if self.stills:
            yield from self._each(degrees)
            return
        side = _Side() if asked in (None, "auto") else None
        frames = self.source.frames()
        with closing(cast("Generator[Frame, None, None]", frames)):
            for number, frame in enumerate(frames):
                if side and number in LOOKS and (found := side.look(frame.image)) is not None:
                    side = None
                    degrees = self._found(found)
                yield self._turn(frame, degrees)

    def _each(self, degrees: int) -> Iterator[Frame]:
        """Yield every picture, turned as it itself asks for."""
        side = _Side() if self.options.rotate == "auto" else None
        for frame in self.source.frames():
            yield self._turn(frame, (side.look(frame.image) or 0) if side else degrees)

    def _found(self, degrees: int) -> int:
        """Say how the face lies; return by how much to turn."""
        if degrees:
            lies = "is upside down" if degrees == 180 else "lies on its side"
            auto = self.options.rotate == "auto"
            told = (
                f"turned by {degrees} degrees"
                if auto
                else f"turn it with facedrive live --rotate {degrees}"
            )
            log.log(logging.INFO if auto else logging.WARNING,
                    "%s: the face %s; %s", self.name, lies, told)  # fmt: skip
        return degrees if self.options.rotate == "auto" else 0

    def _turn(self, frame: Frame, degrees: int) -> Frame:
        if not (degrees or self.options.flip):
            return frame
        return replace(frame, image=turn(frame.image, degrees, flip=self.options.flip))


def turn(image: Image, degrees: int, *, flip: bool = False) -> Image:
    """Turn an image clockwise by quarters, then swap left and right if asked."""
    turned = np.rot90(image, -degrees // 90)
    return np.ascontiguousarray(turned[:, ::-1] if flip else turned)


class _Side:
    """Looks for the way up at which there is a face."""

    def __init__(self) -> None:
        self._detector: dlib.fhog_object_detector | None = None

    def look(self, image: Image) -> int | None:
        """Return by how many degrees clockwise to turn; None where no way up shows a face."""
        upright = self._best(image, SIDE) == 0
        return 0 if upright else self._best(image, CLOSER)

    def _best(self, image: Image, longest: int) -> int | None:
        """Answer as ``look``, by a copy of that size."""
        import cv2

        scale = longest / max(image.shape[:2])
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        gray = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
        scores = {degrees: self._score(turn(gray, degrees)) for degrees in (0, 90, 180, 270)}
        best = max(scores, key=lambda each: scores[each])
        return best if scores[best] > SURE else None

    def _score(self, gray: Image) -> float:
        from facedrive.trackers.hog import open_detector

        self._detector = self._detector or open_detector()
        _, scores, _ = self._detector.run(gray, 0, 0.0)
        return float(max(scores, default=-1.0))
