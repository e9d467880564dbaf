"""Figures on synthetic faces of identities and skins never trained on: all 24 AUs are exact."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

import numpy as np

from facedrive.regressors.onnx import OnnxRegressor
from facedrive.training import synth
from facedrive.training.data import FaceSet, load_synthetic
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
    path = cache / f"synthetic-test-{FACES}-{SEED}-{_renderer_digest()}.npz"
    if not path.exists():
        from facedrive.training.synth.dataset import render_dataset

        log.info("rendering %d synthetic test faces", FACES)
        part = path.with_suffix(".part.npz")
        render_dataset(data, part, count=FACES, seed=SEED, people="test")
        part.replace(path)
    return load_synthetic(path)


def score_rendered(regressor: OnnxRegressor, faces: FaceSet) -> dict[str, Any]:
    """Return the figures on a set of synthetic faces."""
    answers = answer(regressor, centre_crops(faces, regressor.crop))
    identities = len(np.unique(faces.person))
    return {"identities": identities} | compare(answers, faces.targets).as_dict()


def _renderer_digest() -> str:
    """Return a name for the renderer as it is: another one renders its own test faces."""
    digest = hashlib.sha256()
    for source in sorted(Path(synth.__path__[0]).glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]
