"""Training the shape predictor, and how good the one that comes with facedrive is."""

import functools
import importlib.util
from pathlib import Path

import dlib
import numpy as np
import pytest

from facedrive.errors import DataError
from facedrive.trackers.dlib import DlibTracker
from facedrive.trackers.landmarks import interocular_px
from facedrive.trackers.patch import BOX_DROP, BOX_UNITS, TARGET_PX
from facedrive.trackers.pose import PoseSolver
from facedrive.trackers.shape import ShapePredictor
from facedrive.training.data.photographs import Photographs, open_photographs
from facedrive.training.landmarks.samples import Misplacement, Photo, draw_patch, mirror, turn
from facedrive.training.landmarks.train import (
    INNER,
    LandmarkRecipe,
    draw_samples,
    evaluate_landmarks,
    measure,
    summarise,
    tilt,
    train,
    train_landmarks,
)
from facedrive.types import Frame

pytestmark = pytest.mark.slow

MEASURED = 45
"""Unseen faces that the models are compared on; the model card has the figures for all."""


@pytest.fixture(scope="module")
def faces(shared: Path) -> Photographs:
    return open_photographs(shared / "data")


@pytest.fixture(scope="module")
def unseen(faces: Photographs) -> np.ndarray:
    rows = faces.rows_of("test")
    return rows[:: len(rows) // MEASURED][:MEASURED]


def photo(faces: Photographs, row: int) -> Photo:
    return Photo(faces.read(row), faces.points_px[row].astype(np.float64))


@functools.cache
def public_model() -> dlib.shape_predictor:
    """Open dlib's public model, 100 MB, once."""
    package = importlib.util.find_spec("face_recognition_models")
    if package is None or not package.submodule_search_locations:
        pytest.skip("face_recognition_models, with dlib's public model, is not installed")
    folder = Path(package.submodule_search_locations[0]) / "models"
    return dlib.shape_predictor(str(folder / "shape_predictor_68_face_landmarks.dat"))


def measure_public(faces: Photographs, rows: np.ndarray, roll_deg: float) -> np.ndarray:
    """Measure dlib's public model as ``measure`` does ours, on a box that fits the face."""
    model, errors = public_model(), []
    for row in rows:
        tilted = tilt(photo(faces, row), roll_deg)
        unit = float(interocular_px(tilted.points_px))
        x, y = tilted.points_px.mean(axis=0) - [0, BOX_DROP * unit]
        half = BOX_UNITS * unit / 2
        box = dlib.rectangle(*(round(side) for side in (x - half, y - half, x + half, y + half)))
        found = [(point.x, point.y) for point in model(tilted.picture, box).parts()]
        distance = np.linalg.norm(np.array(found) - tilted.points_px, axis=1) / unit
        errors.append((distance.mean(), distance[INNER].mean()))
    return np.array(errors)


@pytest.mark.parametrize("roll_deg", [0.0, 30.0, -30.0])
def test_landmarks_are_at_least_as_good_as_those_of_the_public_model(
    faces: Photographs, unseen: np.ndarray, roll_deg: float
) -> None:
    ours, public = measure(faces, unseen, roll_deg), measure_public(faces, unseen, roll_deg)
    found = np.isfinite(ours[:, 0])
    assert found.mean() > 0.9
    assert (ours[found].mean(axis=0) <= public[found].mean(axis=0)).all()


def test_landmarks_hold_on_heads_that_are_turned(faces: Photographs) -> None:
    tested = faces.rows_of("test")
    turned = tested[np.abs(faces.yaw_deg[tested]) > 20]
    errors = measure(faces, turned)
    assert np.isfinite(errors[:, 0]).mean() > 0.65
    assert np.nanmean(errors[:, 0]) < 0.06


def test_poses_agree_with_the_teacher_on_people_that_were_never_seen(
    faces: Photographs, unseen: np.ndarray
) -> None:
    tracker, errors = DlibTracker(), []
    for row in unseen:
        picture = tilt(photo(faces, row), 0).picture
        tracker.reset()
        found = tracker.track(Frame(np.repeat(picture[..., None], 3, axis=2), 0.0, 0))
        if found is not None:
            head = PoseSolver().solve(found.landmarks_px, picture.shape)
            turn_back = faces.pose[row, :3, :3]
            true = np.degrees(
                [
                    np.arcsin(turn_back[1, 2]),
                    np.arctan2(turn_back[0, 2], turn_back[2, 2]),
                    -np.arctan2(turn_back[1, 0], turn_back[1, 1]),
                ]
            )
            errors.append(np.abs(head.euler - true))
    assert (np.mean(errors, axis=0) < 5).all()


def test_a_short_training_learns(faces: Photographs, tmp_path: Path) -> None:
    rows = faces.rows_of("train")[:400]
    recipe = LandmarkRecipe(samples=600, turned=5, cascades=4, trees=30, pixels=200)
    path = tmp_path / "short.dat"
    train(faces, rows, recipe).save(str(path))
    predictor = ShapePredictor(path)
    fresh = LandmarkRecipe(samples=100, turned=0, seed=2)
    started, ended = [], []
    for patch, points in draw_samples(faces, rows, fresh):
        started.append(np.linalg.norm(TARGET_PX - points, axis=1).mean())
        ended.append(np.linalg.norm(predictor.predict(patch) - points, axis=1).mean())
    assert np.mean(ended) < 0.75 * np.mean(started)


def test_the_same_seed_draws_the_same_samples(faces: Photographs) -> None:
    rows = np.arange(50)
    recipe = LandmarkRecipe(samples=5, turned=2)
    one, other = (list(draw_samples(faces, rows, recipe)) for _ in range(2))
    for (patch, points), (same_patch, same_points) in zip(one, other, strict=True):
        assert np.array_equal(patch, same_patch)
        assert np.array_equal(points, same_points)


def test_samples_lie_around_their_place(faces: Photographs) -> None:
    random = np.random.default_rng(0)
    drawn = [draw_patch(photo(faces, 0), Misplacement(), random) for _ in range(200)]
    offsets = [(points - TARGET_PX).mean(axis=0) for _, points in drawn]
    assert np.abs(np.mean(offsets, axis=0)).max() < 2
    assert np.std(offsets, axis=0).min() > 3
    assert all(patch.shape == (128, 128) for patch, _ in drawn)


def test_turning_a_head_moves_its_nose_the_way_it_looks(faces: Photographs) -> None:
    row = int(np.argmin(np.abs(faces.yaw_deg)))
    nose = []
    for yaw_deg in (-20.0, 0.0, 20.0):
        turned = turn(faces.read(row), faces.landmarks[row], faces.pose[row, :3, :3], yaw_deg, 0.0)
        points = turned.points_px
        nose.append((points[30, 0] - points[[36, 45], 0].mean()) / interocular_px(points))
    assert nose[0] < nose[1] - 0.05
    assert nose[2] > nose[1] + 0.05


def test_mirroring_a_photo_twice_gives_it_back(faces: Photographs) -> None:
    once = photo(faces, 3)
    twice = mirror(mirror(once))
    assert np.array_equal(once.picture, twice.picture)
    assert np.allclose(once.points_px, twice.points_px)


def test_a_model_is_trained_written_and_measured(ten_faces: Path, tmp_path: Path) -> None:
    recipe = LandmarkRecipe(samples=60, turned=2, cascades=2, trees=10, pixels=100)
    path = tmp_path / "new" / "short.dat"
    train_landmarks(ten_faces, path, recipe)
    assert ShapePredictor(path).predict(np.zeros((128, 128), np.uint8)).shape == (68, 2)
    tables = evaluate_landmarks(ten_faces, path)
    assert list(tables) == [0.0, 30.0, -30.0]
    assert 0 <= tables[0.0]["found"] <= 100


def test_a_folder_without_faces_says_so(tmp_path: Path) -> None:
    for work in (lambda: train_landmarks(tmp_path, tmp_path), lambda: evaluate_landmarks(tmp_path)):
        with pytest.raises(DataError, match=r"faces\.zip is missing"):
            work()


def test_the_summary_leaves_out_what_was_not_found() -> None:
    errors = np.array([[0.02, 0.01], [0.04, 0.03], [np.nan, np.nan]])
    table = summarise(errors, np.array([5.0, -15.0, 40.0]))
    assert table["found"] == pytest.approx(66.67)
    assert table["all"] == pytest.approx(3)
    assert table["inner yaw 10-20"] == pytest.approx(3)
    assert "all yaw 30-90" not in table
