"""Rotations: known turns about each axis, round trips, and the ways to other systems' axes."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedrive.rotations import (
    EulerDegrees,
    Quaternion,
    blend_rotations,
    continuous,
    euler_from_quaternion,
    euler_to_openseeface,
    matrix_from_euler,
    matrix_from_quaternion,
    median_rotation,
    part_rotation,
    quaternion,
    quaternion_from_euler,
    quaternion_from_opencv,
    quaternion_to_openseeface,
    quaternion_to_unity,
    rotation_between,
    turn_from_quaternion,
    yaw_from_matrix,
)

LEFT, UP, OUT = np.eye(3)
FLIP = np.diag([1.0, -1.0, -1.0])
"""Between OpenCV's axes and ours."""

angles_deg = st.builds(
    EulerDegrees, st.floats(-89, 89), st.floats(-179.9, 179.9), st.floats(-179.9, 179.9)
)
rotations = st.builds(lambda angles: quaternion(*np.radians(angles).tolist()), angles_deg)


@pytest.mark.parametrize(
    ("angles", "axis", "to"),
    [
        (EulerDegrees(30, 0, 0), OUT, [0, 0.5, 0.75**0.5]),  # pitch: the face looks up
        (EulerDegrees(0, 30, 0), OUT, [0.5, 0, 0.75**0.5]),  # yaw: to the subject's left
        (EulerDegrees(0, 0, 30), UP, [0.5, 0.75**0.5, 0]),  # roll: onto the left shoulder
        (EulerDegrees(0, 0, 0), LEFT, [1, 0, 0]),
    ],
)
def test_each_angle_turns_as_it_says(
    angles: EulerDegrees, axis: np.ndarray, to: list[float]
) -> None:
    by_quaternion = matrix_from_quaternion(quaternion_from_euler(angles)) @ axis
    np.testing.assert_allclose(by_quaternion, to, atol=1e-6)
    by_matrix = matrix_from_euler(*np.radians(angles).tolist()) @ axis
    np.testing.assert_allclose(by_matrix, to, atol=1e-12)


@given(angles_deg)
def test_angles_come_back_from_a_quaternion(angles: EulerDegrees) -> None:
    rotation = quaternion_from_euler(angles)
    assert rotation.dtype == np.float32
    assert np.linalg.norm(rotation) == pytest.approx(1, abs=1e-6)
    # Near straight up and down, yaw and roll run together and float32 cannot tell them apart.
    slack = 1e-4 / math.cos(math.radians(angles.pitch))
    assert euler_from_quaternion(rotation) == pytest.approx(angles, abs=max(slack, 1e-3))


@pytest.mark.parametrize("pitch", [90.0, -90.0])
def test_straight_up_and_down_are_within_the_angles_range(pitch: float) -> None:
    rotation = quaternion_from_euler(EulerDegrees(pitch, 0, 0)) * np.float32(1.0001)
    assert euler_from_quaternion(rotation).pitch == pitch


@given(angles_deg)
def test_matrix_and_quaternion_are_one_rotation(angles: EulerDegrees) -> None:
    pitch, yaw, roll = np.radians(angles).tolist()
    matrix = matrix_from_quaternion(np.array(quaternion(pitch, yaw, roll)))
    np.testing.assert_allclose(matrix, matrix_from_euler(pitch, yaw, roll), atol=1e-12)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1)


def test_a_matrix_gives_the_yaw_of_many() -> None:
    matrices = np.stack([matrix_from_euler(0.2, yaw, 0.1) for yaw in (-0.5, 0.0, 1.0)])
    np.testing.assert_allclose(yaw_from_matrix(matrices), [-0.5, 0.0, 1.0], atol=1e-12)


@given(rotations, st.floats(0, 1))
def test_two_parts_of_a_rotation_make_the_whole(rotation: Quaternion, share: float) -> None:
    one, other = (
        matrix_from_quaternion(np.array(part_rotation(rotation, part)))
        for part in (share, 1 - share)
    )
    whole = matrix_from_quaternion(np.array(rotation))
    np.testing.assert_allclose(one @ other, whole, atol=1e-6)


