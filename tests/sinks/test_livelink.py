"""Live Link Face: the bytes that Unreal reads, decoded from the format alone."""

from __future__ import annotations

import csv
import socket
import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from facedrive.errors import MappingError, SinkError
from facedrive.mappings import FULL_GAZE_DEG, load_mapping
from facedrive.sinks.livelink import LiveLinkSink, angles
from facedrive.sinks.osc import TimeTags
from facedrive.types import IDENTITY_HEAD, Sample

from .conftest import MakeSample, datagrams, turn

NOON = datetime(2026, 6, 1, 12, 0, 0)
DEVICE = "0a1b2c3d-0000-1111-2222-333344445555"


class Packet(NamedTuple):
    version: int
    device: str
    subject: str
    frame: int
    subframe: float
    rate: tuple[int, int]
    values: tuple[float, ...]


def decode(data: bytes) -> Packet:
    """Read a packet field by field, as the format is documented."""

    def take(code: str) -> Any:
        nonlocal data
        size = struct.calcsize(f">{code}")
        found, data = struct.unpack(f">{code}", data[:size]), data[size:]
        return found[0] if len(found) == 1 else found

    version = take("B")
    device = take(f"{take('i')}s").decode()
    subject = take(f"{take('i')}s").decode()
    clock = take("i"), take("f"), (take("i"), take("i"))
    values = take(f"{take('B')}f")
    assert data == b""
    return Packet(version, device, subject, *clock, values)


@pytest.fixture
def sent(receiver: socket.socket) -> Callable[..., bytes]:
    def send(sample: Sample, clock: datetime = NOON, **options: Any) -> bytes:
        sink = LiveLinkSink(*receiver.getsockname(), **options)
        sink._tags = TimeTags(clock=clock.timestamp)
        sink.send(sample, None)
        sink.close()
        (packet,) = datagrams(receiver)
        return packet

    return send


def test_golden_bytes(sent: Callable[..., bytes], make_sample: MakeSample) -> None:
    sample = make_sample(jaw_drop=0.5, turned=turn(1, 0))
    sample.gaze[:] = 0
    data = sent(sample, subject="me", device=DEVICE)
    head = bytes.fromhex("06 00000024") + DEVICE.upper().encode()
    name = bytes.fromhex("00000002") + b"me"
    clock = bytes.fromhex("00278d00 00000000 0000003c 00000001 3d")  # 12 h at 60 a second
    values = bytes(17 * 4) + bytes.fromhex("3f000000") + bytes(34 * 4)
    assert data[:-36] == head + name + clock + values
    assert struct.unpack(">9f", data[-36:]) == (0,) * 9
    assert len(data) == 306 + len("me")


def test_a_public_decoder_reads_the_same(
    sent: Callable[..., bytes], make_sample: MakeSample
) -> None:
    public = pytest.importorskip("pylivelinkface", reason="pylivelinkface is not installed")
    sample = make_sample(3)
    packet = sent(sample, subject="me")
    found, face = public.PyLiveLinkFace.decode(packet)
    ours = decode(packet)
    assert found
    assert face.name == "me"
    assert face.uuid.removeprefix("$") == ours.device
    assert (face._frames, face._sub_frame, face.fps, face._denominator) == (
        *(ours.frame, ours.subframe),
        *ours.rate,
    )
    arkit = load_mapping("arkit")
    values = dict(
        zip(arkit.channels, arkit.apply(sample.aus, sample.gaze, sample.extras), strict=True)
    )
    for shape in public.FaceBlendShape:
        name = shape.name[0].lower() + shape.name[1:]
        if name in values:
            assert face.get_blendshape(shape) == pytest.approx(float(values.pop(name)))
    assert not values
    yaw = public.FaceBlendShape.HeadYaw
    assert face.get_blendshape(yaw) == pytest.approx(np.radians(sample.head.euler.yaw))


def test_the_52_are_in_apples_order(sent: Callable[..., bytes], make_sample: MakeSample) -> None:
    sample = make_sample(2)
    packet = decode(sent(sample))
    assert packet.version == 6
    assert len(packet.values) == 61
    expected = load_mapping("arkit").apply(sample.aus, sample.gaze, sample.extras)
    np.testing.assert_array_equal(np.float32(packet.values[:52]), expected)


@pytest.mark.parametrize(
    ("axis", "index", "sign"), [(1, 52, 1), (0, 53, -1), (2, 54, 1)], ids=["yaw", "pitch", "roll"]
)
def test_head_angles_are_radians_to_the_left_up_and_right_shoulder(
    sent: Callable[..., bytes], make_sample: MakeSample, axis: int, index: int, sign: int
) -> None:
    values = decode(sent(make_sample(turned=turn(axis, 20)))).values
    assert values[index] == pytest.approx(sign * np.radians(20), abs=1e-5)
    others = [values[each] for each in (52, 53, 54) if each != index]
    assert others == pytest.approx([0, 0], abs=1e-6)


