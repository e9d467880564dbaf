"""The shape predictor and the model that comes with facedrive."""

from importlib import resources
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest

from facedrive.errors import ModelError
from facedrive.trackers.landmarks import interocular_px
from facedrive.trackers.patch import MEAN_SHAPE, cut_patch, place_on_landmarks, to_frame
from facedrive.trackers.shape import PREDICTOR_BOX, ShapePredictor

LARGEST_BYTES = 20_000_000


def test_the_model_is_small_enough_to_ship() -> None:
    model = resources.files("facedrive") / "weights" / "landmarks68.dat"
    assert len(model.read_bytes()) < LARGEST_BYTES


def test_the_model_comes_with_its_card() -> None:
    card = resources.files("facedrive") / "weights" / "README.md"
    assert "## landmarks68.dat" in card.read_text(encoding="utf-8")


def test_a_model_with_other_landmarks_is_refused(tmp_path: Path) -> None:
    options = dlib.shape_predictor_training_options()
    options.cascade_depth, options.num_trees_per_cascade_level = 1, 1
    options.oversampling_amount, options.feature_pool_size = 1, 20
    box = dlib.rectangle(*PREDICTOR_BOX)
    marks = [[dlib.full_object_detection(box, [dlib.point(40, 40), dlib.point(80, 80)])]]
    pictures = [np.random.default_rng(n).integers(0, 256, (128, 128), np.uint8) for n in range(2)]
    model = dlib.train_shape_predictor(pictures, marks * 2, options)
    path = tmp_path / "two.dat"
    model.save(str(path))
    with pytest.raises(ModelError, match=r"two\.dat .*mean shape has 2 landmarks, not 68"):
        ShapePredictor(path)


def test_landmarks_come_in_fractions_of_a_pixel() -> None:
    patch = np.random.default_rng(0).integers(0, 256, (128, 128)).astype(np.uint8)
    points = ShapePredictor().predict(patch)
    assert points.shape == (68, 2)
    assert not np.allclose(points, np.rint(points))


def test_a_patch_that_is_placed_a_little_wrong_gives_the_same_landmarks(shared: Path) -> None:
    picture = cv2.imread(str(shared / "data" / "clips" / "single_face.jpg"), cv2.IMREAD_GRAYSCALE)
    gray = np.asarray(picture, dtype=np.uint8)
    predictor = ShapePredictor()
    landmarks = MEAN_SHAPE * 130 + [282, 290]
    for _ in range(4):
        placement = place_on_landmarks(landmarks)
        landmarks = to_frame(placement, predictor.predict(cut_patch(gray, placement)))
    for shift in ([10, 0], [-10, 0], [0, 10], [0, -10]):
        wrong = place_on_landmarks(landmarks + shift)
        found = to_frame(wrong, predictor.predict(cut_patch(gray, wrong)))
        apart = np.linalg.norm(found - landmarks, axis=1).mean()
        assert apart < 0.04 * interocular_px(landmarks)
