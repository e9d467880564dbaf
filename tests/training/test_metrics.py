"""Figures against NumPy's."""

import numpy as np
import pytest

from facedrive.training.metrics import score

random = np.random.default_rng(0)
LABELS = random.random((200, 3))
PREDICTED = LABELS * [0.5, 1.0, 1.5] + 0.1 * random.standard_normal((200, 3))


def test_pearson_is_numpys() -> None:
    expected = [np.corrcoef(PREDICTED[:, c], LABELS[:, c])[0, 1] for c in range(3)]
    assert score(PREDICTED, LABELS).pearson == pytest.approx(expected)


def test_slope_is_that_of_the_regression_on_the_label() -> None:
    expected = [np.polyfit(LABELS[:, c], PREDICTED[:, c], 1)[0] for c in range(3)]
    assert score(PREDICTED, LABELS).slope == pytest.approx(expected)


def test_a_perfect_prediction_has_no_error() -> None:
    scores = score(LABELS, LABELS)
    assert scores.mae == pytest.approx(0)
    assert scores.mse == pytest.approx(0)
    assert scores.pearson == pytest.approx(1)


def test_a_channel_that_does_not_vary_has_no_correlation() -> None:
    scores = score(PREDICTED, np.zeros_like(LABELS))
    assert np.isnan(scores.pearson).all()
    assert np.isfinite(scores.mae).all()
