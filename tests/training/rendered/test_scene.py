from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy")

from facedrive.errors import RenderError
from facedrive.rotations import matrix_from_euler
from facedrive.training.rendered.camera import Camera, head_pose
from facedrive.training.rendered.face import LANDMARKS, FaceModel, Person
from facedrive.training.rendered.paint import Look
from facedrive.training.rendered.renderer import open_renderer

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from facedrive.training.rendered.scene import FaceRenderer

CAMERA = Camera(160, 160, 300.0)
POSE = head_pose(matrix_from_euler(0.1, 0.2, -0.2), np.array([0, 0, -60], np.float32))


@pytest.fixture(scope="module")
def renderer(model: FaceModel) -> FaceRenderer:
    try:
        return open_renderer(model, 160, 160)
    except RenderError as error:
        pytest.skip(str(error))


def test_rendered_face_covers_its_landmarks(renderer: FaceRenderer, person: Person) -> None:
    renderer.set_skin(np.ones((8, 8, 3), np.float32))
    picture, mask = renderer.render(person.vertices, POSE, CAMERA, Look())
    points = person.vertices[LANDMARKS[17:]] @ POSE[:3, :3].T + POSE[:3, 3]
    x, y = np.round(CAMERA.project(points)).astype(int).T
    assert mask[y, x].min() > 0.5
    assert picture[y, x].mean() > 60
    assert not mask[0].any()


def test_grey_skin_looks_as_the_same_skin_in_three_channels(
    renderer: FaceRenderer, person: Person
) -> None:
    skin = np.random.default_rng(0).uniform(0.5, 1.2, (16, 16)).astype(np.float32)
    renderer.set_skin(skin)
    grey = renderer.render(person.vertices, POSE, CAMERA, Look())[0]
    renderer.set_skin(np.repeat(skin[..., None], 3, axis=2))
    coloured = renderer.render(person.vertices, POSE, CAMERA, Look())[0]
    np.testing.assert_array_equal(grey, coloured)


def test_hair_grows_beyond_the_head(renderer: FaceRenderer, person: Person) -> None:
    bald = renderer.render(person.vertices, POSE, CAMERA, Look())[1]
    hairy = renderer.render(person.vertices, POSE, CAMERA, Look(hair_layers=6))[1]
    assert hairy.sum() > 1.02 * bald.sum()


def test_a_light_from_the_left_lights_the_left_of_the_face(
    renderer: FaceRenderer, person: Person
) -> None:
    lights = np.array([[1, 0, 0.2], [1, 0, 0.2], [1, 0, 0.2]], np.float32)
    pose = head_pose(matrix_from_euler(0, 0, 0), np.array([0, 0, -60], np.float32))
    picture, mask = renderer.render(person.vertices, pose, CAMERA, Look(lights=lights))
    left, right = (
        picture[:, side, 1][mask[:, side] > 0.5].mean() for side in (slice(80, 160), slice(80))
    )
    assert left > 1.2 * right


def test_a_grey_renderer_draws_what_a_coloured_one_does(
    renderer: FaceRenderer, model: FaceModel, person: Person
) -> None:
    skin = np.full((8, 8), 0.9, np.float32)
    renderer.set_skin(skin)
    coloured = renderer.render(person.vertices, POSE, CAMERA, Look(hair_layers=3))[0]
    only_grey = open_renderer(model, 160, 160, grey=True)
    only_grey.set_skin(skin)
    grey = only_grey.render(person.vertices, POSE, CAMERA, Look(hair_layers=3))[0]
    np.testing.assert_array_equal(grey[..., 1], coloured[..., 1])
    np.testing.assert_array_equal(grey[..., 0], grey[..., 1])
