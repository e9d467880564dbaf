"""Samples to export, and our rig."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from facedrive.aus import AU_NAMES, AUS
from facedrive.rig import Rig, load
from facedrive.rotations import EulerDegrees, quaternion_from_euler
from facedrive.types import IDENTITY_HEAD, Head, Sample

MakeSample = Callable[..., Sample]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def make_sample() -> MakeSample:
    """Return a function that makes a sample with a face, neutral but for what is given."""

    def make(
        index: int = 0,
        *,
        time: float | None = None,
        turned: tuple[float, float, float] = (0, 0, 0),
        gaze: tuple[float, float] = (0, 0),
        **aus: float,
    ) -> Sample:
        head = Head(quaternion_from_euler(EulerDegrees(*turned)), IDENTITY_HEAD.translation)
        values = np.zeros(len(AUS), np.float32)
        for name, value in aus.items():
            values[AU_NAMES.index(name)] = value
        both = np.array([gaze, gaze], np.float32)
        return Sample(index / 30 if time is None else time, index, values, both, head, True, 1.0)

    return make


@pytest.fixture(scope="session")
def rig() -> Rig:
    return load(ROOT / "rigs/basic.obj")
