"""The detector, and what is kept of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

dlib = pytest.importorskip("dlib")

from clips import demo_frames  # noqa: E402

from facedrive.trackers import hog  # noqa: E402

pytestmark = pytest.mark.slow

OPEN = hog.open_detector


def test_the_copy_that_is_kept_sees_what_the_detector_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gray = next(iter(demo_frames())).gray
    first = OPEN(tmp_path).run(gray, 0, -0.5)
    monkeypatch.setattr(dlib, "get_frontal_face_detector", lambda: pytest.fail("unpacked again"))
    again = OPEN(tmp_path).run(gray, 0, -0.5)
    assert list(first[0]) == list(again[0])
    assert list(first[1]) == list(again[1])


def test_a_copy_that_is_broken_is_made_anew(tmp_path: Path) -> None:
    OPEN(tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:1000])
    assert OPEN(tmp_path).num_detectors == 5
    assert kept.stat().st_size > 100_000


def test_where_nothing_can_be_kept_the_detector_opens_all_the_same(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    assert OPEN(blocked / "below").num_detectors == 5


def test_the_detectors_of_turned_heads_are_four_and_open_when_they_are_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[dlib.fhog_object_detector] = []
    real = hog.open_turned
    monkeypatch.setattr(hog, "open_turned", lambda: opened.append(real()) or opened[-1])
    finder = hog.FaceFinder()
    assert not opened
    finder.look_harder()
    finder.look_plainly()
    finder.look_harder()
    assert [each.num_detectors for each in opened] == [4]


def test_a_tilted_view_says_where_in_the_frame_its_pixels_are() -> None:
    gray = np.zeros((480, 640), np.uint8)
    gray[96:106, 476:486] = 255
    for view in (hog.TILTED[0], *hog.TILTED_CLOSER):
        picture, matrix = hog._cut_view(gray, view)
        bright = np.argwhere(picture > 128)
        if len(bright):
            assert np.allclose(matrix @ [480.5, 100.5, 1], bright.mean(axis=0)[::-1], atol=1.5)
