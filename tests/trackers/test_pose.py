"""Head pose from landmarks."""

from pathlib import Path

import numpy as np
import pytest

from facedrive.rotations import EulerDegrees
from facedrive.stats.splits import split_people
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68, MIRROR_68, RIGID
from facedrive.trackers.pose import HEAD_POINTS_M, PoseSolver

SIZE = (480, 640)
FOCAL_PX = 240 / np.tan(np.radians(63 / 2))


def rotation(pitch: float, yaw: float, roll: float) -> np.ndarray:
    """Turn the head: roll, then pitch, then yaw, with the signs that ``Head.euler`` promises."""
    x, y, z = np.radians([-pitch, yaw, -roll])
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return about_y @ about_x @ about_z


def seen(turn: np.ndarray, place_m: tuple[float, float, float]) -> np.ndarray:
    """(68, 2) landmarks of a head at ``place_m``; those that the solver does not read are 0."""
    points = HEAD_POINTS_M @ turn.T + place_m
    landmarks = np.zeros((68, 2))
    landmarks[RIGID, 0] = 319.5 - FOCAL_PX * points[:, 0] / points[:, 2]
    landmarks[RIGID, 1] = 239.5 + FOCAL_PX * points[:, 1] / points[:, 2]
    return landmarks


STRAIGHT = (0.0, 0.0, -0.6)
NOSE_TIP, NOSE_BRIDGE = 30, [28, 29, 30, 31, 32, 33, 34, 35]


@pytest.mark.parametrize("pitch", [-20, 0, 25])
@pytest.mark.parametrize("yaw", [-35, 0, 35])
@pytest.mark.parametrize("roll", [-30, 0, 30])
def test_the_pose_of_a_seen_head_is_found(pitch: float, yaw: float, roll: float) -> None:
    head = PoseSolver().solve(seen(rotation(pitch, yaw, roll), STRAIGHT), SIZE)
    assert head.euler == pytest.approx((pitch, yaw, roll), abs=3)
    assert head.translation == pytest.approx(STRAIGHT, abs=0.02)


def test_a_nose_towards_the_subjects_left_is_positive_yaw() -> None:
    landmarks = seen(np.eye(3), STRAIGHT)
    landmarks[NOSE_BRIDGE, 0] += 12  # to the right in the picture
    assert PoseSolver().solve(landmarks, SIZE).euler.yaw > 5


def test_a_nose_up_is_positive_pitch() -> None:
    landmarks = seen(np.eye(3), STRAIGHT)
    landmarks[NOSE_BRIDGE, 1] -= 8
    assert PoseSolver().solve(landmarks, SIZE).euler.pitch > 5


def test_an_eye_line_that_falls_to_the_subjects_left_is_positive_roll() -> None:
    turn = np.radians(15)  # clockwise in the picture: the crown goes over the left shoulder
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    landmarks = (seen(np.eye(3), STRAIGHT) - [319.5, 239.5]) @ matrix.T + [319.5, 239.5]
    assert PoseSolver().solve(landmarks, SIZE).euler.roll == pytest.approx(15, abs=0.5)


def test_a_mirrored_face_has_mirrored_yaw_and_roll() -> None:
    landmarks = seen(rotation(8, 20, 10), STRAIGHT)
    mirrored = landmarks[MIRROR_68] * [-1, 1] + [639, 0]
    one, other = (PoseSolver().solve(each, SIZE).euler for each in (landmarks, mirrored))
    assert other == pytest.approx((one.pitch, -one.yaw, -one.roll), abs=0.1)


@pytest.mark.parametrize("place_m", [(-0.2, 0.0, -0.6), (0.15, 0.12, -0.6), (0.0, -0.2, -0.9)])
def test_a_face_that_looks_into_the_camera_is_straight_wherever_it_is(
    place_m: tuple[float, float, float],
) -> None:
    forward = -np.array(place_m) / np.linalg.norm(place_m)
    right = np.cross([0, 1, 0], forward)
    right /= np.linalg.norm(right)
    turn = np.column_stack([right, np.cross(forward, right), forward])
    head = PoseSolver().solve(seen(turn, place_m), SIZE)
    assert head.euler[:2] == pytest.approx((0, 0), abs=3)
    assert head.translation == pytest.approx(place_m, abs=0.03)


def test_a_far_head_is_told_from_a_near_one() -> None:
    near = PoseSolver().solve(seen(np.eye(3), (0, 0, -0.4)), SIZE)
    far = PoseSolver().solve(seen(np.eye(3), (0, 0, -1.2)), SIZE)
    assert near.translation[2] == pytest.approx(-0.4, abs=0.03)
    assert far.translation[2] == pytest.approx(-1.2, abs=0.06)


def test_a_narrower_camera_puts_the_head_further_away() -> None:
    landmarks = seen(np.eye(3), STRAIGHT)
    wide = PoseSolver(fov_deg=80).solve(landmarks, SIZE)
    narrow = PoseSolver(fov_deg=40).solve(landmarks, SIZE)
    assert narrow.translation[2] < wide.translation[2]
    assert narrow.rotation == pytest.approx(wide.rotation)


def test_a_moving_head_never_flips() -> None:
    solver, random = PoseSolver(), np.random.default_rng(0)
    last = EulerDegrees(0, 0, 0)
    for step in range(200):
        wave = np.sin(step / 15)
        landmarks = seen(rotation(15 * wave, 35 * wave, 20 * wave), STRAIGHT)
        noisy = landmarks + random.normal(0, 0.5, landmarks.shape)
        pose = solver.solve(noisy, SIZE).euler
        if step:
            assert np.abs(np.subtract(pose, last)).max() < 12
        last = pose


def test_a_pose_that_faces_away_is_not_kept() -> None:
    solver = PoseSolver()
    solver.solve(np.random.default_rng(2).uniform(0, 400, (68, 2)), SIZE)
    head = solver.solve(seen(rotation(0, 10, 0), STRAIGHT), SIZE)
    assert head.euler == pytest.approx((0, 10, 0), abs=3)


def test_the_quaternion_has_length_one() -> None:
    head = PoseSolver().solve(seen(rotation(10, 20, 30), STRAIGHT), SIZE)
    assert np.linalg.norm(head.rotation) == pytest.approx(1, abs=1e-5)
    assert head.rotation.dtype == np.float32


def test_poses_agree_with_the_teacher_on_people_it_never_saw(shared: Path) -> None:
    with np.load(shared / "data" / "faces_teacher.npz") as table:
        test = np.flatnonzero(split_people(table["person"]).test)[::4]
        landmarks = table["landmarks"][test][:, MEDIAPIPE_TO_68, :2].astype(np.float64)
        matrices = table["pose"][test, :3, :3]
    found = [PoseSolver().solve(each, (256, 256)).euler for each in landmarks]
    true = np.degrees(
        [
            np.arcsin(matrices[:, 1, 2].clip(-1, 1)),
            np.arctan2(matrices[:, 0, 2], matrices[:, 2, 2]),
            -np.arctan2(matrices[:, 1, 0], matrices[:, 1, 1]),
        ]
    ).T
    assert (np.abs(found - true).mean(axis=0) < 5).all()
