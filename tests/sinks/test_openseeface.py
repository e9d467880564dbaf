"""OpenSeeFace: 1,785 bytes a face, and what its Unity receiver makes of them."""

from __future__ import annotations

import socket
import struct
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from facedrive.aus import AU_NAMES
from facedrive.sinks.openseeface import DEPTHS_M, OpenSeeFaceSink
from facedrive.trackers.pose import HEAD_POINTS_M, PoseSolver
from facedrive.types import Frame, Sample

from .conftest import MakeSample, datagrams, rotate, turn

SCALE_PX = 2000.0


class Packet(NamedTuple):
    time: float
    id: int
    size: tuple[float, float]
    open: tuple[float, float]
    success: int
    error: float
    quaternion: tuple[float, ...]
    euler: tuple[float, ...]
    translation: tuple[float, ...]
    confidence: tuple[float, ...]
    points: np.ndarray
    points_3d: np.ndarray
    features: tuple[float, ...]


def decode(data: bytes) -> Packet:
    """Read a packet at the documented offsets."""

    def floats(offset: int, count: int) -> tuple[float, ...]:
        return struct.unpack_from(f"<{count}f", data, offset)

    assert len(data) == 1785
    return Packet(
        struct.unpack_from("<d", data, 0)[0],
        struct.unpack_from("<i", data, 8)[0],
        floats(12, 2),
        floats(20, 2),
        data[28],
        floats(29, 1)[0],
        floats(33, 4),
        floats(49, 3),
        floats(61, 3),
        floats(73, 68),
        np.reshape(floats(345, 136), (68, 2)),
        np.reshape(floats(889, 210), (70, 3)),
        floats(1729, 14),
    )


def unity_rotation(packet: Packet) -> tuple[float, float, float]:
    """What the public Unity receiver computes from the Euler angles, degrees about x, y, z."""
    x, y, z = packet.euler
    return wrapped(-(x + 180)), wrapped(-y), wrapped(z - 90)


def wrapped(degrees: float) -> float:
    return (degrees + 180) % 360 - 180


def sent(receiver: socket.socket, sample: Sample, frame: Frame | None = None) -> Packet:
    sink = OpenSeeFaceSink(*receiver.getsockname(), face_id=3)
    sink.send(sample, frame)
    sink.close()
    return decode(datagrams(receiver)[0])


def photograph(sample: Sample) -> np.ndarray:
    """Put a flat-seen head's landmarks into the sample; return its (68, 3) points in metres."""
    assert sample.landmarks_px is not None
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.uniform(-0.06, 0.06, (68, 2)), DEPTHS_M])
    points[[36, 39, 42, 45], :2] = HEAD_POINTS_M[:4, :2]
    points[[36, 39, 42, 45], 2] = [-0.002, 0.002, 0.002, -0.002]
    turned = np.array([rotate(sample.head.rotation, tuple(point)) for point in points])
    sample.landmarks_px[:] = turned[:, :2] * [SCALE_PX, -SCALE_PX] + 300
    return points


def test_golden_bytes(receiver: socket.socket, make_sample: MakeSample, frame: Frame) -> None:
    sample = make_sample(time=2.5, left_eye_close=0.75, jaw_drop=0.5, turned=turn(0, 0))
    sink = OpenSeeFaceSink(*receiver.getsockname(), face_id=1)
    sink.send(sample, frame)
    sink.close()
    (data,) = datagrams(receiver)
    assert data[:33] == bytes.fromhex(
        "0000000000000440 01000000 00008042 00004042 0000803f 0000803e 01 00000000"
    )
    assert data[73:345] == bytes.fromhex("0000803f") * 68
    assert data[1729:] == struct.pack("<14f", -0.75, *[0] * 11, 0.5, 0)


