"""Automatic neutral: what is rest, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from facedrive.aus import AU_INDEX, AUS
from facedrive.calibration import default_profile
from facedrive.resting import MOST, RestingLevel
from facedrive.rotations import EulerDegrees, quaternion_from_euler
from facedrive.types import IDENTITY_HEAD, Head, Reading, Vector

FPS = 30
PUCKER, SMILE, CHIN = (AU_INDEX[n] for n in ("lip_pucker", "left_lip_corner_pull", "chin_raise"))
LID = AU_INDEX["left_eye_close"]


def reading(aus: Vector, yaw: float = 0.0) -> Reading:
    head = Head(quaternion_from_euler(EulerDegrees(0, yaw, 0)), IDENTITY_HEAD.translation)
    return Reading(aus, np.zeros((2, 2), np.float32), head)


def shown(resting: RestingLevel, seconds: float, start: float = 0.0, **levels: float) -> Vector:
    """What is shown after some seconds of a face that does this, with noise."""
    random, profile = np.random.default_rng(0), default_profile()
    aus = np.zeros(len(AUS), np.float32)
    for name, level in levels.items():
        aus[AU_INDEX[name]] = level
    answer = aus
    for index in range(round(seconds * FPS)):
        noisy = np.clip(aus + random.normal(0, 0.01, len(AUS)), 0, 1).astype(np.float32)
        level = resting.watch(reading(noisy), start + index / FPS)
        answer = profile.with_rest(level).apply(noisy)
    return answer


def test_a_mouth_that_rests_puckered_is_at_rest_after_three_seconds() -> None:
    assert shown(RestingLevel(), 3.0, lip_pucker=0.3, chin_raise=0.4).max() < 0.03


def test_a_smile_that_is_held_for_ten_seconds_stays_one() -> None:
    resting = RestingLevel()
    shown(resting, 5.0)
    assert shown(resting, 10.0, start=5.0, left_lip_corner_pull=0.9)[SMILE] > 0.85


def test_a_face_that_begins_with_a_smile_is_soon_found_out() -> None:
    resting = RestingLevel()
    first = shown(resting, 3.0, left_lip_corner_pull=0.9)
    assert first[SMILE] > 0.8
    shown(resting, 3.0, start=3.0)
    later = shown(resting, 2.0, start=6.0, left_lip_corner_pull=0.9)
    assert later[SMILE] > 0.85


def test_no_level_is_above_its_most() -> None:
    resting = RestingLevel()
    for index in range(600):
        level = resting.watch(reading(np.ones(len(AUS), np.float32)), index / FPS)
        assert (level <= MOST).all()


def test_blinks_are_no_rest_and_narrow_eyes_are() -> None:
    resting, profile = RestingLevel(), default_profile()
    aus = np.zeros(len(AUS), np.float32)
    for index in range(FPS * 10):
        aus[LID] = 0.9 if index % 90 < 6 else 0.25
        level = resting.watch(reading(aus.copy()), index / FPS)
    now = profile.with_rest(level)
    open_lid, blink = aus.copy(), aus.copy()
    open_lid[LID], blink[LID] = 0.25, 0.9
    assert now.apply(open_lid)[LID] == 0
    assert now.apply(blink)[LID] == 1


def test_a_turned_face_teaches_nothing() -> None:
    resting = RestingLevel()
    resting.watch(reading(np.zeros(len(AUS), np.float32)), 0.0)
    for index in range(1, 90):
        level = resting.watch(reading(np.full(len(AUS), 0.3, np.float32), yaw=40), index / FPS)
    assert not level.any()


def test_whoever_comes_after_a_while_is_learnt_anew() -> None:
    resting = RestingLevel()
    shown(resting, 4.0, lip_pucker=0.3)
    assert resting.known
    level = resting.watch(reading(np.zeros(len(AUS), np.float32)), 20.0)
    assert not level.any() and not resting.known


@pytest.mark.parametrize("time", [-5.0, 0.0])
def test_time_that_goes_back_starts_anew(time: float) -> None:
    resting = RestingLevel()
    shown(resting, 4.0, start=10.0, lip_pucker=0.3)
    resting.watch(reading(np.zeros(len(AUS), np.float32)), time)
    assert not resting.known
