"""One labelled video: numbered frames, their 24 AUs, and where their pictures are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AUS
from facedrive.feafa.labels.pictures import film_pictures, read_gray
from facedrive.types import Image, Vector

Part = Literal["posed", "spontaneous"]
Left = Literal["subject", "camera"]
"""Whose left a label's left is: the subject's, or that of who looks at the picture."""

Layout = Literal["FEAFA+", "DISFA", "take"]


@dataclass(frozen=True)
class Video:
    """F frames of one subject, in order; a frame has a label, a picture or both."""

    name: str
    """Unique in its dataset, such as ``PV001``."""
    subject: str
    part: Part
    frames: NDArray[np.int32]
    """(F,) their numbers, ascending."""
    aus: Vector
    """(F, 24) float32, 0 to 1, in the order of ``facedrive.aus.AUS``; NaN where missing."""
    pictures: tuple[Path | None, ...]
    """(F,) the image of each frame; None where it has none, and where ``film`` holds it."""
    film: Path | None = None
    """The video file that holds the frames, if they are not images."""
    film_start: int = 1
    """Number of the film's first frame."""

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """(F,) whether any AU of the frame is known."""
        return np.asarray(~np.isnan(self.aus).all(axis=1))

    @property
    def pictured(self) -> NDArray[np.bool_]:
        """(F,) whether the frame has a picture; of a film's, whether its number can be in it."""
        if self.film:
            return self.frames >= self.film_start
        return np.array([path is not None for path in self.pictures], dtype=np.bool_)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Video:
        """Return a video of some of the frames."""
        pictures = tuple(self.pictures[row] for row in np.arange(len(self.frames))[rows])
        return replace(self, frames=self.frames[rows], aus=self.aus[rows], pictures=pictures)

    def grays(self) -> Iterator[Image | None]:
        """Yield the picture of every frame, (H, W) uint8; None where there is no readable one."""
        if self.film:
            yield from film_pictures(self.film, (self.frames - self.film_start).tolist())
            return
        for path in self.pictures:
            yield read_gray(path) if path else None


class Problem(NamedTuple):
    """Something in a dataset that is not as it must be."""

    kind: str
    """One of ``KINDS``."""
    path: Path
    text: str
    """What is wrong, as the end of a line that begins with the path."""
    values: int = 1
    """How many values are wrong in that way."""

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


BAD_LABEL, OUT_OF_RANGE, FRAME_TWICE = "unusable label", "value out of range", "frame twice"
OFFSET = "labels and pictures that count from different numbers"
KINDS = (BAD_LABEL, OUT_OF_RANGE, FRAME_TWICE, OFFSET)
"""What stops a reader that wants labels to train on."""


class FoundVideo(NamedTuple):
    """A video as it lies on disk, whatever is wrong with it."""

    video: Video
    """Frames with a problem have NaN for labels."""
    layout: Layout
    place: Path
    """The folder or file of its labels."""
    part_is_known: bool
    """Whether its path, or its layout, says if it is posed or spontaneous."""
    problems: tuple[Problem, ...]


def put_together(
    labels: Mapping[int, Vector], pictures: Mapping[int, Path]
) -> tuple[NDArray[np.int32], Vector, tuple[Path | None, ...]]:
    """Line up labels and pictures that carry frame numbers.

    Args:
        labels: (24,) AUs by frame.
        pictures: Images by frame.

    Returns:
        ``frames``, ``aus`` and ``pictures`` of a ``Video``: every frame that has either.
    """
    frames = sorted({*labels, *pictures})
    aus = np.full((len(frames), len(AUS)), np.nan, np.float32)
    for row, frame in enumerate(frames):
        aus[row] = labels.get(frame, np.nan)
    return np.array(frames, np.int32), aus, tuple(pictures.get(frame) for frame in frames)
