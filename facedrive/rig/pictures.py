"""A rig's pictures: PNG, JPEG, WebP and KTX 2, whose sizes are read before they are decoded."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.picturesize import picture_size
from facedrive.rig.ktx2 import MAGIC, Ktx2Error, decode_ktx2

Image = NDArray[np.uint8]

MAX_TEXTURE = 1024
"""Larger pictures are shrunk to this: a head fills no more of the view."""

MAX_BYTES = 8192 * 8192 * 4
"""A decoded picture may have: 8192 by 8192 with alpha."""


class PictureError(ValueError):
    """Why a picture cannot be decoded."""


def decode_picture(data: bytes) -> Image:
    """Decode a picture, shrunk to ``MAX_TEXTURE``: (h, w, 4) uint8 RGBA.

    Raises:
        PictureError: if it is none of the formats, damaged or too large.
    """
    if data.startswith(MAGIC):
        try:
            return _shrunk(decode_ktx2(data, MAX_TEXTURE))
        except Ktx2Error as error:
            raise PictureError(f"{error}; export the rig again") from error
    size = picture_size(data)
    if size and size.width * size.height * 4 * size.depth > MAX_BYTES:
        raise PictureError(f"is {size}, more than 8192 by 8192; make it smaller")
    try:
        encoded = np.frombuffer(data, np.uint8)
        decoded = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED) if size else None
    except cv2.error:
        decoded = None
    if decoded is None:
        raise PictureError("is no PNG, JPEG or WebP that can be decoded; export the rig again")
    return _rgba(_shrunk(decoded))


def _rgba(decoded: NDArray[Any]) -> Image:
    """Convert what OpenCV decodes (gray, BGR or BGRA, 8 or 16 bits) to 8-bit RGBA."""
    pixels = (decoded // 257 if decoded.dtype == np.uint16 else decoded).astype(np.uint8)
    if pixels.ndim == 2:
        return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGBA).astype(np.uint8)
    code = cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGBA
    return cv2.cvtColor(pixels, code).astype(np.uint8)


def _shrunk(image: NDArray[Any]) -> NDArray[Any]:
    height, width = image.shape[:2]
    scale = MAX_TEXTURE / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(np.asarray(image), size, interpolation=cv2.INTER_AREA))
