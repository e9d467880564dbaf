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
    median_reading,
    save_profile,
)
from facedrive.errors import ProfileError
from facedrive.rotations import EulerDegrees, quaternion_from_euler
from facedrive.types import IDENTITY_HEAD, Head, Reading


def reading(
    level: float = 0,
    *,
    gaze: float = 0,
    yaw_deg: float = 0,
    pitch_deg: float = 0,
    x_m: float = 0,
) -> Reading:
    """A reading whose AUs are all at one level; the head turned, then moved along x."""
    head = Head(
        quaternion_from_euler(EulerDegrees(pitch_deg, yaw_deg, 0)),
        IDENTITY_HEAD.translation + np.array([x_m, 0, 0], np.float32),
    )
    return Reading(np.full(24, level, np.float32), np.full((2, 2), gaze, np.float32), head)


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
    moved = measured.with_neutral(reading(0.1))
    assert moved.apply(np.full(24, 0.1, np.float32)) == pytest.approx(0, abs=1e-6)
    assert moved.extreme == pytest.approx(measured.extreme)


def test_a_profile_survives_the_disk(tmp_path: Path) -> None:
    profile = build_profile(np.full(24, 0.1, np.float32), np.full(24, 0.8, np.float32))
    save_profile(profile, tmp_path / "me.toml")
    again = load_profile(tmp_path / "me.toml")
    for name in ("neutral", "extreme", "gamma"):
        assert getattr(again, name) == pytest.approx(getattr(profile, name), abs=1e-3)
    assert again.head_rotation is again.head_position is again.gaze is None


def test_a_profiles_rest_survives_the_disk(tmp_path: Path) -> None:
    rest = reading(0.1, gaze=0.2, yaw_deg=25, pitch_deg=-8, x_m=0.3)
    profile = default_profile().with_neutral(rest)
    save_profile(profile, tmp_path / "me.toml")
    again = load_profile(tmp_path / "me.toml")
    for name in ("neutral", "head_rotation", "head_position", "gaze"):
        assert getattr(again, name) == pytest.approx(getattr(profile, name), abs=1e-4)
        assert getattr(again, name).dtype == np.float32


def test_a_profile_of_version_1_is_read(tmp_path: Path) -> None:
    path = tmp_path / "old.toml"
    path.write_text("version = 1\n\njaw_drop = { neutral = 0.1, extreme = 0.7, gamma = 1.2 }\n")
    profile = load_profile(path)
    jaw = AU_INDEX["jaw_drop"]
    assert profile.neutral[jaw] == np.float32(0.1)
    assert profile.extreme[jaw] == np.float32(0.7)
    assert profile.head_rotation is profile.head_position is profile.gaze is None


def test_the_neutral_is_the_median_so_a_blink_does_not_spoil_it() -> None:
    frames = [reading(0.0)] * 20 + [reading(1.0, gaze=0.5, yaw_deg=30, x_m=0.2)] * 5
    rest = median_reading(frames)
    assert (rest.aus == 0).all()
    assert (rest.gaze == 0).all()
    assert rest.head.rotation == pytest.approx(IDENTITY_HEAD.rotation)
    assert rest.head.translation == pytest.approx(IDENTITY_HEAD.translation)


def test_rotations_of_either_sign_are_the_same_rest() -> None:
    turned = reading(yaw_deg=20)
    other = turned._replace(head=Head(-turned.head.rotation, turned.head.translation))
    rest = median_reading([turned, other, other])
    assert rest.head.euler.yaw == pytest.approx(20, abs=1e-3)


@given(yaw=st.floats(-60, 60), nod=st.floats(-40, 40))
def test_a_nod_is_a_nod_wherever_the_camera_is(yaw: float, nod: float) -> None:
    """Beside the camera the head at rest is turned; it still nods about its own axis."""
    profile = default_profile().with_neutral(reading(yaw_deg=yaw))
    told = profile.calibrate(reading(yaw_deg=yaw, pitch_deg=nod)).head
    assert told.euler == pytest.approx((nod, 0, 0), abs=1e-3)


def test_gaze_and_position_are_told_from_their_rest() -> None:
    profile = default_profile().with_neutral(reading(gaze=0.3, x_m=0.2))
    told = profile.calibrate(reading(gaze=0.4, x_m=0.25))
    assert told.gaze == pytest.approx(0.1)
    assert told.head.translation == pytest.approx([0.05, 0, -0.6])


def test_without_a_measured_rest_head_and_gaze_stay_as_they_are() -> None:
    raw = reading(gaze=0.3, yaw_deg=20, x_m=0.2)
    told = build_profile(np.zeros(24, np.float32), None).calibrate(raw)
    assert (told.gaze == raw.gaze).all()
    assert (told.head.rotation == raw.head.rotation).all()
    assert (told.head.translation == raw.head.translation).all()


def test_no_face_while_calibrating_says_so() -> None:
    with pytest.raises(ProfileError, match="no face"):
        median_reading([])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not toml [", "no readable profile"),
        ("jaw_drop = {}", "it has no version; make one with: facedrive calibrate"),
        ("version = 99", "version 99; this facedrive reads 1 to 2: get a newer facedrive, or"),
        ("version = 0", "version 0; this facedrive reads 1 to 2"),
        ("version = 'two'", "version two; this facedrive reads 1 to 2"),
        ("version = 1\ngaze = [[0, 0], [0, 0]]", "no AU 'gaze'"),
        ("version = 2\nhead_rotation = [0, 0, 1]", "head_rotation must be 4 numbers from -1 to 1"),
        ("version = 2\nhead_rotation = [0, 0, 0, 0]", "has length 0; a quaternion has 1"),
        ("version = 2\nhead_position = [0, 0, nan]", "head_position must be 3 numbers"),
        ("version = 2\nhead_position = 'here'", "head_position must be 3 numbers"),
        ("version = 2\ngaze = [[0, 0], [0, 9]]", "gaze must be 2 by 2 numbers from -1.5708"),
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
