"""Shorter files for shape predictors."""

from pathlib import Path

import dlib
import numpy as np
import pytest

from facedrive.errors import ModelError
from facedrive.training.landmarks.shorten import shorten

POINTS = 5


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A little predictor, trained on noise."""
    random = np.random.default_rng(0)
    pictures, marks = [], []
    for _ in range(20):
        pictures.append(random.integers(0, 256, (100, 100)).astype(np.uint8))
        points = [dlib.point(*each) for each in random.integers(10, 90, (POINTS, 2)).tolist()]
        marks.append([dlib.full_object_detection(dlib.rectangle(10, 10, 90, 90), points)])
    options = dlib.shape_predictor_training_options()
    # One cascade: with more, the next one may read other pixels for a difference that is nil.
    options.cascade_depth, options.num_trees_per_cascade_level = 1, 30
    options.oversampling_amount = 2
    path = tmp_path_factory.mktemp("model") / "long.dat"
    dlib.train_shape_predictor(pictures, marks, options).save(str(path))
    return path


def predict(path: Path) -> np.ndarray:
    picture = np.random.default_rng(1).integers(0, 256, (1000, 1000)).astype(np.uint8)
    found = dlib.shape_predictor(str(path))(picture, dlib.rectangle(100, 100, 900, 900))
    return np.array([(point.x, point.y) for point in found.parts()])


def test_a_shorter_file_predicts_the_same(model: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.dat"
    short.write_bytes(shorten(model.read_bytes()))
    assert len(short.read_bytes()) < 0.85 * len(model.read_bytes())
    assert predict(short) == pytest.approx(predict(model), abs=2)  # of 800 pixels


def test_shortening_twice_is_shortening_once(model: Path) -> None:
    once = shorten(model.read_bytes())
    assert shorten(once) == once


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_file_that_ends_early_is_refused(model: Path, share: float) -> None:
    content = model.read_bytes()
    with pytest.raises(ModelError):
        shorten(content[: int(share * len(content))])


@pytest.mark.parametrize("content", [b"no predictor at all", bytes(100), b"\x01\x07"])
def test_another_file_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError):
        shorten(content)


def test_bytes_after_the_model_are_refused(model: Path) -> None:
    with pytest.raises(ModelError):
        shorten(model.read_bytes() + b"\x01\x00")
