from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy")

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.errors import RenderError
from facedrive.rotations import matrix_from_euler
from facedrive.training.rendered.camera import Camera, head_pose
from facedrive.training.rendered.face import LANDMARKS, FaceModel
from facedrive.training.rendered.paint import Look
from facedrive.training.rendered.renderer import open_renderer
from facedrive.training.rendered.visible import visible_part

pytestmark = pytest.mark.slow

GAZE = np.array([[0.2, 0.4], [0.2, 0.4]], np.float32)


@pytest.fixture(scope="module")
def part(model: FaceModel) -> FaceModel:
    try:
        return visible_part(model, 192)
    except RenderError as error:
        pytest.skip(str(error))


def draw(model: FaceModel, aus: np.ndarray, yaw: float) -> tuple[np.ndarray, np.ndarray]:
    person = model.identity(np.full(len(model.identities), 0.3, np.float32))
    vertices = model.express(person, model.weights(aus), GAZE)
    pose = head_pose(matrix_from_euler(0.1, yaw, 0.0), np.array([0, 0, -60], np.float32))
    renderer = open_renderer(model, 128, 128)
    renderer.set_skin(np.ones((8, 8), np.float32))
    picture, mask = renderer.render(vertices, pose, Camera(128, 128, 280.0), Look())
    renderer.close()
    return picture[..., 1].astype(float), mask


@pytest.mark.parametrize(("au", "yaw"), [("jaw_drop", 0.0), ("upper_lip_raise", 0.5)])
def test_what_is_left_looks_the_same(
    model: FaceModel, part: FaceModel, au: str, yaw: float
) -> None:
    aus = np.zeros(len(AU_NAMES), np.float32)
    aus[AU_INDEX[au]] = 1
    (whole, whole_mask), (less, less_mask) = draw(model, aus, yaw), draw(part, aus, yaw)
    np.testing.assert_array_equal(whole_mask, less_mask)
    assert np.abs(whole - less).mean() < 0.3
    assert (np.abs(whole - less) > 20).mean() < 0.003


def test_less_is_left(model: FaceModel, part: FaceModel) -> None:
    assert len(part.triangles) < 0.75 * len(model.triangles)
    assert len(part.neutral) < 0.75 * len(model.neutral)


def test_landmarks_stay_where_they_are(model: FaceModel, part: FaceModel) -> None:
    np.testing.assert_array_equal(part.neutral[LANDMARKS], model.neutral[LANDMARKS])
    weights = part.weights(np.full(len(AU_NAMES), 0.5, np.float32))
    nobody = np.zeros(len(model.identities), np.float32)
    moved = part.express(part.identity(nobody), weights, GAZE)
    whole = model.express(model.identity(nobody), weights, GAZE)
    np.testing.assert_allclose(moved[LANDMARKS], whole[LANDMARKS], atol=1e-4)
