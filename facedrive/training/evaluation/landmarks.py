"""How far landmarks lie from the teacher's: the model's, and those that its crops are cut by."""

from __future__ import annotations

from typing import Any

import numpy as np

from facedrive.regressors.onnx import OnnxRegressor
from facedrive.trackers.align import crop_matrix, warp_crop
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68, interocular_px
from facedrive.trackers.patch import to_frame
from facedrive.training.data.faces import FaceSet
from facedrive.training.data.tracked import track_faces
from facedrive.training.evaluation.comparison import rounded
from facedrive.types import Image, Vector

JAW = 17
"""So many landmarks come first; the teacher's mesh has no exact counterpart of them."""


def score_landmarks(regressor: OnnxRegressor, faces: FaceSet) -> dict[str, Any]:
    """Compare landmarks on photographs with the teacher's.

    Each crop is cut where the shape predictor's landmarks put it, as when a face is first seen; on
    later frames of a film it lies better.

    Returns:
        ``predictor`` and ``model``, None of a model that has no landmarks: the mean distance in
        percent of that of the outer eye corners, over all 68 points and without the jaw's.
    """
    taught_px = faces.points_px[:, MEDIAPIPE_TO_68]
    predicted_px = track_faces(faces)
    seen_px = [_look(regressor, *face) for face in zip(faces.crops, predicted_px, strict=True)]
    known = [each for each in seen_px if each is not None]
    return {
        "faces": len(faces),
        "predictor": _error(predicted_px, taught_px),
        "model": _error(np.stack(known), taught_px) if len(known) == len(faces) else None,
    }


def _look(regressor: OnnxRegressor, picture: Image, predicted_px: Vector) -> Vector | None:
    """Ask the model about the crop at some landmarks; its own, in the picture's pixels."""
    seen_px = regressor.estimate(warp_crop(picture, predicted_px, regressor.crop)).landmarks_crop_px
    if seen_px is None:
        return None
    return to_frame(crop_matrix(predicted_px, regressor.crop), seen_px).astype(np.float32)


def _error(landmarks_px: Vector, taught_px: Vector) -> dict[str, float | None]:
    """Return the mean distance of (N, 68, 2) points, in percent of the outer eye corners'."""
    missed_px = np.linalg.norm(landmarks_px - taught_px, axis=2)
    missed = 100 * missed_px / interocular_px(taught_px)[:, None]
    return {"all": rounded(missed.mean()), "without_jaw": rounded(missed[:, JAW:].mean())}
