"""A picture's size stands in its header, and what does not fit is never decoded."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedrive.errors import SourceError
from facedrive.feafa.labels.pictures import decode_gray
from facedrive.picturesize import PictureSize, picture_size
from facedrive.sources.decode import decode_file
from facedrive.sources.images import read_image

RGB = np.full((30, 50, 3), 90, np.uint8)
HUGE = 30_000


def encoded(suffix: str, image: np.ndarray = RGB, *options: int) -> bytes:
    return cv2.imencode(suffix, image, list(options))[1].tobytes()


def enlarged(suffix: str) -> bytes:
    """Return a small picture whose header says that it is huge."""
    data = bytearray(encoded(suffix))
    places: dict[str, tuple[int, str]]
    places = {".png": (16, ">II"), ".bmp": (18, "<ii"), ".jpg": (data.find(b"\xff\xc0") + 5, ">HH")}
    if suffix == ".tif":
        (at,) = struct.unpack_from("<I", data, 4)
        for entry in range(at + 2, at + 2 + 12 * data[at], 12):
            if struct.unpack_from("<H", data, entry)[0] in (256, 257):
                struct.pack_into("<HII", data, entry + 2, 4, 1, HUGE)
    elif suffix == ".webp":
        data = bytearray(
            b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + (HUGE - 1).to_bytes(3, "little") * 2
        )
    else:
        struct.pack_into(places[suffix][1], data, places[suffix][0], HUGE, HUGE)
    return bytes(data)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".bmp"])
def test_a_header_says_how_large_a_picture_is(suffix: str) -> None:
    assert picture_size(encoded(suffix)) == PictureSize(50, 30, 1)
    assert picture_size(encoded(suffix)[:9]) is None


def test_a_picture_of_16_bits_is_told() -> None:
    deep = RGB.astype(np.uint16) * 257
    for suffix in (".png", ".tif"):
        assert picture_size(encoded(suffix, deep)) == PictureSize(50, 30, 2)
        assert picture_size(encoded(suffix, deep[..., 0])) == PictureSize(50, 30, 2)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".bmp"])
def test_a_still_that_would_fill_the_memory_is_refused_by_its_header(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"huge{suffix}"
    path.write_bytes(enlarged(suffix))
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match="is 30000 by 30000 pixels, more than 8192 by 6144"):
            read_image(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert decode_gray(np.frombuffer(path.read_bytes(), np.uint8)) is None


def test_what_claims_another_format_is_not_decoded_by_it(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    path.write_bytes(b"P6 30000 30000 255\n" + bytes(100))  # OpenCV would decode it
    with pytest.raises(SourceError, match="is no readable image"):
        read_image(path)


def test_a_video_of_huge_pictures_is_refused_before_one_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "huge.mjpeg"
    path.write_bytes(encoded(".jpg", np.zeros((7200, 7200, 1), np.uint8)) * 2)
    with pytest.raises(SourceError, match="pictures of 7200 by 7200 pixels, more than 8192"):
        list(decode_file(path, lambda said: None))


def test_a_picture_that_grows_within_a_stream_is_left_out_as_damaged(tmp_path: Path) -> None:
    path = tmp_path / "grows.mjpeg"
    small = encoded(".jpg", np.zeros((64, 64, 3), np.uint8))
    path.write_bytes(small * 3 + encoded(".jpg", np.zeros((7200, 7200, 1), np.uint8)) + small * 3)
    sizes = {frame.size for frame in decode_file(path, lambda said: None)}
    assert sizes == {(64, 64)}


@given(
    st.binary(max_size=80),
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"RIFF", b"II*\0", b"MM\0*", b"BM"]),
)
def test_bytes_of_any_kind_have_a_size_or_none(data: bytes, mark: bytes) -> None:
    size = picture_size(mark + data)
    assert size is None or size.width >= 0
