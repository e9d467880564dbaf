"""Samples to send."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from facedrive.aus import AUS
from facedrive.types import Face, Frame, Head, Sample

MakeSample = Callable[..., Sample]


@pytest.fixture
def make_sample() -> MakeSample:
    """Return a function that makes a sample, the same one for the same index."""

    def make(index: int = 0, *, time: float | None = None, seen: bool = True) -> Sample:
        rng = np.random.default_rng(index)
        rotation = rng.normal(size=4) + np.array([0, 0, 0, 5])
        rotation /= np.linalg.norm(rotation)
        head = Head(rotation.astype(np.float32), rng.normal(size=3).astype(np.float32))
        crop, landmarks_px = np.zeros((8, 8), np.uint8), np.zeros((68, 2), np.float32)
        face = Face(crop, landmarks_px, (1.0, 2.0, 3.0, 4.0), 1.25, head) if seen else None
        aus = rng.random(len(AUS), dtype=np.float32)
        gaze = rng.normal(size=(2, 2), scale=0.2).astype(np.float32)
        return Sample(index / 30 if time is None else time, index, aus, gaze, head, face)

    return make


@pytest.fixture
def frame() -> Frame:
    """A small picture."""
    return Frame(np.full((48, 64, 3), (200, 60, 30), np.uint8), 0.0, 0)
