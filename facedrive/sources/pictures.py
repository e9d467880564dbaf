"""Pictures that a program has already: arrays, or the paths of image files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedrive.errors import SourceError
from facedrive.sources.images import read_image
from facedrive.types import Frame, Image

Picture = Image | str | Path
"""(H, W, 3) uint8 RGB, or an image file."""


@dataclass(frozen=True)
class Pictures:
    """Frames from arrays or image files, in the order in which they are given."""

    pictures: Iterable[Picture]
    """Read once if it is an iterator, and only as fast as frames are asked for."""
    fps: float = 30.0
    """Frame ``i`` has time ``i / fps``."""

    @property
    def live(self) -> bool:
        """False: frames wait to be read."""
        return False

    def frames(self) -> Iterator[Frame]:
        """Yield every picture.

        Raises:
            SourceError: if one cannot be read, or is no such array, or there are none.
        """
        index = -1
        for index, picture in enumerate(self.pictures):
            yield Frame(_read(index, picture), index / self.fps, index)
        if index < 0:
            raise SourceError("there are no pictures in what was given; give at least one.")


def _read(index: int, picture: object) -> Image:
    if isinstance(picture, str | Path):
        return read_image(Path(picture))
    if isinstance(picture, np.ndarray):
        if (
            picture.dtype == np.uint8
            and picture.ndim == 3
            and picture.shape[2] == 3
            and picture.size
        ):
            return picture
        found = f"an array of {picture.dtype} with shape {picture.shape}"
    else:
        found = f"a {type(picture).__name__}"
    raise SourceError(
        f"picture {index} is {found}; it must be (H, W, 3) uint8 in RGB order, or the path of an "
        "image file."
    )
