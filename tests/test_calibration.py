"""Per-person profiles."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedrive.aus import AU_INDEX, AUS
from facedrive.calibration import (
    EYELIDS,
    build_profile,
    default_profile,
    load_profile,
    median_neutral,
    save_profile,
)
from facedrive.errors import ProfileError

unit = st.lists(st.floats(0, 1, width=32), min_size=24, max_size=24).map(
    lambda values: np.array(values, np.float32)
)


@given(neutral=unit)
def test_a_resting_face_rests(neutral: np.ndarray) -> None:
    neutral = np.minimum(neutral, 0.45)
    assert build_profile(neutral, None).apply(neutral) == pytest.approx(0, abs=1e-6)


@given(neutral=unit, blink=st.floats(0.6, 1.0))
def test_a_blink_closes_fully_whatever_the_neutral(neutral: np.ndarray, blink: float) -> None:
    neutral = np.minimum(neutral, 0.4)
    shut = neutral.copy()
    shut[EYELIDS] = max(blink, float(neutral[EYELIDS].max()) + 0.25)
    assert (build_profile(neutral, None).apply(shut)[EYELIDS] > 0.95).all()


@given(neutral=unit, extreme=unit, answer=unit)
def test_answers_stay_from_0_to_1(
    neutral: np.ndarray, extreme: np.ndarray, answer: np.ndarray
) -> None:
    calibrated = build_profile(neutral, extreme).apply(answer)
    assert calibrated.dtype == np.float32
    assert (calibrated >= 0).all() and (calibrated <= 1).all()


def test_a_measured_extreme_becomes_1() -> None:
    neutral, extreme = np.zeros(24, np.float32), np.full(24, 0.5, np.float32)
    assert build_profile(neutral, extreme).apply(extreme) == pytest.approx(1)


def test_an_extreme_that_was_not_performed_is_ignored() -> None:
    neutral = np.full(24, 0.1, np.float32)
    jaw = AU_INDEX["jaw_drop"]
    profile = build_profile(neutral, neutral + np.float32(0.05))
    assert profile.extreme[jaw] == 1


def test_the_default_changes_only_eyelids() -> None:
    aus = np.linspace(0, 1, len(AUS), dtype=np.float32)
    calibrated = default_profile().apply(aus)
    others = np.setdiff1d(np.arange(24), EYELIDS)
    assert calibrated[others] == pytest.approx(aus[others], abs=1e-6)


def test_a_new_neutral_keeps_the_measured_extremes() -> None:
    measured = build_profile(np.zeros(24, np.float32), np.full(24, 0.5, np.float32))
    moved = measured.with_neutral(np.full(24, 0.1, np.float32))
    assert moved.apply(np.full(24, 0.1, np.float32)) == pytest.approx(0, abs=1e-6)
    assert moved.extreme == pytest.approx(measured.extreme)


def test_a_profile_survives_the_disk(tmp_path: Path) -> None:
    profile = build_profile(np.full(24, 0.1, np.float32), np.full(24, 0.8, np.float32))
    save_profile(profile, tmp_path / "me.toml")
    again = load_profile(tmp_path / "me.toml")
    for name in ("neutral", "extreme", "gamma"):
        assert getattr(again, name) == pytest.approx(getattr(profile, name), abs=1e-3)


def test_the_neutral_is_the_median_so_a_blink_does_not_spoil_it() -> None:
    frames = [np.zeros(24, np.float32)] * 20 + [np.ones(24, np.float32)] * 5
    assert (median_neutral(frames) == 0).all()


def test_no_face_while_calibrating_says_so() -> None:
    with pytest.raises(ProfileError, match="no face"):
        median_neutral([])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not toml [", "no readable profile"),
        ("version = 99", "version 1"),
        ("version = 1\nsmile = { neutral = 0.1 }", "no AU 'smile'; there are"),
        ("version = 1\njaw_drop = 3", "must be a table"),
        ("version = 1\njaw_drop = { rest = 0.1 }", "no value 'rest'"),
        ("version = 1\njaw_drop = { neutral = nan }", "must be a number"),
        ("version = 1\njaw_drop = { neutral = 1.5 }", "from 0 to 1"),
        ("version = 1\njaw_drop = { neutral = 0.9, extreme = 0.5 }", "must lie above"),
        ("version = 1\njaw_drop = { gamma = 0.0 }", "from 0.05 to 20"),
    ],
)
def test_a_bad_profile_says_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(ProfileError, match=says):
        load_profile(path)


def test_a_missing_profile_names_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="facedrive calibrate"):
        load_profile(tmp_path / "none.toml")


def test_a_profile_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProfileError, match="cannot be written"):
        save_profile(default_profile(), tmp_path / "file" / "me.toml")
