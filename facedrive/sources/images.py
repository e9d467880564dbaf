"""A folder of images, in natural order, or a single image."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from facedrive.errors import DependencyError, SourceError
from facedrive.files import check_plain
from facedrive.picturesize import TOO_LARGE, PictureSize, picture_size
from facedrive.sources import IMAGE_SUFFIXES
from facedrive.types import Frame, Image

LARGEST_BYTES = 2**28
"""Of an image file."""


@dataclass(frozen=True)
class Images:
    """Frames from image files; grayscale, alpha, CMYK and 16-bit become RGB."""

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
    return decode_image(encoded.tobytes(), str(path), path.suffix)


def decode_image(encoded: bytes, name: str, suffix: str, least_side: int | None = None) -> Image:
    """Decode an image as (H, W, 3) uint8 RGB, turned as its EXIF data says.

    Args:
        encoded: The file's content.
        name: What errors call it.
        suffix: How its name ends; a HEIC or AVIF file is Pillow's to read, as it turns them.
        least_side: A JPEG is decoded at a half, a quarter or an eighth of its size as long as its
            longer side keeps so many pixels; None keeps its size.

    Raises:
        SourceError: if it cannot be read, or has more pixels than ``MOST_PIXELS``.
        DependencyError: if reading it needs a package that is not installed.
    """
    if suffix.lower() in PILLOW_SUFFIXES:
        return _by_pillow(encoded, name)
    picture = _by_opencv(encoded, name, least_side)
    if picture is None:
        raise SourceError(f"{name} is no readable image; mend it or take it out of the folder.")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB, dst=picture), dtype=np.uint8)


PILLOW_SUFFIXES = frozenset({".avif", ".heic", ".heif"})
"""OpenCV reads no HEIC, and turns no AVIF upright."""


def _by_opencv(encoded: bytes, name: str, least_side: int | None) -> Image | None:
    size = picture_size(encoded)
    if size is None:
        return None
    by, flag = _smaller(encoded, size, least_side)
    _check_size(PictureSize(size.width // by, size.height // by, size.depth), name)
    # From memory, because OpenCV opens no paths beyond the code page on Windows.
    try:
        return cast("Image | None", cv2.imdecode(np.frombuffer(encoded, np.uint8), flag))
    except cv2.error:  # it is none inside
        return None


def _check_size(size: PictureSize, name: str) -> None:
    if not size.fits:
        raise SourceError(f"{name} is {size}, {TOO_LARGE}.")


REDUCED = ((8, cv2.IMREAD_REDUCED_COLOR_8), (4, cv2.IMREAD_REDUCED_COLOR_4),
           (2, cv2.IMREAD_REDUCED_COLOR_2))  # fmt: skip
"""What OpenCV decodes smaller, by how many times."""


def _smaller(encoded: bytes, size: PictureSize, least_side: int | None) -> tuple[int, int]:
    """Return by how many times smaller to decode; only a JPEG is decoded smaller at less cost."""
    whole = (1, cv2.IMREAD_COLOR)
    if least_side is None or not encoded.startswith(JPEG):
        return whole
    side = max(size.width, size.height)
    return next(((by, flag) for by, flag in REDUCED if side // by >= least_side), whole)


JPEG = b"\xff\xd8"


def _by_pillow(encoded: bytes, name: str) -> Image:
    try:
        from PIL import Image as Pillow
        from PIL import ImageOps, UnidentifiedImageError

        with contextlib.suppress(ImportError):
            from pillow_heif import register_heif_opener

            register_heif_opener()
    except ImportError as error:
        raise DependencyError(f"{name} needs Pillow; {PICTURES_EXTRA}") from error
    try:
        with Pillow.open(io.BytesIO(encoded)) as picture:
            _check_size(PictureSize(*picture.size, 1), name)
            return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"), np.uint8)
    except UnidentifiedImageError as error:
        raise SourceError(
            f"{name} is no readable image, or Pillow lacks a plug-in for it; {PICTURES_EXTRA}"
        ) from error
    except (OSError, ValueError, Pillow.DecompressionBombError) as error:
        raise SourceError(f"{name} is no readable image ({error}).") from error


PICTURES_EXTRA = "install it with: pip install 'facedrive[pictures]'."


def natural_key(path: Path) -> list[tuple[int, str]]:
    """Sort ``frame2`` before ``frame10``."""
    parts = re.findall(r"\d+|\D+", path.name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
