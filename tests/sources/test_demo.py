"""The packaged clip is a source; an installation without it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedrive.errors import SourceError
from facedrive.sources import demo


def test_demo_clip_is_read_from_the_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clip = tmp_path / "demo.mp4"
    clip.touch()
    monkeypatch.setattr(demo, "CLIP", clip)
    assert demo.open_demo().path == clip


def test_missing_demo_clip_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(demo, "CLIP", tmp_path / "demo.mp4")
    with pytest.raises(SourceError, match=r"demo\.mp4 is missing; install facedrive again"):
        demo.open_demo()
