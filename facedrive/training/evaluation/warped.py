"""Figures on test people's photographs onto which AUs were put by warping."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from facedrive.aus import AU_INDEX
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.training import rendered, warped
from facedrive.training.data import labels
from facedrive.training.data import teacher as asked
from facedrive.training.data.cache import digest_code, keep
from facedrive.training.data.faces import FaceSet, load_faces, save_faces
from facedrive.training.data.labels import EXACT
from facedrive.training.evaluation.comparison import answer, compare, rounded
from facedrive.training.evaluation.crops import centre_crops
from facedrive.training.evaluation.crosstalk import RESTING
from facedrive.types import Vector

log = logging.getLogger(__name__)

FACES = 800
SEED = 90_002

RAISED = 0.5
"""An AU from this on is clearly there."""


def open_warped(data: Path, cache: Path, teacher: Path, workers: int = 1) -> FaceSet:
    """Return the warped test faces, making them on the first call.

    Args:
        data: The folder with ``faces.zip``, ``faces_teacher.npz`` and ``ict``.
        cache: Folder that keeps them between calls.
        teacher: Its model file: it scores the warped faces anew.
        workers: Processes that share the work.
    """

    def write(path: Path) -> None:
        from facedrive.training.warped.dataset import warped_set

        log.info("warping %d photographs of test people", FACES)
        save_faces(warped_set(data, "test", FACES, SEED, teacher=teacher, workers=workers), path)

    name = f"warped-test-{FACES}-{SEED}-{digest_code(warped, rendered, asked, labels)}.npz"
    return load_faces(keep(cache / name, write))


def score_warped(regressor: OnnxRegressor, faces: FaceSet) -> dict[str, Any]:
    """Return the figures on warped photographs, and how far each AU of ``EXACT`` rises on them."""
    answers = answer(regressor, centre_crops(faces, regressor.crop))
    figures = compare(answers, faces.targets).as_dict()
    return figures | {"rise": {name: _rise(answers.aus, faces, name) for name in EXACT}}


def _rise(predicted: Vector, faces: FaceSet, name: str) -> dict[str, float | None]:
    """Return the mean answer where the AU rests, and where it was put on."""
    column = AU_INDEX[name]
    meant, answers = faces.targets.aus[:, column], predicted[:, column]
    rests, raised = meant <= RESTING, meant >= RAISED
    return {
        "resting": rounded(answers[rests].mean()) if rests.any() else None,
        "raised": rounded(answers[raised].mean()) if raised.any() else None,
    }
