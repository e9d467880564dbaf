"""A still picture under noise."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from clips import demo_frames

from facedrive.aus import AUS
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.training.data.labels import Targets
from facedrive.training.data.photographs import open_photographs
from facedrive.training.evaluation import jitter
from facedrive.training.evaluation.jitter import Still, find_stills, score_jitter
from facedrive.types import Frame

pytestmark = pytest.mark.slow

EMPTY = Still("empty", np.full((240, 240, 3), 90, np.uint8))


class SteadyTeacher:
    """Says the same of every frame."""

    def score_frames(self, frames: Iterable[Frame], key: bytes, *, apart: bool) -> np.ndarray:
        return np.zeros((len(list(frames)), 52), np.float32)

    def targets(self, scores: np.ndarray) -> Targets:
        aus = np.zeros((len(scores), len(AUS)), np.float32)
        return Targets(aus, aus > -1, np.zeros((len(scores), 2, 2), np.float32))


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jitter, "SECONDS", 0.3)


def test_noise_is_of_the_deviation_asked_for_and_the_same_every_time() -> None:
    first, again = list(EMPTY.noisy_frames()), list(EMPTY.noisy_frames())
    assert len(first) == 9
    assert (first[3].image == again[3].image).all()
    assert (first[3].image.astype(float) - 90).std() == pytest.approx(6, abs=0.1)
    assert (first[3].image != first[4].image).any()


def test_a_still_face_trembles_a_little_and_a_steady_teacher_does_not() -> None:
    still = Still("demo", next(iter(demo_frames())).image)
    figures = score_jitter(OnnxRegressor(None, "cpu"), SteadyTeacher(), [still, EMPTY])
    assert 0 < figures["live"] < 0.05
    assert 0 < figures["fixed_crop"] < 0.05
    assert figures["teacher"] == figures["teacher_apart"] == 0


def test_a_picture_without_a_face_has_no_figure() -> None:
    figures = score_jitter(OnnxRegressor(None, "cpu"), SteadyTeacher(), [EMPTY])
    assert figures["stills"]["empty"]["live"] is None
    assert "live" not in figures


def test_photographs_are_enlarged_and_of_test_people(ten_faces: Path) -> None:
    photographs = open_photographs(ten_faces)
    stills = find_stills([], photographs)
    assert {int(still.name) for still in stills} <= set(photographs.rows_of("test"))
    assert len(stills) == jitter.PHOTOGRAPHS
    assert all(min(still.image.shape[:2]) == jitter.PHOTOGRAPH_PX for still in stills)
