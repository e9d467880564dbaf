"""The Blender extension's parts that do without Blender: OSC, the newest values, the names."""

from __future__ import annotations

import math
import socket
import struct
import time
import tomllib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from facedrive_osc.names import eye_bones, looks, match, mix
from facedrive_osc.osc import MalformedPacketError, read_packet
from facedrive_osc.stream import FRAMES_WITHOUT, MAX_PACKETS, Stream
from facedrive_osc.tables import ARKIT, AU_NAMES, EXTRAS, FULL_GAZE_DEG
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message_builder import OscMessageBuilder

import facedrive.aus
import facedrive.extras
from facedrive.mappings import table
from facedrive.mappings.match import match_rig
from facedrive.rig import default_rig, load
from facedrive.rig.model import Rig
from facedrive.sinks.osc import OscSink
from facedrive.types import Sample

from .conftest import EXAMPLES, make_sample


@pytest.fixture
def stream() -> Iterator[Stream]:
    listening = Stream("127.0.0.1", 0)
    yield listening
    listening.close()


def wait(stream: Stream, now: float = 0.0) -> bool:
    """Poll until news come; False if none do."""
    for _ in range(200):
        if stream.poll(now):
            return True
        time.sleep(0.005)
    return False


def send(stream: Stream, *packets: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        for packet in packets:
            sending.sendto(packet, ("127.0.0.1", stream.port))


def show(stream: Stream, *samples: Sample, prefix: str = "/facedrive", extras: bool = True) -> None:
    sink = OscSink("127.0.0.1", stream.port, prefix, extras=extras)
    for sample in samples:
        sink.send(sample, None)
    sink.close()


def message(address: str, *arguments: float | str) -> bytes:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    return bytes(builder.build().dgram)


def test_its_tables_are_facedrives() -> None:
    arkit = table.load_mapping("arkit")
    driven = {
        channel: {table.INPUTS[i]: pytest.approx(row[i]) for i in row.nonzero()[0]}
        for channel, row in zip(arkit.channels, arkit.matrix, strict=True)
        if row.any()
    }
    assert driven == ARKIT
    assert facedrive.aus.AU_NAMES == AU_NAMES
    assert tuple(EXTRAS) == facedrive.extras.EXTRA_NAMES
    assert {extra: along for extra, along in EXTRAS.items() if along} == (
        facedrive.extras.AU_OF_EXTRA
    )
    assert table.FULL_GAZE_DEG == FULL_GAZE_DEG


OURS = ("the targets of facedrive's own rig",)
"""Stands for them until a test asks: reading the rig takes longer than most tests."""

RIGS = (
    AU_NAMES,
    table.load_mapping("arkit").channels,
    ("Jaw Drop", "LEFT-EYE-CLOSE", "jawSlide_L", "nothing"),
    ("eyeBlink_L", "eyeBlink_R", "Mouth_Smile_Left", "jawopen", "cheekPuff_L", "cheekPuffRight"),
    ("jaw_drop", "jawOpen", "eyeBlinkLeft", "browOuterUpLeft", "left_brow_raise"),
    ("face.jawOpen", "head.M_jawOpen", "jawOpen"),
    OURS,
    ("left_mouth_frown", "mouthFrownLeft", "mouthFrownRight", "mouth_left", "mouthRight"),
    (),
)


@pytest.mark.parametrize("keys", RIGS)
def test_keys_follow_what_facedrive_live_would_have_them_follow(keys: tuple[str, ...]) -> None:
    keys = load(default_rig()).targets if keys is OURS else keys
    found = match(keys)
    if not keys:
        assert not found
        return
    expected = match_rig(
        cast(
            Rig,
            SimpleNamespace(name="rig", targets=keys, eyes=None, empty=(), head=None, rules=None),
        )
    )
    for key, row in zip(keys, expected.matrix, strict=True):
        weights = [found.get(key, {}).get(name, 0.0) for name in table.INPUTS]
        assert weights == pytest.approx(row)


def test_lids_have_a_second_name() -> None:
    assert match(("EyeClosedLeft", "EyeClosed_R")) == {
        "EyeClosedLeft": {"left_eye_close": 1.0},
        "EyeClosed_R": {"right_eye_close": 1.0},
    }
    assert match(("eyeBlinkLeft", "EyeClosedLeft")) == {"eyeBlinkLeft": {"left_eye_close": 1.0}}


@pytest.mark.parametrize(
    ("bones", "found"),
    [
        (("head", "eye.L", "eye.R", "eyelid.L"), {"left": "eye.L", "right": "eye.R"}),
        (("DEF-eye.L", "mixamorig:RightEye"), {"left": "DEF-eye.L", "right": "mixamorig:RightEye"}),
        (("J_Adj_L_FaceEye", "J_Adj_R_FaceEye"),
         {"left": "J_Adj_L_FaceEye", "right": "J_Adj_R_FaceEye"}),
        (("LeftEyeTarget", "brow.L", "head"), {}),
    ],
)  # fmt: skip
def test_bones_of_eyes_are_found_by_their_names(
    bones: tuple[str, ...], found: dict[str, str]
) -> None:
    assert eye_bones(bones) == found


def test_a_face_with_a_look_key_follows_the_gaze_by_it() -> None:
    assert looks(("jawOpen", "eyeLookUpLeft"))
    assert not looks(("jawOpen", "eyeBlinkLeft"))


def test_a_key_takes_its_share_of_each_input_and_stays_within_0_and_1() -> None:
    assert mix({"jaw_drop": 0.5, "lip_pucker": 0.25}, {"jaw_drop": 1, "lip_pucker": 1}) == 0.75
    assert mix({"jaw_drop": 2.0}, {"jaw_drop": 1}) == 1
    assert mix({"jaw_drop": 1.0}, {}) == 0


def test_everything_that_facedrive_sends_arrives(stream: Stream) -> None:
    aus = {name: round(i / 24, 3) for i, name in enumerate(AU_NAMES)}
    gaze = ((0.2, 0.1), (-0.2, 0.1))
    show(stream, make_sample(rotation=(0.6, 0, 0, 0.8), gaze=gaze, **aus))
    assert wait(stream)
    values = stream.values
    assert values.seen
    assert {name: values.inputs[name] for name in AU_NAMES} == pytest.approx(aus, abs=1e-6)
    assert values.rotation == pytest.approx((0.6, 0, 0, 0.8))
    assert values.gaze["left"] == pytest.approx((0.2, 0.1))
    assert values.gaze["right"] == pytest.approx((-0.2, 0.1))
    expected = table.gaze_inputs(np.array(gaze, np.float32))
    assert [values.inputs[name] for name in table.GAZE_INPUTS] == pytest.approx(expected)


def test_extras_arrive(stream: Stream) -> None:
    extras = {name: round(i / 14, 3) for i, name in enumerate(EXTRAS)}
    show(stream, make_sample(nose_wrinkle=1, **extras))
    assert wait(stream)
    assert {name: stream.values.inputs[name] for name in EXTRAS} == pytest.approx(extras, abs=1e-6)


def test_who_gives_no_extras_has_those_that_go_along_with_aus(stream: Stream) -> None:
    sample = make_sample(nose_wrinkle=1, chin_raise=0.5, left_brow_raise=1, left_mouth_frown=0.7)
    show(stream, sample, extras=False)
    assert wait(stream)
    along = facedrive.extras.derived(sample.aus)
    assert [stream.values.inputs[name] for name in EXTRAS] == pytest.approx(along)
    assert stream.values.inputs["left_eye_squint"] == pytest.approx(0.3)


def test_extras_that_stop_coming_go_along_with_aus_again(stream: Stream) -> None:
    frowning = make_sample(left_mouth_frown=0.7, nose_wrinkle=1)
    for count, frown in ((1, 0.7), (FRAMES_WITHOUT - 2, 0.7), (3, 0.0)):
        show(stream, *[frowning] * count, extras=count == 1)
        assert wait(stream)
        stream.poll(0)
        assert stream.values.inputs["left_mouth_frown"] == pytest.approx(frown)
    assert stream.values.inputs["left_eye_squint"] == pytest.approx(0.3)


def test_the_newest_of_many_wins(stream: Stream) -> None:
    show(stream, *(make_sample(i, jaw_drop=i / 10) for i in range(11)))
    assert wait(stream)
    assert stream.values.inputs["jaw_drop"] == 1
    assert not stream.poll(0)


def test_a_lost_face_is_known(stream: Stream) -> None:
    show(stream, make_sample(), make_sample(1, seen=False))
    assert wait(stream)
    assert not stream.values.seen


def test_the_rate_is_that_of_the_last_second(stream: Stream) -> None:
    for i in range(30):
        show(stream, make_sample(i))
        assert wait(stream, now=i / 10)
    assert stream.rate(2.95) == 10
    assert stream.rate(100) == 0


def test_a_long_prefix_arrives_in_several_packets(stream: Stream) -> None:
    prefix = "/" + "a" * 250
    split = Stream("127.0.0.1", 0, prefix)
    show(split, make_sample(jaw_drop=0.5, nose_wrinkle=0.25), prefix=prefix)
    assert wait(split)
    deadline = time.monotonic() + 10
    while "nose_wrinkle" not in split.values.inputs and time.monotonic() < deadline:
        split.poll(0)
    assert split.values.inputs["jaw_drop"] == 0.5
    assert split.values.inputs["nose_wrinkle"] == 0.25
    split.close()


def test_nothing_to_read_does_not_wait(stream: Stream) -> None:
    assert not stream.poll(0)


def test_a_flood_is_read_in_portions(stream: Stream) -> None:
    send(stream, *[message("/facedrive/au/jaw_drop", 0.5)] * (MAX_PACKETS + 5))
    assert wait(stream)
    assert wait(stream)
    assert not stream.poll(0)


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"rubbish",
        b"#bundle\0",
        b"#bundle\0" + bytes(8) + struct.pack(">i", 1000) + b"/a\0\0",
        b"#bundle\0" + bytes(8) + struct.pack(">i", -4) + b"/a\0\0",
        b"#bundle\0" + bytes(8) + struct.pack(">i", 0),
        b"/no/tags",
        b"/no/tags\0\0\0\0",
        b"/cut\0\0\0\0,f\0\0",
        b"/tag\0\0\0\0,%\0\0",
        b"/blob\0\0\0,b\0\0" + struct.pack(">i", 99),
        b"/\xff\0\0,\0\0\0",
    ],
)
def test_rubbish_is_counted_and_changes_nothing(stream: Stream, packet: bytes) -> None:
    send(stream, packet, message("/facedrive/au/jaw_drop", 0.5))
    assert wait(stream)
    assert stream.malformed == 1
    assert stream.values.inputs == {"jaw_drop": 0.5} | dict.fromkeys(EXTRAS, 0.0)


