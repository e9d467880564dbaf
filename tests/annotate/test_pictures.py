"""Every frame that is asked for is the one that comes, in whatever order."""

from __future__ import annotations

import random
from pathlib import Path

import cv2
import numpy as np
import pytest

from facedrive.annotate import pictures
from facedrive.annotate.pictures import Film, Shelf, encode
from facedrive.annotate.project import read_clock
from facedrive.errors import SourceError

from .conftest import number_of, stamp, write_film


def decoded(jpeg: bytes) -> int:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return number_of(np.asarray(image, np.uint8))


@pytest.mark.slow
def test_frames_come_exactly_in_any_order(film: Path) -> None:
    shelf = Shelf(film, read_clock(film))
    asked = [0, 119, 60, 59, 58, 61, 49, 50, 51, 1, *random.Random(0).sample(range(120), 20)]
    assert [decoded(shelf.jpeg(at)) for at in asked] == asked
    shelf.close()


@pytest.mark.slow
def test_every_frame_comes_when_it_is_sought_alone(tmp_path: Path) -> None:
    film = write_film(tmp_path / "clip.mp4", 60, gop=30)
    clock = read_clock(film)
    for at in range(60):
        reader = Film(film, clock.times)
        reader._at = pictures.NOWHERE
        assert number_of(reader.read(at)) == at
        reader.close()


@pytest.mark.slow
def test_frames_of_a_variable_rate_come_exactly(tmp_path: Path) -> None:
    ticks = [0, 4, 8, 20, 24, 50, 51, 60, 90, 91, 92, 130]
    film = write_film(tmp_path / "vfr.mkv", 12, ticks=ticks, gop=5)
    reader = Film(film, read_clock(film).times)
    for at in (11, 3, 6, 5, 0, 9, 10, 8):
        assert number_of(reader.read(at)) == at
    reader.close()


@pytest.mark.slow
def test_what_was_passed_on_the_way_is_kept_for_steps_back(film: Path) -> None:
    shelf = Shelf(film, read_clock(film))
    shelf.jpeg(30)
    assert shelf._pending is not None
    shelf._pending.result(10)
    shelf.close()
    assert {29, 28, 31, 32} <= set(shelf._kept)
    assert all(decoded(jpeg) == at for at, jpeg in shelf._kept.items())


@pytest.mark.slow
def test_no_more_is_kept_than_is_allowed(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "KEPT_BYTES", 20_000)
    shelf = Shelf(film, read_clock(film))
    for at in range(0, 120, 7):
        shelf.jpeg(at)
    shelf.close()
    assert sum(map(len, shelf._kept.values())) == shelf._bytes <= 20_000


@pytest.mark.slow
def test_a_frame_that_is_none_and_a_film_that_was_cut_off_are_told(
    film: Path, tmp_path: Path
) -> None:
    shelf = Shelf(film, read_clock(film))
    with pytest.raises(SourceError, match="frame 120; the video has 0 to 119"):
        shelf.jpeg(120)
    shelf.close()
    short = write_film(tmp_path / "short.mp4", 40)
    shelf = Shelf(short, read_clock(film))
    with pytest.raises(SourceError, match="frame 90 cannot be decoded; is the file as it was"):
        shelf.jpeg(90)
    shelf.close()


def test_images_are_read_by_their_place(tmp_path: Path) -> None:
    for number in (3, 4, 5):
        cv2.imwrite(str(tmp_path / f"{number}.png"), stamp(number))
    shelf = Shelf(tmp_path, read_clock(tmp_path))
    assert [decoded(shelf.jpeg(at)) for at in (2, 0, 1)] == [5, 3, 4]
    shelf.close()


def test_a_wide_picture_is_made_smaller() -> None:
    jpeg = encode(np.zeros((1080, 1920, 3), np.uint8))
    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (720, 1280, 3)
