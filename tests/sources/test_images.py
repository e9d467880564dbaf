"""A folder of images is a clip; whatever their pixel format, frames are RGB."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facedrive.errors import SourceError
from facedrive.sources.images import Images


def write(path: Path, picture: NDArray[np.uint8] | NDArray[np.uint16]) -> None:
    assert cv2.imwrite(str(path), picture)


def grey(level: int) -> NDArray[np.uint8]:
    return np.full((4, 6, 3), level, dtype=np.uint8)


def test_images_come_in_natural_order_with_even_times(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        write(tmp_path / f"frame{number}.png", grey(number))
    (tmp_path / "notes.txt").write_text("no image")
    source = Images(tmp_path, fps=10)
    frames = list(source.frames())
    assert not source.live
    assert source.frame_count == 3
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [1, 2, 10]
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.1, 0.2])


def test_default_rate_is_30_fps(tmp_path: Path) -> None:
    for number in range(2):
        write(tmp_path / f"{number}.png", grey(number))
    assert [frame.time for frame in Images(tmp_path).frames()] == pytest.approx([0, 1 / 30])


def test_a_single_image_is_one_frame(tmp_path: Path) -> None:
    write(tmp_path / "face.png", grey(7))
    (frame,) = Images(tmp_path / "face.png").frames()
    assert frame.image.shape == (4, 6, 3)


def test_colours_come_as_rgb(tmp_path: Path) -> None:
    write(tmp_path / "red.png", np.full((2, 2, 3), (0, 0, 255), dtype=np.uint8))  # BGR
    (frame,) = Images(tmp_path).frames()
    assert frame.image[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    "picture",
    [
        np.full((4, 6), 100, dtype=np.uint8),
        np.full((4, 6, 4), (100, 100, 100, 0), dtype=np.uint8),
        np.full((4, 6, 3), 100 * 257, dtype=np.uint16),
        np.full((4, 6), 100 * 257, dtype=np.uint16),
        np.full((1, 1), 100, dtype=np.uint8),
    ],
    ids=["grayscale", "alpha", "16-bit", "16-bit grayscale", "1x1"],
)
def test_other_pixel_formats_become_rgb(
    tmp_path: Path, picture: NDArray[np.uint8] | NDArray[np.uint16]
) -> None:
    write(tmp_path / "a.png", picture)
    (frame,) = Images(tmp_path).frames()
    assert frame.image.dtype == np.uint8
    assert frame.image.shape == (*picture.shape[:2], 3)
    np.testing.assert_array_equal(frame.image, 100)


@pytest.mark.parametrize("content", [b"", b"no image"])
def test_unreadable_image_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "1.png", grey(1))
    (tmp_path / "2.png").write_bytes(content)
    frames = Images(tmp_path).frames()
    next(frames)
    with pytest.raises(SourceError, match=r"2\.png is no readable image"):
        next(frames)


def test_image_that_went_away_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"none\.png cannot be read: No such file"):
        next(Images(tmp_path / "none.png").frames())


def test_folder_without_images_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no images"):
        next(Images(tmp_path).frames())


def test_rate_must_be_above_zero(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="fps is 0"):
        Images(tmp_path, fps=0)
