"""What is held against the figures to reach."""

import json
import math

import pytest

from facedrive.training.evaluation.evaluation import check_goals
from facedrive.training.evaluation.goals import Goal

GOOD = {"pearson": 0.97, "mae": 0.01, "slope": 1.0, "live": True}
REAL = {"mean_pearson_live": 0.97, "mean_mae_live": 0.01, "aus": {"jaw_drop": GOOD}}


def goals(name: str, section: dict) -> dict[str, Goal]:
    return {goal.figure: goal for goal in check_goals({name: section})}


@pytest.mark.parametrize(
    ("at", "measured", "met"),
    [("least", 0.9, True), ("least", 0.89, False), ("most", 0.9, True), ("most", 0.91, False)],
)
def test_a_figure_at_its_limit_is_met(at, measured: float, met: bool) -> None:
    assert Goal("clips", "r", at, 0.9, measured).met is met


def test_what_could_not_be_measured_is_not_met() -> None:
    goal = Goal("clips", "r", "most", 0.9, math.nan)
    assert not goal.met
    assert json.loads(json.dumps(goal.as_dict()))["measured"] is None


def test_a_good_model_meets_all_on_photographs() -> None:
    assert all(goal.met for goal in goals("photographs", REAL).values())


def test_the_worst_channel_is_named() -> None:
    timid = GOOD | {"slope": 0.5, "pearson": 0.7}
    found = goals("photographs", REAL | {"aus": {"jaw_drop": GOOD, "chin_raise": timid}})
    assert found["lowest r, live AUs"].remark == "chin_raise"
    assert not found["lowest slope, live AUs"].met
    assert found["highest slope, live AUs"].met


def test_an_au_that_hardly_varies_has_to_have_a_slope_but_no_correlation() -> None:
    quiet = GOOD | {"slope": 0.5, "pearson": 0.1, "live": False}
    found = goals("photographs", REAL | {"aus": {"jaw_drop": GOOD, "lid_raise": quiet}})
    assert found["lowest r, live AUs"].met
    assert not found["lowest slope, all AUs"].met


def test_a_channel_without_a_number_is_the_worst() -> None:
    blank = GOOD | {"pearson": None, "slope": None, "mae": 0.2}
    synthetic = {"mean_mae": 0.01, "identities": 20, "aus": {"jaw_drop": GOOD, "jaw_thrust": blank}}
    found = goals("synthetic", synthetic)
    assert found["lowest r, all AUs"].remark == "jaw_thrust"
    assert not found["lowest r, all AUs"].met


def test_gaze_counts_on_clips() -> None:
    gaze = {"gaze_left_pitch": {"pearson": 0.8}, "gaze_left_yaw": {"pearson": 0.95}}
    found = goals("clips", {"pooled": REAL | {"gaze": gaze}})
    assert found["lowest r of gaze"].measured == 0.8


def test_sections_that_were_not_taken_have_no_goals() -> None:
    assert check_goals({}) == []