def test_a_face_that_looks_into_the_camera_is_at_rest_in_the_receiver(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    packet = sent(receiver, make_sample(turned=turn(0, 0)))
    assert unity_rotation(packet) == pytest.approx((0, 0, 0), abs=1e-4)
    assert packet.quaternion == pytest.approx((0.5**0.5, 0.5**0.5, 0, 0), abs=1e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_each_turn_is_one_angle_in_the_receiver(
    receiver: socket.socket, make_sample: MakeSample, axis: int
) -> None:
    there = unity_rotation(sent(receiver, make_sample(turned=turn(axis, 15))))
    back = unity_rotation(sent(receiver, make_sample(turned=turn(axis, -15))))
    assert sorted(np.abs(there)) == pytest.approx([0, 0, 15], abs=1e-3)
    assert there == pytest.approx([-angle for angle in back], abs=1e-3)


def test_the_place_is_right_up_and_away_in_the_receiver(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    sample = make_sample(turned=turn(0, 0))
    sample.head.translation[:] = [0.1, 0.2, -0.8]
    x, y, z = sent(receiver, sample).translation
    unity = np.array([-y, x, -z]) * 0.16
    assert unity == pytest.approx([0.1, 0.168, 0.758], abs=1e-3)  # the tip of the nose


def test_points_are_those_of_the_picture_without_the_mouths_corners(
    receiver: socket.socket, make_sample: MakeSample, frame: Frame
) -> None:
    sample = make_sample()
    photograph(sample)
    assert sample.landmarks_px is not None
    packet = sent(receiver, sample, frame)
    landmarks = sample.landmarks_px
    np.testing.assert_array_equal(packet.points[:48], landmarks[:48])
    np.testing.assert_array_equal(packet.points[48:53], landmarks[49:54])
    np.testing.assert_array_equal(packet.points[53:66], landmarks[55:])
    np.testing.assert_allclose(packet.points[66], landmarks[36:42].mean(0), rtol=1e-6)
    assert packet.size == (64, 48)


@pytest.mark.parametrize("yaw", [-30, 0, 20])
def test_3d_points_do_not_turn_with_the_head(
    receiver: socket.socket, make_sample: MakeSample, yaw: float
) -> None:
    sample = make_sample(turned=turn(1, yaw))
    points = photograph(sample)
    model = sent(receiver, sample).points_3d * [1, -1, -1]
    metres = model * [-0.16, 0.16, 0.16] + [0, -0.032, 0.042]
    expected = points[[*range(48), *range(49, 54), *range(55, 68)]]
    np.testing.assert_allclose(metres[:66], expected, atol=1e-3)


def test_gaze_is_from_the_eyeball_to_the_pupil(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    sample = make_sample(turned=turn(0, 0))
    sample.gaze[:] = np.radians([[0, 30], [20, 0]])  # left eye to its left, right eye up
    photograph(sample)
    model = sent(receiver, sample).points_3d * [1, -1, -1]
    right, left = (
        (pupil - centre) / np.linalg.norm(pupil - centre)
        for pupil, centre in zip(model[66:68], model[68:70], strict=True)
    )
    assert right == pytest.approx([0, np.sin(np.radians(20)), np.cos(np.radians(20))], abs=1e-3)
    assert left == pytest.approx([-0.5, 0, np.cos(np.radians(30))], abs=1e-3)


def test_features_follow_the_aus(receiver: socket.socket, make_sample: MakeSample) -> None:
    sample = make_sample(
        left_eye_close=1.0, right_lid_raise=0.5, left_brow_raise=1.0, right_brow_lower=1.0,
        left_lip_corner_pull=0.5, lip_pucker=0.25, jaw_drop=0.75,
    )  # fmt: skip
    assert sent(receiver, sample).features == (
        -1, 0.5, 0, 1, 1, 1, -1, 0, -0.5, -0.25, 0, -0.25, 0.75, -0.25,
    )  # fmt: skip


def test_nothing_is_sent_without_a_face(receiver: socket.socket, make_sample: MakeSample) -> None:
    sink = OpenSeeFaceSink(*receiver.getsockname())
    sink.send(make_sample(seen=False), None)
    sink.send(make_sample(), None)
    sink.close()
    assert len(datagrams(receiver)) == 1


def test_a_smile_is_up_and_a_pucker_is_in_as_the_real_tracker_says(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    def corners(**aus: float) -> tuple[float, ...]:
        return sent(receiver, make_sample(**aus)).features[8:12]

    assert corners(left_lip_corner_pull=1.0) == (-1, 0, 0, 0)
    assert corners(right_lip_corner_stretch=0.5) == (0, 0, 0, 0.5)
    assert corners(lip_pucker=1.0) == (0, -1, 0, -1)


def take_of(sample: Sample, **aus: float) -> Sample:
    """The sample as a take gives it back."""
    values = np.array([aus.get(name, 0) for name in AU_NAMES], np.float32)
    return replace(sample, aus=values, landmarks_px=None)


def test_a_replayed_take_shows_a_mean_head_where_the_head_is(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    for yaw, place in ((0, (0.0, 0.0, -0.6)), (20, (0.1, -0.05, -0.8)), (-25, (-0.05, 0.1, -0.5))):
        sample = take_of(make_sample(turned=turn(1, yaw)))
        sample.head.translation[:] = place
        packet = sent(receiver, sample)
        assert packet.confidence == (1,) * 68
        landmarks = np.zeros((68, 2))
        landmarks[[*range(48), *range(49, 54), *range(55, 68)]] = packet.points[:66]
        solved = PoseSolver().solve(landmarks, (480, 640))
        assert solved.euler.yaw == pytest.approx(yaw, abs=4)
        assert solved.translation == pytest.approx(place, abs=0.04)
        assert packet.points_3d[30] == pytest.approx([0, 0, 0], abs=0.06)  # the tip of the nose


def test_a_replayed_takes_points_move_with_its_aus(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    sample = make_sample(turned=turn(0, 0))
    sample.head.translation[:] = [0, 0, -0.6]
    rest, moved = (
        sent(receiver, take_of(sample, **aus)).points
        for aus in ({}, {"jaw_drop": 1.0, "left_eye_close": 1.0, "right_brow_raise": 1.0})
    )
    down = moved[:, 1] - rest[:, 1]
    assert down[8] > 10  # the chin
    assert down[43] > 2  # the left eye's upper lid
    assert down[37] == down[30] == 0
    assert down[19] < -3  # the right brow
