"""Scores per AU and fold, against scikit-learn, pingouin and resampling by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.errors import DataError
from facedrive.feafa.protocol.scores import METRICS, OVERALL, FoldScores, score_folds

random = np.random.default_rng(0)
FRAMES, VIDEOS = 600, 12
VIDEO = random.integers(0, VIDEOS, FRAMES).astype(np.int32)
FOLD = VIDEO % 3
LABELS = np.clip(random.random((FRAMES, 24)) * 2 - 1, 0, 1).astype(np.float32)
PREDICTED = (0.7 * LABELS + 0.05 + 0.1 * random.standard_normal(LABELS.shape)).astype(np.float32)


@pytest.fixture(scope="module")
def scores() -> FoldScores:
    return score_folds(PREDICTED, LABELS, VIDEO, FOLD)


def au(scores: FoldScores, name: str, index: int = 0) -> float:
    return float(scores.pooled.aus.value[list(METRICS).index(name), index])


def overall(scores: FoldScores, name: str) -> float:
    return float(scores.pooled.overall.value[list(OVERALL).index(name)])


@pytest.mark.slow  # to import scikit-learn
@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("mse", "mean_squared_error"),
        ("mae", "mean_absolute_error"),
        ("r2", "r2_score"),
        ("explained_variance", "explained_variance_score"),
    ],
)
def test_regression_figures_are_scikit_learns(
    scores: FoldScores, name: str, reference: str
) -> None:
    score = getattr(pytest.importorskip("sklearn.metrics"), reference)
    expected = [score(LABELS[:, c], PREDICTED[:, c]) for c in range(24)]
    row = scores.pooled.aus.value[list(METRICS).index(name)]
    assert row == pytest.approx(expected, rel=1e-5)


def test_scores_and_intervals_are_those_of_the_tables_that_are_kept() -> None:
    draw = np.random.default_rng(0)
    labels = draw.random((300, 3), dtype=np.float32)
    predicted = labels + 0.3 * draw.standard_normal((300, 3)).astype(np.float32)
    at = np.arange(300)
    kept = score_folds(predicted, labels, at // 10, at // 100, aus=("a", "b", "c"))
    overall = kept.pooled.overall
    row = list(OVERALL).index("mse_sum")
    found = [overall.value[row], overall.low[row], overall.high[row]]
    assert found == pytest.approx([0.2563364, 0.230454, 0.28213702], rel=1e-6)
    pearson = kept.folds[1].aus.low[list(METRICS).index("pearson")]
    assert pearson == pytest.approx([0.59665074, 0.69062911, 0.70741444], rel=1e-6)


def test_pearson_is_numpys(scores: FoldScores) -> None:
    expected = np.corrcoef(LABELS[:, 3], PREDICTED[:, 3])[0, 1]
    assert au(scores, "pearson", 3) == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow  # to import pingouin
def test_icc_is_pingouins_of_label_and_prediction(scores: FoldScores) -> None:
    pingouin, pd = pytest.importorskip("pingouin"), pytest.importorskip("pandas")
    pair = np.stack([LABELS[:, 0], PREDICTED[:, 0]], 1).astype(float)
    rows = [(n, k, pair[n, k]) for n in range(FRAMES) for k in range(2)]
    table = pingouin.intraclass_corr(pd.DataFrame(rows, columns=["n", "k", "x"]), "n", "k", "x")
    expected = table.set_index("Type").loc["ICC(C,1)", "ICC"]
    assert au(scores, "icc") == pytest.approx(expected, rel=1e-5)


def test_the_papers_mse_is_the_sum_over_aus(scores: FoldScores) -> None:
    expected = ((PREDICTED - LABELS) ** 2).sum(1).mean()
    assert overall(scores, "mse_sum") == pytest.approx(expected, rel=1e-5)
    assert overall(scores, "mse") == pytest.approx(expected / 24, rel=1e-5)


def test_each_fold_is_scored_on_its_own_frames(scores: FoldScores) -> None:
    assert list(scores.folds) == [0, 1, 2]
    for number, figures in scores.folds.items():
        own = number == FOLD
        assert (figures.videos, figures.frames) == (4, own.sum())
        expected = ((PREDICTED - LABELS)[own] ** 2).mean(0)
        assert figures.aus.value[0] == pytest.approx(expected, rel=1e-5)


def test_spread_is_the_standard_deviation_over_folds(scores: FoldScores) -> None:
    sums = [((PREDICTED - LABELS)[number == FOLD] ** 2).sum(1).mean() for number in range(3)]
    mean, spread = scores.spread("mse_sum")
    assert mean == pytest.approx(np.mean(sums), rel=1e-5)
    assert spread == pytest.approx(np.std(sums, ddof=1), rel=1e-4)


def test_intervals_are_those_of_resampling_whole_videos(scores: FoldScores) -> None:
    resampling = np.random.default_rng(1)
    rows = [np.flatnonzero(video == VIDEO) for video in range(VIDEOS)]
    squared = ((PREDICTED - LABELS) ** 2).sum(1)
    draws = []
    for _ in range(2000):
        drawn = np.concatenate([rows[v] for v in resampling.integers(0, VIDEOS, VIDEOS)])
        draws.append(squared[drawn].mean())
    low, high = np.quantile(draws, [0.025, 0.975])
    found = scores.pooled.overall
    assert found.low[0] == pytest.approx(low, rel=0.01)
    assert found.high[0] == pytest.approx(high, rel=0.01)
    assert found.low[0] < found.value[0] < found.high[0]


def test_the_same_seed_gives_the_same_intervals(scores: FoldScores) -> None:
    again = score_folds(PREDICTED, LABELS, VIDEO, FOLD)
    np.testing.assert_array_equal(again.pooled.aus.low, scores.pooled.aus.low)


def test_frames_without_a_label_are_left_out_of_that_au_alone() -> None:
    labels = LABELS.copy()
    labels[:300, 0] = np.nan
    scores = score_folds(PREDICTED, labels, VIDEO, FOLD)
    expected = ((PREDICTED - LABELS) ** 2).mean(0)
    expected[0] = ((PREDICTED - LABELS)[300:, 0] ** 2).mean()
    assert scores.pooled.aus.value[0] == pytest.approx(expected, rel=1e-5)


def test_an_au_without_labels_is_left_out_of_sum_and_mean() -> None:
    labels = LABELS.copy()
    labels[:, :4] = np.nan
    scores = score_folds(PREDICTED, labels, VIDEO, FOLD)
    assert np.isnan(scores.pooled.aus.value[:, :4]).all()
    expected = ((PREDICTED - LABELS)[:, 4:] ** 2).mean(0)
    assert overall(scores, "mse_sum") == pytest.approx(expected.sum(), rel=1e-5)
    assert overall(scores, "mse") == pytest.approx(expected.mean(), rel=1e-5)


def test_an_au_that_never_moves_has_errors_but_no_correlation() -> None:
    labels = LABELS.copy()
    labels[:, 0] = 0
    scores = score_folds(PREDICTED, labels, VIDEO, FOLD)
    assert np.isnan([au(scores, "pearson"), au(scores, "r2")]).all()
    assert au(scores, "mse") == pytest.approx((PREDICTED[:, 0] ** 2).mean(), rel=1e-5)
    assert np.isfinite(overall(scores, "pearson"))


def test_one_video_has_figures_but_no_interval() -> None:
    own = VIDEO == 0
    scores = score_folds(PREDICTED[own], LABELS[own], VIDEO[own], FOLD[own])
    assert np.isfinite(scores.pooled.overall.value).all()
    assert np.isnan(scores.pooled.overall.low).all()
    assert np.isnan(scores.spread("mse_sum")[1])


def test_json_has_none_for_what_is_undefined() -> None:
    labels = LABELS.copy()
    labels[:, 0] = np.nan
    report = score_folds(PREDICTED, labels, VIDEO, FOLD).as_dict()
    assert report["pooled"]["aus"][AU_NAMES[0]]["mse"] == {"value": None, "low": None, "high": None}
    assert report["spread"]["mse_sum"]["mean"] > 0


def changed(table: NDArray[np.float32], value: float) -> NDArray[np.float32]:
    table = table.copy()
    table[5, 5] = value
    return table


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((PREDICTED[:, :23], LABELS, VIDEO, FOLD), r"\(600, 23\).*need \(600, 24\) twice"),
        ((PREDICTED, LABELS, VIDEO[1:], FOLD), "do not fit"),
        ((changed(PREDICTED, np.nan), LABELS, VIDEO, FOLD), "1 of 600 predictions are not finite"),
        ((PREDICTED, np.full_like(LABELS, np.nan), VIDEO, FOLD), "none of 600 frames has a label"),
        ((PREDICTED, LABELS, VIDEO, np.arange(FRAMES) % 3), "video 0 is tested in 3 folds"),
    ],
)
def test_bad_input_is_an_error_that_says_what_is_wrong(
    arguments: tuple[NDArray[np.generic], ...], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        score_folds(*arguments)
