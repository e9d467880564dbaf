"""A regressor: the AU model on the crop and on its mirror image; twice the time, less noise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedrive.aus import MIRROR
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.stages import Estimate
from facedrive.types import Image


@dataclass
class MirroredRegressor:
    """Reads both, and gives the mean of the action units."""

    model: Path | None = None
    """An AU model; facedrive's own where left out. ``--model`` fills it."""

    def __post_init__(self) -> None:
        self._inner = OnnxRegressor(self.model, "cpu")
        self.crop = self._inner.crop

    def estimate(self, crop: Image) -> Estimate:
        """Read AUs and gaze off a (S, S) uint8 crop."""
        seen = self._inner.estimate(crop)
        mirrored = self._inner.estimate(np.ascontiguousarray(crop[:, ::-1]))
        return seen._replace(aus=(seen.aus + mirrored.aus[MIRROR]) / 2)
