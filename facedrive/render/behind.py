"""What is behind the avatar in a picture: a colour, a picture, or the camera's own, blurred."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np

from facedrive.errors import SinkError, SourceError
from facedrive.files import is_file
from facedrive.options import Size
from facedrive.sources.images import read_image
from facedrive.types import Image

BLUR = "blur"
"""Stands for the camera's own picture, blurred."""

PLAIN = (58, 66, 78)
"""What is behind where the camera's picture should be and there is none yet."""

FEW = 64
"""Pixels that the width of a blurred picture has before it is blurred: no face is known in it."""

_COLOUR = re.compile(r"#?([0-9a-fA-F]{6})$")


class Behind:
    """Gives what is behind the avatar, of one size."""

    def __init__(self, what: str, size: Size) -> None:
        """Take a colour such as ``#00b140``, the path of a picture, or ``blur``.

        Raises:
            SinkError: if it is none of these, or the picture cannot be read.
        """
        self._size = size
        self._blurs = what == BLUR
        self._picture = _filled(PLAIN, size) if self._blurs else _still(what, size)

    def picture(self, camera: Image | None) -> Image:
        """Return (H, W, 3) RGB; ``camera`` is the newest picture of the camera, if there is one."""
        if self._blurs and camera is not None:
            self._picture = _blurred(camera, self._size)
        return self._picture


def cover(picture: Image, size: Size) -> Image:
    """Scale a picture, (H, W, 3), so that it fills a size; what is too much is cut evenly."""
    height, width = picture.shape[:2]
    scale = max(size.width / width, size.height / height)
    part = min(width, round(size.width / scale)), min(height, round(size.height / scale))
    left, top = (width - part[0]) // 2, (height - part[1]) // 2
    kept = picture[top : top + part[1], left : left + part[0]]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(kept, size, interpolation=how), np.uint8)


def _still(what: str, size: Size) -> Image:
    found = _COLOUR.match(what)
    if found is not None:
        red, green, blue = bytes.fromhex(found[1])
        return _filled((red, green, blue), size)
    if not is_file(Path(what)):
        raise SinkError(
            f"background '{what}' is no colour such as #00b140, no picture's file, and not {BLUR}."
        )
    try:
        return cover(read_image(Path(what)), size)
    except SourceError as error:
        raise SinkError(f"background: {error}") from error


def _filled(colour: tuple[int, int, int], size: Size) -> Image:
    made: Image = np.full((size.height, size.width, 3), colour, np.uint8)
    return made


def _blurred(camera: Image, size: Size) -> Image:
    few = Size(FEW, max(1, round(FEW * size.height / size.width)))
    soft = cv2.GaussianBlur(cover(camera, few), (0, 0), 3)
    return np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_CUBIC), np.uint8)