@pytest.mark.parametrize(
    "packet",
    [
        message("/facedrive/au/jaw_drop", math.nan),
        message("/facedrive/au/jaw_drop", math.inf),
        message("/facedrive/au/jaw_drop", "wide"),
        message("/facedrive/au/jaw_drop", 0.1, 0.2),
        message("/facedrive/au/jaw_drop"),
        message("/facedrive/au/tongue", 0.1),
        message("/other/au/jaw_drop", 0.1),
        message("/facedrive/head/rotation", 0.0, 0.0, math.nan, 1.0),
    ],
)
def test_numbers_that_are_none_or_not_ours_are_ignored(stream: Stream, packet: bytes) -> None:
    send(stream, packet, message("/facedrive/face", 1))
    assert wait(stream)
    assert stream.values.seen
    assert not any(stream.values.inputs.values())
    assert stream.values.rotation is None
    assert stream.malformed == 0


def test_a_rotation_without_direction_keeps_the_one_before(stream: Stream) -> None:
    send(stream, message("/facedrive/head/rotation", 0.0, 0.0, 0.0, 2.0))
    assert wait(stream)
    send(stream, message("/facedrive/head/rotation", 0.0, 0.0, 0.0, 0.0))
    assert wait(stream)
    assert stream.values.rotation == (0, 0, 0, 1)


