"""What is behind the avatar: a colour, a picture that fills the frame, a blur that hides a face."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facedrive.errors import SinkError
from facedrive.options import Size
from facedrive.render.behind import PLAIN, Behind, cover

SIZE = Size(64, 36)


@pytest.mark.parametrize("what", ["#00b140", "00B140"])
def test_a_colour_fills_the_picture(what: str) -> None:
    picture = Behind(what, SIZE).picture(None)
    assert picture.shape == (36, 64, 3)
    assert (picture == (0, 0xB1, 0x40)).all()


def test_a_picture_fills_the_frame_and_is_cut_evenly(tmp_path: Path) -> None:
    stripes = np.zeros((30, 90, 3), np.uint8)
    stripes[:, 30:60] = (0, 0, 255)  # BGR: the middle third is red
    path = tmp_path / "room.png"
    cv2.imwrite(str(path), stripes)
    picture = Behind(str(path), Size(30, 30)).picture(None)
    assert (picture == (255, 0, 0)).all()


@pytest.mark.parametrize(("height", "width"), [(480, 640), (90, 16), (1, 1)])
def test_any_picture_covers_any_size(height: int, width: int) -> None:
    assert cover(np.zeros((height, width, 3), np.uint8), SIZE).shape == (36, 64, 3)


def test_blur_is_the_cameras_light_without_its_details() -> None:
    behind = Behind("blur", Size(320, 180))
    assert (behind.picture(None) == PLAIN).all()
    camera = np.zeros((240, 320, 3), np.uint8)
    camera[::2] = 255  # lines of one pixel
    camera[:, :160] //= 4
    blurred = behind.picture(camera).astype(int)
    assert np.ptp(blurred[:, 20]) < 8
    assert blurred[90, 300].mean() > 3 * blurred[90, 20].mean()
    assert np.abs(np.diff(blurred[90], axis=0)).max() < 6
    np.testing.assert_array_equal(behind.picture(None), blurred)


@pytest.mark.parametrize("what", ["gren", "", "no/such.png"])
def test_what_is_none_of_them_is_said(what: str) -> None:
    with pytest.raises(SinkError, match="no colour such as #00b140, no picture's file, and not"):
        Behind(what, SIZE)


def test_a_file_that_is_no_picture_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"rubbish")
    with pytest.raises(SinkError, match=r"background: .*x\.png is no readable image"):
        Behind(str(path), SIZE)
