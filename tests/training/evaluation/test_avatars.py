"""Heads that do one AU at a time."""

from __future__ import annotations

import numpy as np
import pytest

from facedrive.aus import AU_INDEX, AUS
from facedrive.stages import Estimate
from facedrive.training.data.faces import FaceSet
from facedrive.training.data.labels import Targets
from facedrive.training.evaluation.avatars import score_avatars
from facedrive.training.evaluation.comparison import Figures
from facedrive.types import CropSpec, Image, Vector

LEFT, RIGHT = AU_INDEX["left_eye_close"], AU_INDEX["right_eye_close"]
SPEC = CropSpec(32, 0.3)


def heads() -> FaceSet:
    """Two heads at rest, with every AU half and fully on, and looking down."""
    alone = np.eye(len(AUS), dtype=np.float32)
    acts = np.concatenate([np.zeros((1, len(AUS)), np.float32), alone / 2, alone,
                           np.zeros((1, len(AUS)), np.float32)])  # fmt: skip
    gaze = np.zeros((len(acts), 2, 2), np.float32)
    gaze[-1, :, 0] = -0.4
    aus, count = np.tile(acts, (2, 1)), 2 * len(acts)
    crops = np.zeros((count, 32, 32), np.uint8)
    crops[:, 0, 0] = np.arange(count)
    return FaceSet(crops, np.ones(crops.shape, np.bool_), np.zeros((count, 478, 2), np.float32),
                   Targets(aus, np.ones(aus.shape, np.bool_), np.tile(gaze, (2, 1, 1))),
                   np.repeat([0, 1], len(acts)), SPEC)  # fmt: skip


class Says:
    """Says what it was given, by a crop's number."""

    crop = SPEC

    def __init__(self, aus: Vector) -> None:
        self.aus = aus

    def estimate(self, crop: Image) -> Estimate:
        return Estimate(self.aus[crop[0, 0]], np.zeros((2, 2), np.float32))


def score(says: Says, faces: FaceSet) -> Figures:
    return score_avatars(lambda _: says, faces, held_out=True)


def test_every_head_is_measured_by_the_model_of_its_fold() -> None:
    faces = heads()
    right, wrong = Says(faces.targets.aus), Says(np.zeros_like(faces.targets.aus))
    models = {0: wrong, 1: right}
    figures = score_avatars(models.__getitem__, faces, held_out=True)
    assert figures["mean_pearson"] == pytest.approx(0.5)
    assert figures["aus"]["jaw_drop"]["response"] == pytest.approx(0.5)


def test_who_says_half_of_the_truth_correlates_and_answers_by_half() -> None:
    faces = heads()
    figures = score(Says(0.3 + 0.5 * faces.targets.aus), faces)
    assert figures["heads"] == 2
    assert figures["mean_pearson"] == pytest.approx(1)
    assert figures["answered"] == len(AUS)
    assert figures["aus"]["jaw_drop"]["response"] == pytest.approx(0.5)
    assert figures["wink"] == figures["down"] == {"mean": 0, "p95": 0}


def test_an_eye_that_closes_along_is_no_wink() -> None:
    faces = heads()
    said = faces.targets.aus.copy()
    said[faces.targets.aus[:, LEFT] == 1, RIGHT] = 0.4
    figures = score(Says(said), faces)
    assert figures["wink"]["mean"] == pytest.approx(0.2)


def test_a_look_down_that_closes_the_lids_is_told() -> None:
    faces = heads()
    said = faces.targets.aus.copy()
    said[(faces.targets.gaze < 0).any(axis=(1, 2)), LEFT] = 0.5
    assert score(Says(said), faces)["down"]["mean"] == 0.25


def test_who_says_nothing_has_no_correlation() -> None:
    faces = heads()
    figures = score(Says(np.zeros_like(faces.targets.aus)), faces)
    assert figures["mean_pearson"] == 0
    assert figures["answered"] == 0
