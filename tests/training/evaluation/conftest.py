"""A small set of faces, and a model that reads its answer off the crop's brightness."""

from __future__ import annotations

import numpy as np
import pytest

from facedrive.aus import AUS
from facedrive.stages import Estimate
from facedrive.training.data.faces import FaceSet
from facedrive.training.data.labels import Targets
from facedrive.types import CropSpec, Image


class BrightnessModel:
    """Says that every AU is as strong as the crop is bright."""

    crop = CropSpec(size=32, padding=0.3)

    def estimate(self, crop: Image) -> Estimate:
        level = np.float32(crop.mean() / 255)
        return Estimate(np.full(len(AUS), level), np.full((2, 2), level))


@pytest.fixture
def model() -> BrightnessModel:
    return BrightnessModel()


@pytest.fixture
def faces() -> FaceSet:
    """60 flat grey faces of 20 people, whose labels are their brightness."""
    level = np.linspace(0, 1, 60, dtype=np.float32)
    crops = np.repeat(np.rint(level * 255).astype(np.uint8), 40 * 40).reshape(60, 40, 40)
    aus = np.repeat(level[:, None], len(AUS), axis=1)
    gaze = np.repeat(level, 4).reshape(60, 2, 2)
    targets = Targets(aus, np.ones(aus.shape, np.bool_), gaze)
    points = np.zeros((60, 478, 2), np.float32)
    person = np.arange(60) % 20
    return FaceSet(
        crops, np.ones(crops.shape, np.bool_), points, targets, person, CropSpec(40, 0.5)
    )
