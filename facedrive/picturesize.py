"""How large a picture is, by its header alone, so that none is decoded that fills the memory.

Specifications: PNG (ISO 15948), 11.2.2 IHDR; JPEG (ITU-T T.81), B.2.2 frame header; WebP (RFC
9649); TIFF 6.0, section 2; BMP as Windows writes it (BITMAPINFOHEADER, BITMAPCOREHEADER).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

MOST_PIXELS = 8192 * 6144
"""Of a picture that a source gives; what phones and cameras of 50 million pixels take."""


class PictureSize(NamedTuple):
    """What a picture's header says."""

    width: int
    height: int
    depth: int
    """Bytes a channel, 1 or 2."""

    @property
    def fits(self) -> bool:
        """Whether it has no more than ``MOST_PIXELS``."""
        return self.width * self.height <= MOST_PIXELS

    def __str__(self) -> str:
        return f"{self.width} by {self.height} pixels"


TOO_LARGE = "more than 8192 by 6144; make it smaller"
"""What errors say of a size that does not fit."""


def picture_size(data: bytes) -> PictureSize | None:
    """Return the size of a PNG, JPEG, WebP, TIFF or BMP; None where it is none, or ends early."""
    for marks, read in _READERS:
        if any(data.startswith(mark) for mark in marks):
            try:
                return read(data)
            except (struct.error, IndexError):
                return None
    return None


def _png(data: bytes) -> PictureSize:
    width, height, bits = struct.unpack_from(">IIB", data, 16)
    return PictureSize(width, height, 2 if bits == 16 else 1)


def _jpeg(data: bytes) -> PictureSize:
    place = 2
    while data[place] == 0xFF:
        marker = data[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, place + 5)
            return PictureSize(width, height, 1)
        if marker == 0xFF:
            place += 1
        else:
            place += 2 + struct.unpack_from(">H", data, place + 2)[0]
    raise IndexError(place)


def _webp(data: bytes) -> PictureSize:
    kind = data[12:16]
    if data[8:12] != b"WEBP":
        raise IndexError
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[first : first + 3], "little") for first in (24, 27))
        return PictureSize(width + 1, height + 1, 1)
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return PictureSize((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, 1)
    width, height = struct.unpack_from("<HH", data, 26)
    return PictureSize(width & 0x3FFF, height & 0x3FFF, 1)


WIDTH, HEIGHT, BITS = 256, 257, 258
"""Tags of a TIFF."""


def _tiff(data: bytes) -> PictureSize:
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, at)
    found = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(f"{order}HHI", data, entry)
        short = kind == 3 and values == 1
        found[tag] = struct.unpack_from(order + ("H" if short else "I"), data, entry + 8)[0]
    if not found.keys() >= {WIDTH, HEIGHT}:
        raise IndexError
    bits = found.get(BITS, 8)  # several channels' bits stand elsewhere in the file
    bits = struct.unpack_from(f"{order}H", data, bits)[0] if bits > 64 else bits
    return PictureSize(found[WIDTH], found[HEIGHT], 2 if bits > 8 else 1)


def _bmp(data: bytes) -> PictureSize:
    core = struct.unpack_from("<I", data, 14)[0] == 12
    width, height = struct.unpack_from("<HH" if core else "<ii", data, 18)
    return PictureSize(abs(width), abs(height), 1)


_READERS: tuple[tuple[tuple[bytes, ...], Callable[[bytes], PictureSize]], ...] = (
    ((b"\x89PNG\r\n\x1a\n",), _png),
    ((b"\xff\xd8",), _jpeg),
    ((b"RIFF",), _webp),
    ((b"II*\0", b"MM\0*"), _tiff),
    ((b"BM",), _bmp),
)
"""How files begin, and what reads their size."""
