"""Targets made of bones."""

from __future__ import annotations

import numpy as np
import pytest

from facedrive.rig.bonetargets import JAW_DROP_RAD, UPPER_LID_RAD, bone_targets
from facedrive.rig.model import Bone

# A chin before the joint of its jaw, and a skull that does not follow.
VERTICES = np.array([[0, 0, 0.1], [0, 0.2, 0.1]], np.float32)
PIVOT = np.zeros(3, np.float32)
CHIN = Bone(PIVOT, np.array([1, 0], np.float32))


def test_a_jaw_drops_by_its_angle_and_slides_by_its_length() -> None:
    made = bone_targets({"jaw": CHIN}, VERTICES)
    sine, cosine = np.sin(JAW_DROP_RAD), np.cos(JAW_DROP_RAD)
    drop = [[0, -0.1 * sine, 0.1 * (cosine - 1)], [0, 0, 0]]
    np.testing.assert_allclose(made["bone.jaw_drop"], drop, atol=1e-7)
    np.testing.assert_allclose(made["bone.jaw_slide_left"], [[0.01, 0, 0], [0, 0, 0]], atol=1e-7)
    np.testing.assert_allclose(made["bone.jaw_slide_right"], [[-0.01, 0, 0], [0, 0, 0]], atol=1e-7)
    np.testing.assert_allclose(made["bone.jaw_thrust"], [[0, 0, 0.008], [0, 0, 0]], atol=1e-7)


def test_a_half_open_jaw_is_two_percent_too_near_to_its_joint() -> None:
    chin = VERTICES[0] + bone_targets({"jaw": CHIN}, VERTICES)["bone.jaw_drop"][0] / 2
    assert np.linalg.norm(chin) / np.linalg.norm(VERTICES[0]) == pytest.approx(0.98, abs=0.003)


def test_lids_of_one_eye_close_together() -> None:
    upper = Bone(PIVOT, np.array([1, 0], np.float32))
    lower = Bone(PIVOT, np.array([0, 1], np.float32))
    bones = {"left_upper_lid": upper, "left_lower_lid": lower}
    made = bone_targets(bones, np.array([[0, 0, 0.02], [0, -0.01, 0.02]], np.float32))
    assert list(made) == ["bone.left_eye_close"]
    down, up = made["bone.left_eye_close"][:, 1]
    assert down == np.float32(-0.02 * np.sin(UPPER_LID_RAD))
    assert up > 0.002


def test_no_bones_make_no_targets() -> None:
    assert bone_targets({}, VERTICES) == {}
