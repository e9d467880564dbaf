"""Intervals from resampling videos."""

import numpy as np
import pytest

from facedrive.stats.video_bootstrap import draw_videos, percentile_bounds, resample

random = np.random.default_rng(0)


def test_a_resample_has_as_many_videos_as_there_are() -> None:
    drawn = draw_videos(9, 50, random)
    assert drawn.shape == (50, 9)
    assert (drawn.sum(1) == 9).all()


def test_a_resample_adds_up_the_videos_drawn() -> None:
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


def test_what_shows_in_a_video_or_two_has_no_interval_over_videos() -> None:
    shows = np.zeros((30, 3))
    shows[:1, 0] = shows[:2, 1] = shows[:6, 2] = 1
    count = resample(shows, draw_videos(30, 2000, random))
    low, _ = percentile_bounds(np.where(count > 0, count, np.nan))
    assert np.isnan(low).tolist() == [True, True, False]
