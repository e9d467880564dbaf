"""The guided calibration: what it catches, and the profile that comes of it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("nicegui")

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.calibration import default_profile
from facedrive.studio.coach import HOLD_S, READY_S, STEPS, Coach
from facedrive.types import IDENTITY_HEAD, Reading, Vector

GAZE = np.zeros((2, 2), np.float32)
REST = np.full(24, 0.1, np.float32)


def show(coach: Coach, aus: Vector, start: float) -> float:
    """Show a face for as long as a step takes; return the time after it."""
    for time in np.arange(start, start + READY_S + HOLD_S + 0.05, 0.05):
        coach.see(Reading(aus, GAZE, IDENTITY_HEAD), float(time))
    return float(start + READY_S + HOLD_S + 0.1)


def moving(level: float, *names: str) -> Vector:
    aus = REST.copy()
    aus[[AU_INDEX[name] for name in names]] = level
    return aus


def test_all_steps_done_learn_neutral_and_extremes() -> None:
    coach, time = Coach(), 0.0
    for step in STEPS:
        assert coach.step == step
        time = show(coach, moving(0.5, *step.aus), time)
    assert coach.step is None
    profile = coach.profile()
    assert profile is not None
    jaw = AU_INDEX["jaw_drop"]
    assert profile.neutral[jaw] == pytest.approx(0.12, abs=0.01)
    assert profile.apply(moving(0.5, "jaw_drop"))[jaw] == 1.0
    assert profile.apply(REST).max() == 0
    (result,) = [each for each in coach.results(default_profile()) if each[0] == "jaw_drop"]
    assert result[1] == pytest.approx(0.5)
    assert result[2] == 1.0


def test_a_movement_too_small_is_waited_for_and_can_be_skipped() -> None:
    coach = Coach()
    time = show(coach, REST, 0.0)
    show(coach, moving(0.15, "left_eye_close", "right_eye_close"), time)
    assert coach.step == STEPS[1]
    assert not coach.is_caught
    assert 0 < coach.level < 1
    coach.skip()
    assert coach.step == STEPS[2]


def test_one_side_alone_is_not_caught() -> None:
    coach = Coach()
    time = show(coach, REST, 0.0)
    show(coach, moving(0.9, "left_eye_close"), time)
    assert not coach.is_caught


def test_a_step_is_repeated_from_nothing() -> None:
    coach = Coach()
    time = show(coach, REST, 0.0)
    show(coach, moving(0.15, "left_eye_close", "right_eye_close"), time)
    coach.repeat()
    assert coach.step == STEPS[1]
    assert coach.level == 0


def test_without_a_resting_face_there_is_no_profile() -> None:
    coach = Coach()
    for _ in STEPS:
        coach.skip()
    assert coach.profile() is None


def test_every_step_moves_known_action_units() -> None:
    assert {name for step in STEPS for name in step.aus} <= set(AU_NAMES)