def test_eye_angles_are_radians_to_the_right_and_down(
    sent: Callable[..., bytes], make_sample: MakeSample
) -> None:
    sample = make_sample()
    sample.gaze[:] = [[0.1, 0.2], [0.3, 0.4]]
    values = decode(sent(sample)).values
    assert values[55:] == pytest.approx((-0.2, -0.1, 0, -0.4, -0.3, 0))


@pytest.mark.parametrize(
    ("shape", "pitch", "yaw"),
    [("Up", 21.5, 0), ("Down", -35, 0), ("In", 0, -36), ("Out", 0, 32)],
)
def test_an_eyes_shape_is_1_where_a_phones_is(
    sent: Callable[..., bytes], make_sample: MakeSample, shape: str, pitch: float, yaw: float
) -> None:
    sample = make_sample(jaw_drop=0)
    sample.gaze[:] = np.radians([[pitch, yaw], [pitch, -yaw]])  # mirror images
    values = decode(sent(sample)).values
    shapes = dict(zip(load_mapping("arkit").channels, values[:52], strict=True))
    driven = {name: value for name, value in shapes.items() if value > 1e-6}
    assert driven == {f"eyeLook{shape}{side}": pytest.approx(1) for side in ("Left", "Right")}
    left_yaw, left_pitch, _, right_yaw, right_pitch, _ = np.degrees(values[55:])
    assert (left_pitch, right_pitch) == pytest.approx((-pitch, -pitch), abs=1e-4)
    assert (left_yaw, right_yaw) == pytest.approx((-yaw, yaw), abs=1e-4)


def test_shapes_and_angles_go_together_as_in_a_phones_own_take(shared: Path) -> None:
    with (shared / "data" / "arkit" / "range_of_motion.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name]) for row in rows])

    for side in ("Left", "Right"):
        looks = {way: column(f"EyeLook{way.title()}{side}") for way in FULL_GAZE_DEG}
        turned = {way: np.radians(FULL_GAZE_DEG[way]) * looks[way] for way in looks}
        pitch, outward = turned["up"] - turned["down"], turned["out"] - turned["in"]
        yaw = outward if side == "Left" else -outward
        ours = np.array([
            angles(Sample(0, 0, np.zeros(24, np.float32), np.array([each, each], np.float32),
                          IDENTITY_HEAD, True))
            for each in zip(pitch[::10], yaw[::10], strict=True)
        ])  # fmt: skip
        yaw_at, pitch_at = (3, 4) if side == "Left" else (6, 7)
        for name, at in (("Yaw", yaw_at), ("Pitch", pitch_at)):
            phones = column(f"{side}Eye{name}")[::10]
            assert np.corrcoef(phones, ours[:, at])[0, 1] > 0.998
            assert np.polyfit(ours[:, at], phones, 1)[0] == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize("fps", [24, 30, 60, 120])
def test_frames_are_counted_from_midnight_at_the_rate_asked_for(
    sent: Callable[..., bytes], make_sample: MakeSample, fps: int
) -> None:
    clock = NOON + timedelta(seconds=1.25 / fps)
    packet = decode(sent(make_sample(time=5.0), clock, fps=fps))
    assert packet.rate == (fps, 1)
    assert packet.frame + packet.subframe == pytest.approx(12 * 3600 * fps + 1.25, abs=1e-2)
    assert 0 <= packet.subframe < 1


def test_subframe_never_rounds_up_to_a_frame(
    sent: Callable[..., bytes], make_sample: MakeSample
) -> None:
    for microseconds in range(16_660, 16_670):
        packet = decode(sent(make_sample(), NOON + timedelta(microseconds=microseconds)))
        assert packet.subframe < 1


def test_device_stays_the_same_for_a_subject(
    sent: Callable[..., bytes], make_sample: MakeSample
) -> None:
    first, again = (decode(sent(make_sample(), subject="Ada")) for _ in range(2))
    other = decode(sent(make_sample(), subject="Bo"))
    assert first.device == again.device != other.device
    assert len(first.device) == 36


def test_subject_may_have_any_letters(sent: Callable[..., bytes], make_sample: MakeSample) -> None:
    assert decode(sent(make_sample(), subject="Zoë")).subject == "Zoë"


def test_users_table_may_leave_channels_out(
    sent: Callable[..., bytes], make_sample: MakeSample, tmp_path: Path
) -> None:
    table = tmp_path / "mine.toml"
    table.write_text("[weights]\ntongueOut = { jaw_drop = 1.0 }\n")
    values = decode(sent(make_sample(jaw_drop=0.5), mapping=str(table))).values
    assert values[:52] == (*[0] * 51, 0.5)


def test_users_table_with_another_formats_channels_is_an_error() -> None:
    with pytest.raises(MappingError, match="vrm1: no arkit channel 'happy'"):
        LiveLinkSink(mapping="vrm1")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fps": 0}, "fps is 0; it must be from 1 to 1000"),
        ({"subject": ""}, "name has 0 bytes"),
        ({"device": "phone"}, "device is 'phone'; it must be a UUID"),
    ],
)
def test_bad_option_is_an_error(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SinkError, match=message):
        LiveLinkSink(**options)
