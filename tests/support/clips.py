"""Frames to make tests' pictures of, decoded in this process: starting a child takes longer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from facedrive.sources.demo import open_demo
from facedrive.types import Frame


def demo_frames() -> Iterator[Frame]:
    """Give the frames of the clip that ships."""
    return replace(open_demo(), guarded=False).frames()
