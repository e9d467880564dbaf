"""How far landmarks lie from the teacher's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facedrive.stages import Estimate
from facedrive.trackers.align import crop_matrix
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68
from facedrive.trackers.patch import MEAN_SHAPE, to_patch
from facedrive.training.data.faces import FaceSet
from facedrive.training.evaluation import landmarks
from facedrive.types import Image

FACE_PX = (MEAN_SHAPE * 10 + 20).astype(np.float32)  # the outer eye corners are 10 pixels apart


class MeanModel:
    """Sees a mean face in the middle of whatever crop."""

    def __init__(self, model) -> None:
        self.model, self.crop = model, model.crop
        self.seen_px = to_patch(crop_matrix(FACE_PX, model.crop), FACE_PX).astype(np.float32)

    def estimate(self, crop: Image) -> Estimate:
        return self.model.estimate(crop)._replace(landmarks_crop_px=self.seen_px)


@pytest.fixture
def mean_faces(faces: FaceSet) -> FaceSet:
    """Faces that all have the mean shape."""
    points = np.zeros((60, 478, 2), np.float32)
    points[:, MEDIAPIPE_TO_68] = FACE_PX
    return replace(faces, points_px=points)


@pytest.fixture(params=[(0.0, 0.0), (0.6, 0.8)])
def astray(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """A predictor that errs by nothing or by a pixel; how far in percent of the eye distance."""
    shift = np.array(request.param, np.float32)
    monkeypatch.setattr(landmarks, "track_faces", lambda faces: np.stack([FACE_PX + shift] * 60))
    return 10 * float(np.hypot(*shift))


def test_errors_are_in_percent_of_the_distance_of_the_eyes(model, mean_faces, astray) -> None:
    found = landmarks.score_landmarks(MeanModel(model), mean_faces)
    assert found["faces"] == 60
    for by in ("predictor", "model"):  # this model goes wherever its crop goes
        assert found[by] == pytest.approx({"all": astray, "without_jaw": astray}, abs=1e-3)


def test_the_jaw_is_left_out_of_the_second_figure(model, mean_faces, astray) -> None:
    mean = MeanModel(model)
    mean.seen_px[:17] += 50
    found = landmarks.score_landmarks(mean, mean_faces)["model"]
    assert found["all"] > 100 > 20 > found["without_jaw"]


def test_a_model_may_have_no_landmarks(model, mean_faces, astray) -> None:
    assert landmarks.score_landmarks(model, mean_faces)["model"] is None
