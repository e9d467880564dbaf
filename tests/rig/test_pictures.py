"""Pictures of rigs: their size is known before they are decoded."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest

from facedrive.picturesize import picture_size
from facedrive.rig.pictures import MAX_TEXTURE, PictureError, decode_picture

RGB = np.zeros((30, 50, 3), np.uint8)
RGB[..., 0] = 200  # blue for OpenCV


def encoded(suffix: str, image: np.ndarray = RGB, *options: int) -> bytes:
    return cv2.imencode(suffix, image, list(options))[1].tobytes()


@pytest.mark.parametrize(
    ("picture", "depth"),
    [
        (encoded(".png"), 1),
        (encoded(".png", RGB.astype(np.uint16) * 257), 2),
        (encoded(".jpg"), 1),
        (encoded(".jpg", RGB, cv2.IMWRITE_JPEG_PROGRESSIVE, 1), 1),
        (encoded(".webp", RGB, cv2.IMWRITE_WEBP_QUALITY, 80), 1),
        (encoded(".webp", RGB, cv2.IMWRITE_WEBP_QUALITY, 101), 1),
        (encoded(".webp", np.dstack([RGB, RGB[..., 0]]), cv2.IMWRITE_WEBP_QUALITY, 80), 1),
    ],
)
def test_a_pictures_size_stands_in_its_header(picture: bytes, depth: int) -> None:
    assert picture_size(picture) == (50, 30, depth)
    decoded = decode_picture(picture)
    assert decoded.shape == (30, 50, 4)
    np.testing.assert_allclose(decoded[10, 10, :3], [0, 0, 200], atol=4)


def test_a_large_picture_is_shrunk() -> None:
    decoded = decode_picture(encoded(".png", np.zeros((100, 2 * MAX_TEXTURE, 3), np.uint8)))
    assert decoded.shape == (50, MAX_TEXTURE, 4)


def test_a_picture_that_would_fill_the_memory_is_refused_by_its_header() -> None:
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    png += struct.pack(">I", zlib.crc32(chunk))
    with pytest.raises(PictureError, match="is 30000 by 30000 pixels, more than 8192 by 8192"):
        decode_picture(png)


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"BM1234", encoded(".png")[:20], encoded(".jpg")[:4], b"RIFF0000WEBP"]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError):
        decode_picture(data)
