"""Figures on synthetic faces of identities and skins never trained on: all 24 AUs are exact."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np

from facedrive.regressors.onnx import OnnxRegressor
from facedrive.training import rendered as heads
from facedrive.training.data.cache import digest_code, keep
from facedrive.training.data.faces import FaceSet, load_faces
from facedrive.training.evaluation.comparison import answer, compare
from facedrive.training.evaluation.crops import centre_crops

log = logging.getLogger(__name__)

FACES = 800
SEED = 90_001
"""Of the shapes, which no training set may be rendered from."""


def open_rendered(data: Path, cache: Path, workers: int = 1) -> FaceSet:
    """Return the synthetic test faces, rendering them on the first call.

    Raises:
        DataError: if the photographs or the parametric face are missing.
        RenderError: if there is no OpenGL context.
    """
    name = f"synthetic-test-{FACES}-{SEED}-{digest_code(heads)}.npz"
    return load_faces(keep(cache / name, lambda path: _render(data, path, workers)))


def _render(data: Path, path: Path, workers: int) -> None:
    from facedrive.training.rendered.dataset import render_dataset

    log.info("rendering %d synthetic test faces", FACES)
    render_dataset(data, path, count=FACES, seed=SEED, people="test", workers=workers)


def score_rendered(regressor: OnnxRegressor, faces: FaceSet) -> dict[str, Any]:
    """Return the figures on a set of synthetic faces."""
    answers = answer(regressor, centre_crops(faces, regressor.crop))
    identities = len(np.unique(faces.person))
    return {"identities": identities} | compare(answers, faces.targets).as_dict()
