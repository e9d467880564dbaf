"""A folder of images, in natural order, or a single image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facedrive.errors import SourceError
from facedrive.files import check_plain
from facedrive.sources import IMAGE_SUFFIXES
from facedrive.types import Frame, Image

LARGEST_BYTES = 2**28
"""Of an image file."""


@dataclass(frozen=True)
class Images:
    """Frames from image files; grayscale, alpha and 16-bit become RGB."""

    path: Path
    """A folder, or one image."""
    fps: float = 30.0
    """Frame ``i`` has time ``i / fps``."""

    def __post_init__(self) -> None:
        if not self.fps > 0:
            raise SourceError(f"{self.path}: fps is {self.fps}; it must be above 0.")

    @property
    def live(self) -> bool:
        """False: frames wait to be read."""
        return False

    @property
    def frame_count(self) -> int:
        """How many frames there are."""
        return len(self._files())

    def frames(self) -> Iterator[Frame]:
        """Yield every image.

        Raises:
            SourceError: if the folder holds no image, or one cannot be read.
        """
        for index, file in enumerate(self._files()):
            yield Frame(read_image(file), index / self.fps, index)

    def _files(self) -> list[Path]:
        if not self.path.is_dir():
            return [self.path]
        files = [file for file in self.path.iterdir() if _is_image(file)]
        if not files:
            raise SourceError(
                f"{self.path} holds no images; it needs {', '.join(sorted(IMAGE_SUFFIXES))} files."
            )
        return sorted(files, key=natural_key)


def read_image(path: Path) -> Image:
    """Read an image file as (H, W, 3) uint8 RGB, turned as its EXIF data says.

    Raises:
        SourceError: if it cannot be read.
    """
    try:
        check_plain(path, SourceError, LARGEST_BYTES)
        encoded = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    # From memory, because OpenCV opens no paths beyond the code page on Windows.
    try:
        picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if encoded.size else None
    except cv2.error:  # its header gives more pixels than facedrive lets OpenCV decode
        picture = None
    if picture is None:
        raise SourceError(f"{path} is no readable image; mend it or take it out of the folder.")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def natural_key(path: Path) -> list[tuple[int, str]]:
    """Sort ``frame2`` before ``frame10``."""
    parts = re.findall(r"\d+|\D+", path.name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
