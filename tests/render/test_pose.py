"""Which way head and eyes turn, and where the camera stands."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from facedrive.render.pose import (
    EYE_LIMIT_RAD,
    Neck,
    camera_pose,
    gaze_matrix,
    head_box,
    in_view,
    turn_eyes,
)
from facedrive.rig import Rig
from facedrive.rig.model import Bone
from facedrive.rotations import matrix_from_quaternion
from facedrive.types import Head

FORWARD = np.array([0, 0, 1], np.float32)
IDENTITY = np.array([0, 0, 0, 1], np.float32)


def turned(axis: tuple[float, float, float], degrees: float) -> np.ndarray:
    """Return the quaternion of a right-handed turn."""
    half = math.radians(degrees) / 2
    return np.array([*(np.array(axis) * math.sin(half)), math.cos(half)], np.float32)


def test_looking_up_and_left_goes_up_and_to_the_subjects_left() -> None:
    look = gaze_matrix(0.2, 0.3) @ FORWARD
    assert math.asin(look[1]) == pytest.approx(0.2, abs=1e-6)
    assert math.atan2(look[0], look[2]) == pytest.approx(0.3, abs=1e-6)


def test_gaze_stops_before_the_iris_vanishes() -> None:
    np.testing.assert_allclose(gaze_matrix(0, 9), gaze_matrix(0, EYE_LIMIT_RAD))


def test_each_eye_follows_its_own_row(rig: Rig) -> None:
    assert rig.eyes is not None
    vertices = rig.vertices.copy()
    normals = np.zeros_like(vertices)
    turn_eyes(rig.eyes, vertices, normals, np.array([[0, 0.3], [0, 0]], np.float32))
    left, right = rig.eyes.left.vertices, rig.eyes.right.vertices
    np.testing.assert_allclose(vertices[right], rig.vertices[right], atol=1e-7)
    assert np.abs(vertices[left] - rig.vertices[left]).max() > 0.005
    radius = np.linalg.norm(vertices[left] - rig.eyes.left.pivot, axis=1)
    np.testing.assert_allclose(radius, 0.025, atol=1e-6)


def test_painted_eyes_turn_less(rig: Rig) -> None:
    assert rig.eyes is not None
    gaze = np.array([[0, 0.4], [0, 0.4]], np.float32)
    less, full = rig.vertices.copy(), rig.vertices.copy()
    turn_eyes(replace(rig.eyes, gain=0.5), less, np.zeros_like(less), gaze)
    turn_eyes(rig.eyes, full, np.zeros_like(full), gaze * np.float32(0.5))
    np.testing.assert_allclose(less, full, atol=1e-7)


def test_a_head_at_rest_does_not_move(rig: Rig) -> None:
    normals = np.ones_like(rig.vertices)
    vertices, bent = Neck(rig).bend(rig.vertices, normals, IDENTITY)
    np.testing.assert_allclose(vertices, rig.vertices, atol=1e-7)
    np.testing.assert_allclose(bent, normals, atol=1e-7)


@pytest.mark.parametrize(
    ("axis", "angle"), [((0, 1, 0), "yaw"), ((-1, 0, 0), "pitch"), ((0, 0, -1), "roll")]
)
def test_the_head_turns_as_its_euler_angles_say(
    rig: Rig, axis: tuple[float, float, float], angle: str
) -> None:
    rotation = turned(axis, 20)
    head = Head(rotation, np.zeros(3, np.float32))
    assert getattr(head.euler, angle) == pytest.approx(20, abs=1e-3)
    nose = matrix_from_quaternion(rotation) @ FORWARD
    top = matrix_from_quaternion(rotation) @ np.array([0, 1, 0], np.float32)
    expected = {"yaw": nose[0], "pitch": nose[1], "roll": top[0]}
    assert expected[angle] == pytest.approx(math.sin(math.radians(20)), abs=1e-6)


def test_shoulders_stay_while_the_head_turns(rig: Rig) -> None:
    shoulder = np.array([[0.2, -0.4, 0]], np.float32)
    bust = replace(
        rig,
        vertices=np.concatenate([rig.vertices, shoulder]),
        offsets=np.concatenate([rig.offsets, np.zeros((1, 1, 3), np.float32)], axis=1),
    )
    vertices, _ = Neck(bust).bend(
        bust.vertices, np.zeros_like(bust.vertices), turned((0, 1, 0), 30)
    )
    np.testing.assert_array_equal(vertices[-1], shoulder[0])
    nose = int(bust.vertices[: len(rig.vertices), 2].argmax())
    assert vertices[nose, 0] > bust.vertices[nose, 0] + 0.03


@pytest.mark.parametrize("aspect", [0.5, 1.0, 16 / 9])
@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_the_head_is_in_the_picture_and_fills_it(rig: Rig, aspect: float, scale: float) -> None:
    scaled = replace(rig, vertices=rig.vertices * scale, offsets=rig.offsets * scale)
    field = math.radians(30)
    camera = camera_pose(scaled, field, aspect)
    box = head_box(scaled)
    inside = scaled.vertices[scaled.vertices[:, 1] >= box.low[1]] - camera[:3, 3]
    reach = np.tan(field / 2) * -inside[:, 2]
    upright, sideways = inside[:, 1] / reach, inside[:, 0] / reach / aspect
    assert np.abs(upright).max() < 1
    assert np.abs(sideways).max() < 1
    assert max(np.ptp(upright), np.ptp(sideways)) > 1.2


def _body(rig: Rig, *, bone: bool) -> Rig:
    """Put the head on a body with arms held out at the height of the chin, and swap its shoes."""
    chin = float(rig.vertices[:, 1].min())
    hand, foot = [[s * 0.8, chin + 0.05, 0] for s in (-1, 1)], [[0.1, chin - 1.4, 0]]
    extra = np.array([*hand, *foot], np.float32)
    offsets = np.zeros((len(rig.targets) + 1, len(rig.vertices) + 3, 3), np.float32)
    offsets[:-1, :-3] = rig.offsets
    offsets[-1, -1] = 0.5
    vertices = np.concatenate([rig.vertices, extra])
    share = np.concatenate([np.ones(len(rig.vertices)), np.zeros(3)]).astype(np.float32)
    pivot = np.array([0, chin, 0], np.float32)
    head = Bone(pivot, share) if bone else None
    return replace(
        rig,
        vertices=vertices,
        targets=(*rig.targets, "Shoes"),
        offsets=offsets,
        head=head,
    )


@pytest.mark.parametrize("bone", [True, False])
def test_neither_shoes_nor_arms_held_out_are_in_the_frame(rig: Rig, bone: bool) -> None:
    whole, field = _body(rig, bone=bone), math.radians(30)
    np.testing.assert_allclose(camera_pose(whole, field, 1.0), camera_pose(rig, field, 1.0))
    seen = in_view(whole, camera_pose(whole, field, 1.0), field, 1.0)
    assert seen[: len(rig.vertices)].all()
    assert not seen[-3:-1].any()


def test_a_bone_turns_the_head_as_far_as_vertices_follow_it(rig: Rig) -> None:
    share = np.linspace(0, 1, len(rig.vertices), dtype=np.float32)
    pivot = np.array([0.0, 0.1, -0.02], np.float32)
    boned = replace(rig, head=Bone(pivot, share))
    rotation = turned((0, 1, 0), 30)
    bent, _ = Neck(boned).bend(rig.vertices, np.zeros_like(rig.vertices), rotation)
    whole = (rig.vertices - pivot) @ matrix_from_quaternion(rotation).T + pivot
    expected = rig.vertices + share[:, None] * (whole - rig.vertices)
    np.testing.assert_allclose(bent, expected, atol=1e-6)
