from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")

from facedrive.aus import AU_INDEX, AU_NAMES, AUS, MIRROR
from facedrive.errors import DataError, RenderError
from facedrive.trackers.landmarks import LEFT_EYE, MIRROR_68, RIGHT_EYE
from facedrive.training.folds import split_people
from facedrive.training.synth import capture, performance, sampling
from facedrive.training.synth.camera import Camera, head_pose, rotation_matrix
from facedrive.training.synth.face import (
    AU_SHAPES,
    LANDMARKS,
    FaceModel,
    Person,
    load_face_model,
    random_identity,
)
from facedrive.training.synth.photographs import Photographs, open_photographs
from facedrive.types import Head, Vector

AHEAD = np.zeros((2, 2), np.float32)


@pytest.fixture(scope="module")
def model(shared: Path) -> FaceModel:
    return load_face_model(shared / "data" / "ict" / "ict_facekit.npz")


@pytest.fixture(scope="module")
def person(model: FaceModel) -> Person:
    return model.identity(np.zeros(len(model.identities), np.float32))


@pytest.fixture(scope="module")
def photographs(shared: Path) -> Photographs:
    return open_photographs(shared / "data")


def one(name: str, value: float = 1.0) -> Vector:
    aus = np.zeros(len(AU_NAMES), np.float32)
    aus[AU_INDEX[name]] = value
    return aus


def landmarks_of(model: FaceModel, person: Person, aus: Vector) -> np.ndarray:
    return model.express(person, model.weights(aus), AHEAD)[LANDMARKS]


def test_every_au_has_shapes() -> None:
    assert tuple(AU_SHAPES) == AU_NAMES


def test_resting_face_is_the_persons_own(model: FaceModel, person: Person) -> None:
    at_rest = model.express(person, model.weights(np.zeros(24, np.float32)), AHEAD)
    np.testing.assert_allclose(at_rest, person.vertices, atol=0.02)


@pytest.mark.parametrize("name", AU_NAMES)
def test_each_au_moves_the_face(model: FaceModel, person: Person, name: str) -> None:
    moved = model.express(person, model.weights(one(name)), AHEAD) - person.vertices
    assert np.linalg.norm(moved, axis=1).max() > 0.3


@pytest.mark.parametrize("au", [au for au in AUS if au.side == "left"], ids=lambda au: au.name)
def test_left_is_the_mirror_image_of_right(model: FaceModel, person: Person, au: object) -> None:
    left = landmarks_of(model, person, one(au.name))  # type: ignore[attr-defined]
    right = landmarks_of(model, person, one(au.mirror))  # type: ignore[attr-defined]
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
        turned = rotation_matrix(float(pitch), float(yaw), 0.0) @ rest[front]
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


def test_folder_without_photographs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="faces_teacher"):
        open_photographs(tmp_path)


def test_rotation_has_the_signs_of_the_heads_angles() -> None:
    angles = (12.0, -25.0, 8.0)
    matrix = rotation_matrix(*np.radians(angles))
    w = np.sqrt(1 + np.trace(matrix)) / 2
    axis = matrix[[2, 0, 1], [1, 2, 0]] - matrix[[1, 2, 0], [2, 0, 1]]
    head = Head(np.array([*(axis / (4 * w)), w], np.float32), np.zeros(3, np.float32))
    np.testing.assert_allclose(head.euler, angles, atol=1e-3)


def test_subjects_left_is_on_the_right_of_the_picture() -> None:
    left_and_up = Camera(640, 480, 600.0).project(np.array([[5.0, 5.0, -60.0]]))[0]
    assert left_and_up[0] > 320
    assert left_and_up[1] < 240


def test_every_au_is_often_active() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([sampling.sample_aus(rng) for _ in range(3000)])
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    assert ((drawn > 0.3).mean(axis=0) > 0.13).all()


def test_exclusive_aus_never_meet() -> None:
    rng = np.random.default_rng(1)
    drawn = np.array([sampling.sample_aus(rng) for _ in range(500)])
    for first, second in sampling.EXCLUSIVE:
        assert not (drawn[:, AU_INDEX[first]] * drawn[:, AU_INDEX[second]]).any()


def test_left_and_right_move_together_more_often_than_not() -> None:
    rng = np.random.default_rng(2)
    drawn = np.array([sampling.sample_aus(rng) for _ in range(2000)])
    smile = AU_INDEX["left_lip_corner_pull"]
    assert 0.4 < np.corrcoef(drawn[:, smile], drawn[:, MIRROR[smile]])[0, 1] < 0.95


