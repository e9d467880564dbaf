"""Figures against NumPy's."""

import numpy as np
import pytest

from facedrive.stats.metrics import mean_of_known, score, scores_of, sums

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


def test_missing_labels_are_left_out_of_their_channel() -> None:
    labels = LABELS.copy()
    labels[:150, 0] = np.nan
    found, expected = score(PREDICTED, labels), score(PREDICTED[150:, :1], LABELS[150:, :1])
    for name, column in vars(found).items():
        assert column[0] == pytest.approx(getattr(expected, name)[0]), name


def test_sums_of_two_sets_add_up_to_those_of_both() -> None:
    both = sums(PREDICTED[:50], LABELS[:50]) + sums(PREDICTED[50:], LABELS[50:])
    assert scores_of(both).pearson == pytest.approx(score(PREDICTED, LABELS).pearson)


def test_a_constant_error_is_forgiven_by_explained_variance_alone() -> None:
    scores = score(LABELS + 0.5, LABELS)
    assert scores.explained_variance == pytest.approx(1)
    assert (scores.r2 < 0).all()


def test_icc_falls_when_the_prediction_is_timid() -> None:
    timid = score(LABELS * 0.5, LABELS)
    assert timid.pearson == pytest.approx(1)
    assert timid.icc == pytest.approx(0.8)


def test_the_mean_of_what_is_known_is_undefined_where_nothing_is() -> None:
    assert mean_of_known(np.array([0.25, np.nan, 0.75])) == 0.5
    assert np.isnan(mean_of_known(np.full(3, np.nan)))
