from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")

from facedrive.aus import AU_INDEX, AU_NAMES, AUS
from facedrive.errors import DataError
from facedrive.rotations import matrix_from_euler
from facedrive.trackers.landmarks import MIRROR_68
from facedrive.training.rendered.face import (
    AU_SHAPES,
    LANDMARKS,
    FaceModel,
    Person,
    load_face_model,
    random_identity,
)
from facedrive.types import Vector

AHEAD = np.zeros((2, 2), np.float32)

RIGHT_EYE, LEFT_EYE = slice(36, 42), slice(42, 48)


def one(name: str, value: float = 1.0) -> Vector:
    aus = np.zeros(len(AU_NAMES), np.float32)
    aus[AU_INDEX[name]] = value
    return aus


def landmarks_of(model: FaceModel, person: Person, aus: Vector) -> np.ndarray:
    return model.express(person, model.weights(aus), AHEAD)[LANDMARKS]


def test_every_au_has_shapes() -> None:
    assert tuple(AU_SHAPES) == AU_NAMES


@pytest.mark.slow
def test_resting_face_is_the_persons_own(model: FaceModel, person: Person) -> None:
    at_rest = model.express(person, model.weights(np.zeros(24, np.float32)), AHEAD)
    np.testing.assert_allclose(at_rest, person.vertices, atol=0.02)


@pytest.mark.parametrize("name", AU_NAMES)
def test_each_au_moves_the_face(model: FaceModel, person: Person, name: str) -> None:
    moved = model.express(person, model.weights(one(name)), AHEAD) - person.vertices
    assert np.linalg.norm(moved, axis=1).max() > 0.3


@pytest.mark.parametrize("au", [au for au in AUS if au.side == "left"], ids=lambda au: au.name)
def test_left_is_the_mirror_image_of_right(model: FaceModel, person: Person, au: object) -> None:
    left = landmarks_of(model, person, one(au.name))
    right = landmarks_of(model, person, one(au.mirror))
    np.testing.assert_allclose(left * [-1, 1, 1], right[MIRROR_68], atol=0.08)


def test_left_eye_close_moves_the_subjects_left_lid(model: FaceModel, person: Person) -> None:
    moved = landmarks_of(model, person, one("left_eye_close")) - person.vertices[LANDMARKS]
    assert np.linalg.norm(moved[LEFT_EYE], axis=1).max() > 0.5
    assert np.linalg.norm(moved[RIGHT_EYE], axis=1).max() < 0.02
    assert (person.vertices[LANDMARKS][LEFT_EYE, 0] > 0).all()


@pytest.mark.parametrize("seed", range(6))
def test_closed_lids_meet_whoever_it_is(model: FaceModel, seed: int) -> None:
    somebody = model.identity(random_identity(np.random.default_rng(seed)))
    closed = landmarks_of(model, somebody, one("left_eye_close") + one("right_eye_close"))
    open_gap = (
        somebody.vertices[LANDMARKS][[43, 44, 37, 38]]
        - somebody.vertices[LANDMARKS][[47, 46, 41, 40]]
    )
    gap = closed[[43, 44, 37, 38]] - closed[[47, 46, 41, 40]]
    assert (np.abs(gap[:, 1]) < 0.25 * np.abs(open_gap[:, 1])).all()


def test_gaze_turns_each_eyeball_by_its_own_angle(model: FaceModel, person: Person) -> None:
    gaze = np.array([[0.2, 0.3], [-0.1, -0.4]], np.float32)
    seen = model.express(person, model.weights(np.zeros(24, np.float32)), gaze)
    for eye, (pitch, yaw) in zip(model.eyes, gaze, strict=True):
        rest = person.vertices[eye.vertices] - eye.centre
        front = np.argmax(rest[:, 2])
        turned = matrix_from_euler(float(pitch), float(yaw), 0.0) @ rest[front]
        np.testing.assert_allclose(seen[eye.vertices][front] - eye.centre, turned, atol=1e-4)


def test_eyes_that_look_up_lift_the_lids(model: FaceModel, person: Person) -> None:
    up = np.array([[0.4, 0], [0.4, 0]], np.float32)
    raised = model.express(person, model.weights(np.zeros(24, np.float32)), up)[LANDMARKS]
    assert (raised[[37, 38, 43, 44], 1] > person.vertices[LANDMARKS][[37, 38, 43, 44], 1]).all()


def test_normals_are_unit_and_face_outwards(model: FaceModel, person: Person) -> None:
    normals = model.normals(person.vertices)
    nose_tip = LANDMARKS[30]
    assert normals[nose_tip, 2] > 0.8
    np.testing.assert_allclose(np.linalg.norm(normals[LANDMARKS], axis=1), 1, atol=1e-4)


def test_texture_places_mirror_as_the_face_does(model: FaceModel) -> None:
    places = model.uv_of(LANDMARKS[17:27])
    np.testing.assert_allclose(places[:, 0] + places[::-1, 0], 1, atol=0.01)


def test_something_else_than_the_model_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "ict_facekit.npz"
    np.savez(wrong, nothing=np.zeros(1))
    with pytest.raises(DataError, match=r"ict_facekit\.npz"):
        load_face_model(wrong)


def gap(points: np.ndarray) -> float:
    return float((points[[61, 62, 63]] - points[[67, 66, 65]])[:, 1].mean())


@pytest.mark.parametrize("name", ["upper_lip_suck", "lower_lip_suck", "jaw_thrust", "cheeks_puff"])
def test_lips_stay_shut(model: FaceModel, person: Person, name: str) -> None:
    at_rest = gap(person.vertices[LANDMARKS])
    for intensity in (0.5, 1.0):
        assert gap(landmarks_of(model, person, one(name, intensity))) < at_rest + 0.08


def test_nose_wrinkle_bares_less_teeth_than_upper_lip_raise(
    model: FaceModel, person: Person
) -> None:
    wrinkled = gap(landmarks_of(model, person, one("nose_wrinkle")))
    assert wrinkled < 0.6 * gap(landmarks_of(model, person, one("upper_lip_raise")))


def test_aus_that_share_a_shape_add_up(model: FaceModel) -> None:
    both = model.weights(one("nose_wrinkle") + one("upper_lip_raise"))
    apart = model.weights(one("nose_wrinkle")) + model.weights(one("upper_lip_raise"))
    np.testing.assert_allclose(both, apart, atol=1e-6)
