"""Decodes KTX 2 textures of Basis Universal, by its own transcoder (opengl-basisu).

Specification: KTX 2.0, section 3 (header); glTF's KHR_texture_basisu.
"""

from __future__ import annotations

import importlib
import struct
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

MAGIC = b"\xabKTX 20\xbb\r\n\x1a\n"

MOST_PIXELS = 8192 * 8192


class Ktx2Error(ValueError):
    """Why a texture cannot be decoded."""


def can_decode() -> bool:
    """Say whether the transcoder is installed."""
    return find_spec("opengl_basisu") is not None


def decode_ktx2(data: bytes, most_side: int) -> NDArray[np.uint8]:
    """Decode a texture, or the largest of its smaller copies of at most ``most_side``.

    Returns:
        (h, w, 4) uint8 RGBA.

    Raises:
        Ktx2Error: if it is damaged, too large, or of a kind that glTF does not have.
    """
    if len(data) < 48 or not data.startswith(MAGIC):
        raise Ktx2Error("is no KTX 2 file")
    width, height, _, _, _, levels = struct.unpack_from("<6I", data, 20)
    if not 0 < width * height <= MOST_PIXELS or levels > 32:
        raise Ktx2Error(f"is {width} by {height} pixels, more than 8192 by 8192")
    basisu = importlib.import_module("opengl_basisu")
    fits = (level for level in range(levels) if max(width, height) >> level <= most_side)
    try:
        image = basisu.open(data).transcode("rgba8", next(fits, max(levels - 1, 0)))
    except basisu.BasisuError as error:
        raise Ktx2Error(f"cannot be decoded ({error})") from error
    pixels = np.frombuffer(image.data, np.uint8)
    return pixels.reshape(image.height, image.width, 4).copy()