@pytest.mark.parametrize("seed", range(12))
def test_a_captured_picture_is_gray_and_of_the_same_size(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform(30, 90, (68, 2)).astype(np.float32)
    face, mask = np.full((2, 128, 128), 0.5, np.float32)
    background = np.full((50, 70), 90, np.uint8)
    picture = capture.capture(rng, face * 255, mask * 2, background, points)
    assert picture.shape == (128, 128)
    assert picture.dtype == np.uint8


def test_performance_starts_and_ends_at_rest() -> None:
    for time in (0.0, 0.25, 0.5, performance.DURATION - 0.5, performance.DURATION):
        act = performance.perform(time)
        assert not act.aus.any()
        assert not act.gaze.any()
        np.testing.assert_allclose(performance.head_at(time), 0, atol=1e-6)


@pytest.mark.parametrize("name", AU_NAMES)
def test_performance_holds_every_au_in_full(name: str) -> None:
    times = np.arange(0, performance.DURATION, 1 / 30)
    track = np.array([performance.perform(time).aus for time in times])
    alone = track[:, AU_INDEX[name]] * (np.delete(track, AU_INDEX[name], axis=1).max(axis=1) < 0.1)
    assert (alone > 0.99).sum() >= 4


def test_skin_comes_from_calm_people_once_each(photographs: Photographs) -> None:
    rows = photographs.best_rows()
    assert len(rows) > 1000
    assert len(set(photographs.person[rows])) == len(rows)
    assert photographs.scores["jawOpen"][rows].max() < 0.1


def test_broken_picture_is_named(photographs: Photographs, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        archive.writestr("00003.jpg", b"no picture")
    broken = Photographs(
        photographs.person,
        photographs.landmarks,
        photographs.pose,
        photographs.scores,
        zipfile.ZipFile(tmp_path / "faces.zip"),
    )
    with broken.archive, pytest.raises(DataError, match=r"00003\.jpg"):
        broken.read(3)


def test_rendered_face_covers_its_landmarks(model: FaceModel, person: Person) -> None:
    scene = pytest.importorskip("facedrive.training.synth.scene")
    try:
        renderer = scene.FaceRenderer(model, 160, 160)
    except RenderError as error:
        pytest.skip(str(error))
    camera = Camera(160, 160, 300.0)
    pose = head_pose(rotation_matrix(0.1, 0.2, -0.2), np.array([0, 0, -60], np.float32))
    renderer.set_skin(np.ones((8, 8, 3), np.float32))
    picture, mask = renderer.render(person.vertices, pose, camera, scene.Look())
    points = person.vertices[LANDMARKS[17:]] @ pose[:3, :3].T + pose[:3, 3]
    x, y = np.round(camera.project(points)).astype(int).T
    assert mask[y, x].min() > 0.5
    assert picture[y, x].mean() > 60
    assert not mask[0].any()


def test_dataset_is_complete_reproducible_and_of_the_people_asked_for(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = pytest.importorskip("facedrive.training.synth.dataset")
    try:
        studio = dataset.Studio(shared / "data", "test")
    except RenderError as error:
        pytest.skip(str(error))
    monkeypatch.setattr(dataset, "Studio", lambda data, people: studio)
    dataset.render_dataset(shared / "data", tmp_path / "faces.npz", 5, 3, "test")
    again = dataset.render_faces(studio, 5, 3)
    with np.load(tmp_path / "faces.npz") as faces:
        assert faces["crops"].shape == (5, 160, 160)
        assert faces["crops"].dtype == np.uint8
        assert faces["aus"].shape == (5, 24)
        assert faces["gaze"].shape == (5, 2, 2)
        assert faces["landmarks"].shape == (5, 68, 2)
        assert len(set(faces["identity"])) == 2
        assert split_people(faces["person"]).test.all()
        for name in faces.files:
            np.testing.assert_array_equal(faces[name], again[name])


def test_a_dataset_of_nothing_is_refused(tmp_path: Path) -> None:
    dataset = pytest.importorskip("facedrive.training.synth.dataset")
    with pytest.raises(DataError, match="at least 1"):
        dataset.render_dataset(tmp_path, tmp_path / "none.npz", 0)
