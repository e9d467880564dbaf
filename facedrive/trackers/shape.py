"""The shape predictor: 68 landmarks off an upright patch, with dlib's ensemble of regression trees.

Kazemi and Sullivan, "One Millisecond Face Alignment with an Ensemble of Regression Trees",
2014. ``training/landmarks/train.py`` trains the model that comes with facedrive.
"""

from __future__ import annotations

from importlib import resources
from operator import attrgetter
from pathlib import Path

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from facedrive.errors import ModelError
from facedrive.files import check_plain
from facedrive.trackers.landmarks import COUNT
from facedrive.trackers.patch import PATCH_SIZE
from facedrive.trackers.shapefile import MOST_BYTES, ShapeFileError, check_shape_file
from facedrive.types import Image

PREDICTOR_BOX = (14, 14, 113, 113)
"""The box in the patch that the shape predictor is trained and run on."""

FINER = 3
"""Enlargement of the patch for the predictor, which answers in whole pixels; odd, so that the
box's corners stay on pixel centres."""


VOTES_PX = ((-2, -1), (2, 1))
"""Shifts of the box, right and down, whose answers are averaged: on a still picture with noise
of deviation 6 the landmarks jitter by 0.4 % of the eye distance with two, by 0.6 % with one."""


def default_predictor() -> Path:
    """Return where the shape predictor that ships with the package lies."""
    return Path(str(resources.files("facedrive") / "weights" / "landmarks68.dat"))


class ShapePredictor:
    """Reads the 68 landmarks off a patch with an ensemble of regression trees."""

    def __init__(self, path: Path | None = None) -> None:
        """Load the model in ``path``, by default the one that comes with facedrive.

        Raises:
            ModelError: if it is missing, broken or gives other than 68 points.
        """
        self._model = _load_model(path or default_predictor())

    def predict(self, patch: Image) -> NDArray[np.float64]:
        """Return the landmarks, (68, 2) in the pixels of a (128, 128) patch."""
        side = PATCH_SIZE * FINER
        enlarged = cv2.resize(patch, (side, side), interpolation=cv2.INTER_LINEAR)
        votes = [self._model(enlarged, box).parts() for box in _ENLARGED_BOXES]
        points = np.array([list(map(_XY, vote)) for vote in votes])  # (votes, 68, 2)
        return np.asarray((points.mean(axis=0) + 0.5) / FINER - 0.5)


_XY = attrgetter("x", "y")


def _enlarged_box(right: int, down: int) -> dlib.rectangle:
    """Return the predictor's box in the enlarged patch, shifted by pixels of the patch."""
    left, top, last_column, last_row = (pixel * FINER + FINER // 2 for pixel in PREDICTOR_BOX)
    right, down = right * FINER, down * FINER
    return dlib.rectangle(left + right, top + down, last_column + right, last_row + down)


_ENLARGED_BOXES = [_enlarged_box(right, down) for right, down in VOTES_PX]


def _load_model(path: Path) -> dlib.shape_predictor:
    try:
        if path != default_predictor():  # which is known to be whole, and takes half a second
            check_plain(path, ModelError, MOST_BYTES)
            check_shape_file(path.read_bytes(), COUNT)
        model = dlib.shape_predictor(str(path))
    except (RuntimeError, OSError, ShapeFileError) as error:
        raise ModelError(
            f"{path} cannot be read as a dlib shape predictor ({error}); give a model trained "
            "by facedrive, or none for the one that comes with it."
        ) from error
    return model
