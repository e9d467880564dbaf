"""Which channels are known and live, and what is said where nothing can be."""

import json

import numpy as np
import pytest

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.training.data.labels import Targets
from facedrive.training.evaluation.comparison import GAZE_NAMES, Answers, answer, compare

random = np.random.default_rng(0)
LABELS = random.random((50, len(AU_NAMES)), dtype=np.float32)
LABELS[:, AU_INDEX["jaw_drop"]] *= 0.01
KNOWN = np.ones(LABELS.shape, np.bool_)
KNOWN[:, AU_INDEX["cheeks_puff"]] = False
TARGETS = Targets(LABELS, KNOWN, random.random((50, 2, 2), dtype=np.float32))
PERFECT = Answers(LABELS, TARGETS.gaze.reshape(-1, 4))


def test_a_perfect_answer_correlates_fully_with_slope_one() -> None:
    figures = compare(PERFECT, TARGETS).as_dict()
    assert figures["mean_pearson"] == figures["mean_pearson_gaze"] == 1
    assert figures["aus"]["jaw_drop"]["slope"] == 1
    assert figures["mean_mae"] == 0
    assert tuple(figures["gaze"]) == GAZE_NAMES


def test_an_au_without_labels_is_left_out() -> None:
    assert "cheeks_puff" not in compare(PERFECT, TARGETS).as_dict()["aus"]


def test_an_au_that_hardly_varies_counts_for_the_mean_over_all_only() -> None:
    aus = LABELS.copy()
    aus[:, AU_INDEX["jaw_drop"]] = random.random(50)
    figures = compare(Answers(aus, PERFECT.gaze), TARGETS).as_dict()
    assert not figures["aus"]["jaw_drop"]["live"]
    assert figures["mean_pearson_live"] == 1
    assert figures["mean_pearson"] < 1


def test_few_faces_have_errors_but_no_correlations() -> None:
    figures = compare(PERFECT.select(np.arange(5)), TARGETS.select(np.arange(5))).as_dict()
    assert figures["mean_pearson"] is None
    assert figures["mean_mae"] == 0


def test_what_cannot_be_measured_is_null_in_json() -> None:
    flat = Answers(np.zeros_like(LABELS), PERFECT.gaze)
    figures = compare(flat, TARGETS).as_dict()
    assert figures["aus"]["left_eye_close"]["pearson"] is None
    json.dumps(figures, allow_nan=False)


def test_a_model_is_asked_about_every_crop(model, faces) -> None:
    answers = answer(model, faces.crops)
    assert answers.aus.shape == (60, len(AU_NAMES)) and answers.gaze.shape == (60, 4)
    assert answers.aus[30, 0] == pytest.approx(faces.targets.aus[30, 0], abs=0.01)
