"""Grayscale pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facedrive.feafa.labels.pictures import film_pictures, read_gray
from facedrive.sources.demo import CLIP


@pytest.mark.parametrize("name", ["a.png", "ä.jpg"])
def test_an_image_becomes_gray(name: str, tmp_path: Path) -> None:
    picture = np.full((6, 8, 3), (200, 120, 40), np.uint8)
    (tmp_path / name).write_bytes(cv2.imencode(Path(name).suffix, picture)[1].tobytes())
    gray = read_gray(tmp_path / name)
    assert gray is not None and gray.shape == (6, 8) and gray.dtype == np.uint8
    assert abs(int(gray[3, 3]) - 105) < 4


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0"])
def test_what_is_no_image_is_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    assert read_gray(tmp_path / "a.jpg") is None
    assert read_gray(tmp_path / "gone.jpg") is None


def test_a_film_gives_the_frames_asked_for_and_none_outside() -> None:
    before, first, third, third_again = film_pictures(CLIP, [-1, 0, 2, 2])
    assert first is not None and first.shape == (480, 640)
    assert third is not None and not np.array_equal(first, third)
    np.testing.assert_array_equal(third, third_again)
    assert before is None


def test_a_file_that_is_no_film_has_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no film")
    assert list(film_pictures(tmp_path / "a.mp4", [0, 1])) == [None, None]
