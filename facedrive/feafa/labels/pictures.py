"""Grayscale pictures of frames, from image files and video files."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.errors import SourceError
from facedrive.picturesize import picture_size
from facedrive.types import Frame, Image

log = logging.getLogger(__name__)

FILM_SUFFIXES = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".wmv", ".mpg", ".m4v"})


def read_gray(path: Path) -> Image | None:
    """Read an image file as (H, W) uint8; None where it is no whole image."""
    try:
        encoded = np.fromfile(path, dtype=np.uint8)
    except OSError:
        return None
    return decode_gray(encoded)


def decode_gray(encoded: NDArray[np.uint8]) -> Image | None:
    """Decode the bytes of an image file to (H, W) uint8; None where they are no whole image."""
    # From memory, because OpenCV opens no paths beyond the code page on Windows.
    try:
        size = picture_size(encoded.tobytes())
        fits = size is not None and size.fits
        gray = cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE) if fits else None
    except cv2.error:  # it is none inside
        return None
    return None if gray is None else np.asarray(gray, dtype=np.uint8)


def film_pictures(path: Path, wanted: Sequence[int]) -> Iterator[Image | None]:
    """Yield some frames of a video file as (H, W) uint8; None outside what can be read of it.

    Args:
        path: The video file.
        wanted: Positions in it from 0, ascending.
    """
    frames = _film_frames(path)
    frame = next(frames, None)
    for position in wanted:
        while frame is not None and frame.index < position:
            frame = next(frames, None)
        if frame is None or frame.index != position:  # a damaged frame leaves a gap
            yield None
        else:
            yield np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _film_frames(path: Path) -> Iterator[Frame]:
    """Yield the frames of a video file; none if it is no video."""
    from facedrive.sources.video import VideoFile

    try:
        yield from VideoFile(path).frames()
    except SourceError as error:
        log.warning("%s", error)
