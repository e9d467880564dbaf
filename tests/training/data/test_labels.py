"""The teacher's scores as targets."""

import numpy as np
import pytest

from facedrive.aus import AU_INDEX
from facedrive.errors import DataError
from facedrive.mappings.table import FULL_GAZE_RAD
from facedrive.training.data.labels import TEACHER_CHANNELS, Targets, from_teacher

EYES = [f"eyeLook{way}{side}" for way in ("Up", "Down", "In", "Out") for side in ("Left", "Right")]
NAMES = sorted({name for parts in TEACHER_CHANNELS.values() for name in parts} | set(EYES))


def scores(**given: float) -> np.ndarray:
    return np.array([[given.get(name, 0.0) for name in NAMES]], np.float32)


def test_a_pair_of_channels_becomes_their_mean() -> None:
    targets = from_teacher(scores(mouthUpperUpLeft=0.2, mouthUpperUpRight=0.6), NAMES)
    assert targets.aus[0, AU_INDEX["upper_lip_raise"]] == pytest.approx(0.4)


def test_who_looks_down_or_does_anything_is_not_at_rest() -> None:
    aus, gaze = np.zeros((4, 24), np.float32), np.zeros((4, 2, 2), np.float32)
    aus[1, 5] = 0.5
    gaze[2, :, 0] = -0.4
    gaze[3, 0, 0] = -0.4
    targets = Targets(aus, np.ones(aus.shape, np.bool_), gaze)
    assert targets.at_rest.tolist() == [True, False, False, True]
    assert targets.down.tolist() == [False, False, True, False]


def test_left_stays_left() -> None:
    targets = from_teacher(scores(mouthSmileLeft=1.0), NAMES)
    assert targets.aus[0, AU_INDEX["left_lip_corner_pull"]] == 1
    assert targets.aus[0, AU_INDEX["right_lip_corner_pull"]] == 0


def test_the_aus_that_the_teacher_cannot_see_are_unknown() -> None:
    known = from_teacher(scores(), NAMES).known[0]
    blind = {"jaw_thrust", "cheeks_puff", "nose_wrinkle"}
    assert {name for name, index in AU_INDEX.items() if not known[index]} == blind


def test_gaze_to_the_subjects_left_is_out_for_the_left_eye_and_in_for_the_right() -> None:
    gaze = from_teacher(scores(eyeLookOutLeft=0.5, eyeLookInRight=0.5), NAMES).gaze[0]
    assert gaze == pytest.approx(np.array([[0, 0.5], [0, 0.5]]) * FULL_GAZE_RAD)


def test_a_missing_channel_is_named() -> None:
    with pytest.raises(DataError, match="no channel 'eyeBlinkRight'"):
        from_teacher(np.zeros((1, 1), np.float32), ["eyeBlinkLeft"])