def test_a_part_of_no_rotation_is_none() -> None:
    assert part_rotation((0.0, 0.0, 0.0, 1.0), 0.3) == (0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_blend_goes_the_short_way(sign: int) -> None:
    before, after = (quaternion_from_euler(EulerDegrees(0, yaw, 0)) for yaw in (10, 20))
    between = blend_rotations(before, after * np.float32(sign), 0.5)
    assert euler_from_quaternion(between) == pytest.approx((0, 15, 0), abs=1e-4)


def test_neighbours_have_one_sign_and_unit_length() -> None:
    turns = np.stack([quaternion_from_euler(EulerDegrees(0, yaw, 0)) for yaw in range(0, 90, 10)])
    signs = np.array([1, -2, 1, 3, -1, -1, 1, -1, 1], np.float32)
    np.testing.assert_allclose(continuous(turns * signs[:, None]), turns, atol=1e-6)


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_opencvs_vector_turns_as_opencv_does(vector: list[float]) -> None:
    turn = np.array(vector)
    rotation = quaternion_from_opencv(turn)
    assert rotation[3] >= 0
    # Of OpenCV's camera (y down, z away) and a head in the same axes, ours has both flipped.
    theirs = FLIP @ cv2.Rodrigues(turn)[0]
    np.testing.assert_allclose(matrix_from_quaternion(rotation), theirs, atol=1e-6)


@given(rotations)
def test_unitys_rotation_is_ours_seen_in_a_mirror(rotation: Quaternion) -> None:
    mirror = np.diag([-1.0, 1.0, 1.0])
    ours = matrix_from_quaternion(np.array(rotation))
    theirs = matrix_from_quaternion(np.array(quaternion_to_unity(rotation)))
    np.testing.assert_allclose(theirs, mirror @ ours @ mirror, atol=1e-12)


def openseeface(rotation: Quaternion) -> np.ndarray:
    """A head whose y and z are turned around, in axes a quarter turn about z from ours."""
    quarter_turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    return quarter_turn @ matrix_from_quaternion(np.array(rotation)) @ FLIP


@given(rotations)
def test_openseefaces_quaternion_is_the_inverse_with_x_not_negative(rotation: Quaternion) -> None:
    theirs = quaternion_to_openseeface(*rotation)
    assert theirs[0] >= 0
    inverse = matrix_from_quaternion(np.array(theirs)).T
    np.testing.assert_allclose(inverse, openseeface(rotation), atol=1e-12)


def test_openseefaces_angles_are_those_of_opencvs_decomposition() -> None:
    rotation = quaternion(0.2, 0.3, -0.1)
    theirs = cv2.RQDecomp3x3(openseeface(rotation))[0]
    assert euler_to_openseeface(turn_from_quaternion(*rotation)) == pytest.approx(theirs, abs=1e-6)


@given(rest=rotations, turned=rotations)
def test_from_rest_and_what_lies_between_comes_the_rotation(
    rest: Quaternion, turned: Quaternion
) -> None:
    one, other = np.array(rest, np.float32), np.array(turned, np.float32)
    matrices = map(matrix_from_quaternion, (one, rotation_between(one, other), other))
    before, between, after = matrices
    assert before @ between == pytest.approx(after, abs=1e-5)


def test_one_odd_rotation_does_not_move_the_middle() -> None:
    near = [quaternion_from_euler(EulerDegrees(0, yaw, 0)) for yaw in (9, 10, 11)]
    odd = quaternion_from_euler(EulerDegrees(40, -60, 20))
    middle = median_rotation([near[0], -near[1], near[2], near[1], odd])
    assert euler_from_quaternion(middle) == pytest.approx((0, 10, 0), abs=0.5)
