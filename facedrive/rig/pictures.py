"""A rig's pictures: PNG, JPEG and WebP, whose sizes are read before they are decoded.

Specifications: PNG (ISO 15948), 11.2.2 IHDR; JPEG (ITU T.81), B.2.2 frame header; WebP (RFC 9649).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

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
    width, height, depth = picture_size(data)
    if width * height * 4 * depth > MAX_BYTES:
        raise PictureError(
            f"is {width} by {height} pixels, more than 8192 by 8192; make it smaller"
        )
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        decoded = None
    if decoded is None:
        raise PictureError("is no PNG, JPEG or WebP that can be decoded; export the rig again")
    return _rgba(_shrunk(decoded))


def picture_size(data: bytes) -> tuple[int, int, int]:
    """Return width, height and bytes a channel, by the picture's header alone.

    Raises:
        PictureError: if it is none of the formats.
    """
    readers: tuple[tuple[bool, Callable[[bytes], tuple[int, int, int]]], ...] = (
        (data.startswith(b"\x89PNG\r\n\x1a\n"), _png_size),
        (data.startswith(b"\xff\xd8"), _jpeg_size),
        (data[:4] == b"RIFF" and data[8:12] == b"WEBP", _webp_size),
    )
    for fits, read in readers:
        if fits:
            try:
                return read(data)
            except (struct.error, IndexError) as error:
                raise PictureError("ends within its header; export the rig again") from error
    raise PictureError("is no PNG, JPEG or WebP that can be decoded; export the rig again")


def _png_size(data: bytes) -> tuple[int, int, int]:
    width, height, depth = struct.unpack_from(">IIB", data, 16)
    return width, height, 2 if depth == 16 else 1


def _jpeg_size(data: bytes) -> tuple[int, int, int]:
    place = 2
    while data[place] == 0xFF:
        marker = data[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height, 1
        if marker == 0xFF:
            place += 1
        else:
            place += 2 + struct.unpack_from(">H", data, place + 2)[0]
    raise IndexError(place)


def _webp_size(data: bytes) -> tuple[int, int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[first : first + 3], "little") for first in (24, 27))
        return width + 1, height + 1, 1
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF, 1


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
