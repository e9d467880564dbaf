"""Intervals hold the mean, and people, not faces, make them narrow."""

import numpy as np

from facedrive.stats.bootstrap import mean_intervals

random = np.random.default_rng(0)
LABELS = random.random((300, 3), dtype=np.float32)
PREDICTED = LABELS + 0.3 * random.standard_normal((300, 3)).astype(np.float32)
ALL = np.ones(3, np.bool_)


def test_the_interval_holds_the_mean() -> None:
    intervals = mean_intervals(PREDICTED, LABELS, np.arange(300), ALL)
    pearson = np.mean([np.corrcoef(PREDICTED[:, c], LABELS[:, c])[0, 1] for c in range(3)])
    assert intervals["pearson"][0] < pearson < intervals["pearson"][1]
    assert intervals["mae"][0] < np.abs(PREDICTED - LABELS).mean() < intervals["mae"][1]


def test_the_same_faces_twice_say_no_more_where_people_are_known() -> None:
    once = mean_intervals(PREDICTED, LABELS, np.arange(300), ALL)
    twice = mean_intervals(
        np.tile(PREDICTED, (2, 1)), np.tile(LABELS, (2, 1)), np.tile(np.arange(300), 2), ALL
    )
    assert twice == once


def test_channels_that_are_not_chosen_do_not_matter() -> None:
    wrong = PREDICTED.copy()
    wrong[:, 2] = 9
    chosen = np.array([True, True, False])
    person = np.arange(300)
    assert mean_intervals(wrong, LABELS, person, chosen) == mean_intervals(
        PREDICTED, LABELS, person, chosen
    )
