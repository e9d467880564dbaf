"""Intervals from resampling clusters: they hold the mean, and clusters, not frames, narrow them."""

import numpy as np
import pytest

from facedrive.stats.bootstrap import draw_clusters, mean_intervals, percentile_bounds, resample

random = np.random.default_rng(0)
LABELS = random.random((300, 3), dtype=np.float32)
PREDICTED = LABELS + 0.3 * random.standard_normal((300, 3)).astype(np.float32)
EACH_ALONE = np.arange(300)


def test_the_interval_holds_the_mean() -> None:
    intervals = mean_intervals(PREDICTED, LABELS, EACH_ALONE)
    pearson = np.mean([np.corrcoef(PREDICTED[:, c], LABELS[:, c])[0, 1] for c in range(3)])
    assert intervals["pearson"].low < pearson < intervals["pearson"].high
    assert intervals["mae"].low < np.abs(PREDICTED - LABELS).mean() < intervals["mae"].high


def test_intervals_are_those_of_the_weighted_bootstrap_over_people() -> None:
    intervals = mean_intervals(PREDICTED, LABELS, EACH_ALONE // 6, resamples=1000)
    assert intervals["pearson"] == pytest.approx((0.6765, 0.7321), abs=5e-5)
    assert intervals["mae"] == pytest.approx((0.2216, 0.2430), abs=5e-5)
    two = mean_intervals(PREDICTED[:, ::2], LABELS[:, ::2], EACH_ALONE // 6, resamples=1000)
    assert two["pearson"] == pytest.approx((0.6555, 0.7329), abs=5e-5)


def test_the_same_frames_twice_say_no_more_where_clusters_are_known() -> None:
    once = mean_intervals(PREDICTED, LABELS, EACH_ALONE)
    twice = mean_intervals(
        np.tile(PREDICTED, (2, 1)), np.tile(LABELS, (2, 1)), np.tile(EACH_ALONE, 2)
    )
    assert twice["pearson"] == pytest.approx(once["pearson"])
    assert twice["mae"] == pytest.approx(once["mae"])


def test_a_channel_that_does_not_vary_counts_as_no_correlation() -> None:
    flat = LABELS.copy()
    flat[:, 2] = 0.5
    low, high = mean_intervals(PREDICTED, flat, EACH_ALONE)["pearson"]
    whole = mean_intervals(PREDICTED[:, :2], LABELS[:, :2], EACH_ALONE)["pearson"]
    assert (low, high) == pytest.approx((whole.low * 2 / 3, whole.high * 2 / 3))


def test_a_resample_has_as_many_clusters_as_there_are() -> None:
    drawn = draw_clusters(9, 50, random)
    assert drawn.shape == (50, 9)
    assert (drawn.sum(1) == 9).all()


def test_a_resample_adds_up_the_clusters_drawn() -> None:
    totals = random.random((4, 2, 3))
    drawn = np.array([[1, 1, 1, 1], [0, 4, 0, 0], [2, 0, 0, 2]])
    found = resample(totals, drawn)
    assert found[0] == pytest.approx(totals.sum(0))
    assert found[1] == pytest.approx(4 * totals[1])
    assert found[2] == pytest.approx(2 * totals[0] + 2 * totals[3])


def test_bounds_hold_95_percent_of_the_draws_that_are_defined() -> None:
    draws = np.stack([np.arange(1001.0), np.full(1001, np.nan)], axis=1)
    draws[::20, 0] = np.nan
    low, high = percentile_bounds(draws)
    assert [low[0], high[0]] == pytest.approx([25, 975], abs=2)
    assert np.isnan([low[1], high[1]]).all()


def test_what_shows_in_a_cluster_or_two_has_no_interval() -> None:
    shows = np.zeros((30, 3))
    shows[:1, 0] = shows[:2, 1] = shows[:6, 2] = 1
    count = resample(shows, draw_clusters(30, 2000, random))
    low, _ = percentile_bounds(np.where(count > 0, count, np.nan))
    assert np.isnan(low).tolist() == [True, True, False]
