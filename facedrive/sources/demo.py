"""The clip that ships with the package."""

from __future__ import annotations

from pathlib import Path

from facedrive.errors import SourceError
from facedrive.sources.video import VideoFile

CLIP = Path(__file__).resolve().parent.parent / "assets" / "demo.mp4"


def open_demo() -> VideoFile:
    """Return the packaged clip as a source.

    Raises:
        SourceError: if this installation lacks it.
    """
    if not CLIP.exists():
        raise SourceError(f"the demo clip {CLIP} is missing; install facedrive again.")
    return VideoFile(CLIP)
