"""Small sections: speed, synthetic faces, warped faces, converged teacher scores."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from facedrive.stages import Estimate
from facedrive.training.data.labels import PARAMETRIC_AUS
from facedrive.training.evaluation.comparison import answer
from facedrive.training.evaluation.sections import (
    SYNTHETIC,
    WARM_UP,
    measure_speed,
    score_converged,
    score_synthetic,
    score_warped,
)
from facedrive.training.evaluation.stills import Stills
from facedrive.training.rendered.dataset import FACES_A_PERSON
from facedrive.types import Image


class CountingModel:
    """Takes a time that it says itself."""

    def __init__(self, model) -> None:
        self.model, self.seen = model, []

    def estimate(self, crop: Image) -> Estimate:
        self.seen.append(int(crop[0, 0]))
        return self.model.estimate(crop)


def test_every_face_is_timed_once_after_a_warm_up(model, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(np.cumsum([0.0, 0.002] * 29 + [0.0, 0.010]))
    clock = SimpleNamespace(perf_counter=lambda: float(next(ticks)))
    monkeypatch.setattr("facedrive.timing.time", clock)
    crops = np.arange(30, dtype=np.uint8)[:, None, None] * np.ones((1, 32, 32), np.uint8)
    counting = CountingModel(model)
    figures = measure_speed(counting, crops)
    assert counting.seen == [*range(WARM_UP), *range(30)]
    assert figures["faces"] == 30
    assert figures["median_ms"] == pytest.approx(2.0)
    assert figures["p95_ms"] == pytest.approx(2.0)


def test_identities_are_counted(model, faces) -> None:
    figures = score_synthetic(model, faces)
    assert figures["identities"] == 20
    assert figures["mean_pearson"] > 0.99
    assert SYNTHETIC.faces // FACES_A_PERSON >= 20


def test_a_model_that_sees_the_aus_rises_with_them(model, faces) -> None:
    figures = score_warped(model, faces)
    for name in PARAMETRIC_AUS:
        rise = figures["rise"][name]
        assert rise["raised"] > rise["resting"] + 0.4
        assert figures["aus"][name]["pearson"] > 0.99


def test_an_au_that_was_never_put_on_has_no_rise(model, faces) -> None:
    rise = score_warped(model, faces.select(np.arange(6)))["rise"]["cheeks_puff"]
    assert rise["raised"] is None


def test_model_and_teacher_are_scored_where_the_teacher_still_finds_a_face(model, faces) -> None:
    answers = answer(model, faces.crops)
    level = np.zeros(60, np.float32)
    stills = Stills(faces, np.arange(60), level, level, answers)
    converged = faces.targets._replace(aus=np.clip(faces.targets.aus + 0.1, 0, 2))
    converged.aus[:5] = np.nan
    figures = score_converged(stills, converged)
    assert figures["faces"] == 55
    assert figures["mean_mae"] == pytest.approx(0.1, abs=0.01)
    assert figures["teacher_itself"]["mean_mae"] == pytest.approx(0.1, abs=0.001)
    mine = replace(stills, answers=answers._replace(aus=np.nan_to_num(converged.aus)))
    assert score_converged(mine, converged)["mean_mae"] == 0
