"""The detector, and what is kept of it."""

from __future__ import annotations

from pathlib import Path

import pytest

dlib = pytest.importorskip("dlib")

from facedrive.sources import open_source  # noqa: E402
from facedrive.trackers import hog  # noqa: E402

pytestmark = pytest.mark.slow

OPEN = hog.open_detector


def test_the_copy_that_is_kept_sees_what_the_detector_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gray = next(iter(open_source("demo").frames())).gray
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
