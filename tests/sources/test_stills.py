"""Unrelated pictures: of whatever format each is a frame; a broken one is told of."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from facedrive.errors import SourceError
from facedrive.sources.images import decode_image
from facedrive.sources.places import Place
from facedrive.sources.stills import Stills
from facedrive.sources.turned import PictureOptions, Turned
from facedrive.types import Image


def corners() -> Image:
    """A wide picture, red at its upper left, else grey."""
    picture = np.full((32, 64, 3), 120, np.uint8)
    picture[:16, :16] = (220, 20, 20)
    return picture


def encoded(suffix: str, mode: str = "RGB", *, turned: bool = False) -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    exif = Pillow.Exif()
    if turned:
        exif[0x112] = 6  # to be turned clockwise by a quarter
    kinds = {".jpg": "JPEG", ".tif": "TIFF", ".heic": "HEIF"}
    into = io.BytesIO()
    picture = Pillow.fromarray(corners()).convert(mode)
    picture.save(into, kinds.get(suffix, suffix[1:].upper()), exif=exif, quality=95)
    return into.getvalue()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif"])
def test_exif_turns_every_format(suffix: str) -> None:
    upright = decode_image(encoded(suffix, turned=True), "a", suffix)
    assert upright.shape == (64, 32, 3)
    red = upright[4:12, 20:28].mean((0, 1))  # upper right now
    np.testing.assert_allclose(red, (220, 20, 20), atol=12)


@pytest.mark.parametrize(("suffix", "mode"), [(".jpg", "CMYK"), (".tif", "CMYK"), (".png", "P"),
                                              (".heic", "RGB"),
                                              (".png", "RGBA"), (".jpg", "L")])  # fmt: skip
def test_every_mode_becomes_rgb(suffix: str, mode: str) -> None:
    picture = decode_image(encoded(suffix, mode), "a", suffix)
    assert picture.shape == (32, 64, 3)
    np.testing.assert_allclose(picture[24, 40], 120, atol=20)


def test_sixteen_bits_keep_their_level() -> None:
    _, data = cv2.imencode(".tif", np.full((8, 8, 3), 30_000, np.uint16))
    np.testing.assert_array_equal(decode_image(data.tobytes(), "a", ".tif"), 30_000 // 257 + 1)


def test_a_large_jpeg_is_decoded_smaller_if_asked() -> None:
    large = np.zeros((1200, 1600, 3), np.uint8)
    data = cv2.imencode(".jpg", large)[1].tobytes()
    assert decode_image(data, "a", ".jpg", 400).shape == (300, 400, 3)
    assert decode_image(data, "a", ".jpg", 401).shape == (600, 800, 3)
    assert decode_image(data, "a", ".jpg").shape == (1200, 1600, 3)


def test_what_is_no_heic_is_named() -> None:
    with pytest.raises(SourceError, match=r"a\.heic is no readable image"):
        decode_image(b"not one", "a.heic", ".heic")


def test_a_broken_picture_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(encoded(".png"))
    (tmp_path / "2.png").write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("in/3.jpg", encoded(".jpg"))
    where = str(tmp_path / "z.zip")
    places = [Place(str(tmp_path / "1.png")), Place(str(tmp_path / "2.png")),
              Place(where, "in/3.jpg"), Place(where, "in/4.jpg"), Place("none.png")]  # fmt: skip
    stills = Stills(places)
    assert [(frame.index, frame.time) for frame in stills.frames()] == [(0, 0.0), (2, 0.0)]
    reasons = {index: str(error) for index, error in stills.errors.items()}
    assert reasons.keys() == {1, 3, 4}
    assert "2.png is no readable image" in reasons[1]
    assert "in/4.jpg cannot be read from its archive" in reasons[3]
    assert "none.png cannot be read: No such file" in reasons[4]


@pytest.mark.slow
def test_each_still_is_turned_for_itself(shared: Path, tmp_path: Path) -> None:
    upright = decode_image((shared / "data/clips/single_face.jpg").read_bytes(), "a", ".jpg")
    for name, picture in (("a", upright), ("b", np.rot90(upright)), ("c", upright)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture[..., ::-1])
    stills = Stills([Place(str(tmp_path / f"{name}.png")) for name in "abc"])
    turned = Turned(stills, PictureOptions(rotate="auto"), stills=True).frames()
    for frame in turned:
        np.testing.assert_array_equal(frame.image, upright)
