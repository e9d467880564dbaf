"""The examples' folders on the path, and samples to send to them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from facedrive.aus import AU_NAMES
from facedrive.extras import EXTRA_NAMES
from facedrive.types import Head, Sample

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
sys.path.append(str(EXAMPLES / "blender"))


def make_sample(
    index: int = 0,
    *,
    seen: bool = True,
    rotation: tuple[float, float, float, float] = (0, 0, 0, 1),
    gaze: tuple[tuple[float, float], tuple[float, float]] = ((0, 0), (0, 0)),
    **values: float,
) -> Sample:
    """A sample with these AUs and extras, the others at 0; left eye's gaze first, pitch and yaw.

    Without any extra, extras are not known.
    """
    head = Head(np.array(rotation, np.float32), np.array([0, 0, -0.6], np.float32))
    aus = np.array([values.get(name, 0) for name in AU_NAMES], np.float32)
    known = not values.keys().isdisjoint(EXTRA_NAMES)
    extras = np.array([values.get(name, 0) for name in EXTRA_NAMES], np.float32) if known else None
    looking = np.array(gaze, np.float32)
    return Sample(index / 30, index, aus, looking, head, seen, extras=extras)
