"""Shape predictors' files are checked before dlib reads them."""

from __future__ import annotations

from pathlib import Path

import dlib
import numpy as np
import pytest

from facedrive.trackers.patch import PATCH_SIZE
from facedrive.trackers.shape import PREDICTOR_BOX, default_predictor
from facedrive.trackers.shapefile import ShapeFileError, check_shape_file


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small predictor of 2 landmarks."""
    options = dlib.shape_predictor_training_options()
    options.cascade_depth, options.num_trees_per_cascade_level = 2, 3
    options.oversampling_amount, options.feature_pool_size, options.tree_depth = 2, 30, 2
    box = dlib.rectangle(*PREDICTOR_BOX)
    marks = [[dlib.full_object_detection(box, [dlib.point(40, 40 + n), dlib.point(80, 80)])]
             for n in range(3)]  # fmt: skip
    random = np.random.default_rng(0)
    side = (PATCH_SIZE, PATCH_SIZE)
    pictures = [random.integers(0, 256, side).astype(np.uint8) for _ in marks]
    path: Path = tmp_path_factory.mktemp("model") / "two.dat"
    dlib.train_shape_predictor(pictures, marks, options).save(str(path))
    return path.read_bytes()


def test_a_predictor_that_dlib_wrote_is_whole(model: bytes) -> None:
    check_shape_file(model, 2)


def test_a_predictor_with_any_one_byte_missing_is_refused(model: bytes) -> None:
    kept = []
    for at in range(len(model)):
        try:
            check_shape_file(model[:at] + model[at + 1 :], 2)
        except ShapeFileError:
            continue
        kept.append(at)
    # Some bytes are the first of a number's two or three; the rest is a number again.
    assert len(kept) < len(model) * 0.02


def test_what_is_cut_or_goes_on_is_refused(model: bytes) -> None:
    for damaged in (model[:-1], model[: len(model) // 2], model + b"\x01\x00", b"", b"\x00"):
        with pytest.raises(ShapeFileError):
            check_shape_file(damaged, 2)


def test_a_landmark_that_there_is_not_is_refused(model: bytes) -> None:
    with pytest.raises(ShapeFileError, match="has 2 landmarks, not 68"):
        check_shape_file(model, 68)


@pytest.mark.slow
def test_the_predictor_that_ships_is_whole() -> None:
    check_shape_file(default_predictor().read_bytes(), 68)
