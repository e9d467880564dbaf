"""Agreement of raters, against published worked values and pingouin."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.stats.icc import (
    FORMS,
    Form,
    analyse_variance,
    estimate,
    icc,
    mean_squares,
    rating_sums,
    why_undefined,
)

SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)
"""Table 2 of Shrout and Fleiss 1979: 6 subjects, 4 judges."""

PINGOUIN: dict[Form, str] = {"1,1": "ICC(1,1)", "2,1": "ICC(A,1)", "3,1": "ICC(C,1)",
                             "1,k": "ICC(1,k)", "2,k": "ICC(A,k)", "3,k": "ICC(C,k)"}  # fmt: skip

random = np.random.default_rng(0)
SUBJECTS = random.random((40, 1))
BIASED = np.clip(SUBJECTS + [0, 0.05, 0.3] + 0.1 * random.standard_normal((40, 3)), 0, 1)


@pytest.mark.parametrize(
    ("form", "published"),
    [("1,1", 0.17), ("2,1", 0.29), ("3,1", 0.71), ("1,k", 0.44), ("2,k", 0.62), ("3,k", 0.91)],
)
def test_the_worked_example_gives_the_published_values(form: Form, published: float) -> None:
    assert estimate(analyse_variance(SHROUT_FLEISS), form) == pytest.approx(published, abs=0.005)


def test_mean_squares_are_those_published() -> None:
    squares = analyse_variance(SHROUT_FLEISS)
    found = [squares.msr, squares.msc, squares.mse, squares.msw]
    assert found == pytest.approx([11.24, 32.49, 1.02, 6.26], abs=0.005)


def test_the_papers_equation_1_is_icc_2_k() -> None:
    squares = analyse_variance(SHROUT_FLEISS)
    msr, msc, mse, n = squares.msr, squares.msc, squares.mse, squares.n
    assert estimate(squares, "2,k") == pytest.approx((msr - mse) / (msr + (msc - mse) / n))


@pytest.mark.slow  # to import pingouin
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "ratings",
    [SHROUT_FLEISS, BIASED, random.random((25, 2)), random.random((5, 8))],
    ids=["shrout-fleiss", "biased", "two raters at random", "eight raters at random"],
)
def test_values_and_intervals_are_pingouins(
    form: Form, ratings: NDArray[np.float64], monkeypatch: pytest.MonkeyPatch
) -> None:
    pingouin, pd = pytest.importorskip("pingouin"), pytest.importorskip("pandas")
    monkeypatch.setitem(pingouin.options, "round.column.CI95", None)
    rows = [(n, k, value) for (n, k), value in np.ndenumerate(ratings)]
    table = pingouin.intraclass_corr(pd.DataFrame(rows, columns=["n", "k", "x"]), "n", "k", "x")
    expected = table.set_index("Type").loc[PINGOUIN[form]]
    found = icc(analyse_variance(ratings), form)
    assert found.value == pytest.approx(expected["ICC"])
    assert [found.low, found.high] == pytest.approx(list(expected["CI95"]), abs=1e-5)


def test_many_aus_at_once_are_each_on_its_own() -> None:
    stack = random.random((24, 30, 4))
    together = icc(analyse_variance(stack), "2,k")
    for index, ratings in enumerate(stack):
        alone = icc(analyse_variance(ratings), "2,k")
        assert together.value[index] == pytest.approx(alone.value)
        assert together.low[index] == pytest.approx(alone.low)


@given(st.integers(1, 39))
@settings(max_examples=20, deadline=None)
def test_sums_of_two_sets_of_subjects_add_up(cut: int) -> None:
    both = mean_squares(rating_sums(BIASED[:cut]) + rating_sums(BIASED[cut:]))
    for name, value in dataclasses.asdict(analyse_variance(BIASED)).items():
        assert getattr(both, name) == pytest.approx(value), name


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("offset", [0.0, 1.0, 1e6])
def test_neither_scale_nor_origin_of_the_ratings_matters(form: Form, offset: float) -> None:
    moved = estimate(analyse_variance(100 * SHROUT_FLEISS + offset), form)
    assert moved == pytest.approx(estimate(analyse_variance(SHROUT_FLEISS), form), rel=1e-6)


def test_a_subject_that_one_rater_left_out_is_left_out() -> None:
    ratings = np.vstack([SHROUT_FLEISS, [1, 2, np.nan, 4]])
    squares = analyse_variance(ratings)
    assert squares.n == 6
    assert estimate(squares, "2,1") == pytest.approx(0.2898, abs=1e-4)


@pytest.mark.parametrize("form", FORMS)
def test_raters_who_agree_on_everything_have_1_and_no_doubt(form: Form) -> None:
    found = icc(analyse_variance(np.repeat(SUBJECTS, 3, axis=1)), form)
    assert [found.value, found.low, found.high] == pytest.approx([1, 1, 1])


def test_a_constant_bias_spoils_agreement_but_not_consistency() -> None:
    squares = analyse_variance(SUBJECTS + np.array([0, 0.3]))
    assert estimate(squares, "3,1") == pytest.approx(1)
    assert estimate(squares, "2,1") < 0.9


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("ratings", "reason"),
    [
        (np.full((5, 3), 0.1), "the subjects do not differ"),
        (np.tile([0.1, 0.2, 0.3], (7, 1)), "the subjects do not differ"),
        (np.zeros((5, 3)), "the subjects do not differ"),
        (np.array([[0.2, 0.4]]), "fewer than 2 subjects"),
        (np.full((4, 2), np.nan), "fewer than 2 subjects"),
    ],
    ids=["constant", "raters differ, subjects do not", "zeros", "one subject", "all missing"],
)
def test_without_agreement_to_speak_of_there_is_nan_and_a_reason(
    form: Form, ratings: NDArray[np.float64], reason: str
) -> None:
    squares = analyse_variance(ratings)
    found = icc(squares, form)
    assert np.isnan([found.value, found.low, found.high]).all()
    assert str(why_undefined(squares, form)).startswith(reason)


def test_a_negative_variance_is_no_agreement_above_1() -> None:
    squares = analyse_variance(np.array([[0.0, 1.0], [1.0, 0.01]]))
    assert np.isnan(estimate(squares, "2,k"))
    assert "error alone" in str(why_undefined(squares, "2,k"))
    assert estimate(squares, "3,1") < 0


def test_one_rater_is_an_error() -> None:
    with pytest.raises(DataError, match="there is 1 rater; agreement needs at least 2"):
        analyse_variance(np.zeros((5, 1)))