def test_bundles_in_bundles_without_end_are_refused() -> None:
    packet = message("/a", 1.0)
    for _ in range(20):
        packet = b"#bundle\0" + bytes(8) + struct.pack(">i", len(packet)) + packet
    with pytest.raises(MalformedPacketError, match="deep"):
        read_packet(packet)


@given(st.binary(max_size=200), st.sampled_from([b"", b"#bundle\0" + bytes(8), b"/a\0\0,"]))
def test_any_bytes_are_a_packet_or_malformed(data: bytes, start: bytes) -> None:
    try:
        read_packet(start + data)
    except MalformedPacketError as error:
        assert str(error)


@given(
    st.lists(
        st.floats(width=32, allow_nan=False) | st.integers(-(2**31), 2**31 - 1)
        | st.booleans() | st.none() | st.binary(min_size=1, max_size=9)
        | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9)
    )
)  # fmt: skip
def test_what_python_osc_writes_is_read(arguments: list[Any]) -> None:
    builder = OscMessageBuilder("/a/b")
    for argument in arguments:
        kind = builder.ARG_TYPE_INT if type(argument) is int else None
        builder.add_arg(argument, kind)
    (read,) = read_packet(builder.build().dgram)
    assert read.address == "/a/b"
    assert list(read.arguments) == arguments


def test_a_port_in_use_is_an_os_error(stream: Stream) -> None:
    with pytest.raises(OSError):
        Stream("127.0.0.1", stream.port)


def test_the_manifest_has_what_blender_asks_for() -> None:
    text = (EXAMPLES / "blender/facedrive_osc/blender_manifest.toml").read_text(encoding="utf-8")
    manifest = tomllib.loads(text)
    assert manifest["schema_version"] == "1.0.0"
    assert manifest["type"] == "add-on"
    assert manifest["id"] == "facedrive_osc"
    assert tuple(map(int, manifest["blender_version_min"].split("."))) >= (4, 2, 0)
    assert "network" in manifest["permissions"]
    assert len(manifest["tagline"]) <= 64 and not manifest["tagline"].endswith(".")
