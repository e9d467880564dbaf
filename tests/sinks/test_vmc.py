"""VMC: the documented messages, in Unity's axes, as other implementations build and read them."""

from __future__ import annotations

import json
import select
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message_builder import OscMessageBuilder

from facedrive.errors import MappingError, RigError, SinkError
from facedrive.mappings import load_mapping
from facedrive.sinks.vmc import FALLBACK, VmcSink
from facedrive.types import Sample

from .conftest import MakeSample, datagrams, rotate, turn

Heard = list[tuple[str, list[Any]]]


def sent(receiver: socket.socket, *samples: Sample, **options: Any) -> list[bytes]:
    sink = VmcSink(*receiver.getsockname(), **options)
    for sample in samples[:-1]:
        sink.send(sample, None)
        datagrams(receiver)
    sink.send(samples[-1], None)
    sink.close()
    return datagrams(receiver)


def heard(received: list[bytes]) -> Heard:
    return [(one.address, one.params) for datagram in received for one in OscBundle(datagram)]


def blends(messages: Heard) -> dict[str, float]:
    return {values[0]: values[1] for address, values in messages if address.endswith("/Val")}


def bones(messages: Heard) -> dict[str, list[float]]:
    return {values[0]: values[1:] for address, values in messages if address.endswith("/Bone/Pos")}


def test_a_frame_has_the_documented_messages_in_order_with_apply_last(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    messages = heard(sent(receiver, make_sample(), make_sample(1)))
    assert messages[0] == ("/VMC/Ext/OK", [1, 3, 0, 1])
    assert messages[1] == ("/VMC/Ext/T", [pytest.approx(1 / 30)])
    assert list(bones(messages)) == ["Neck", "Head", "LeftEye", "RightEye"]
    assert [address for address, _ in messages[7:-1]] == ["/VMC/Ext/Blend/Val"] * 52
    assert messages[-1] == ("/VMC/Ext/Blend/Apply", [])


def test_datagrams_fit_ethernet_and_only_the_last_applies(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    received = sent(receiver, make_sample(), fallback=True)
    assert len(received) > 1
    assert all(len(datagram) <= 1472 for datagram in received)
    assert [b"/Blend/Apply" in datagram for datagram in received] == [
        *[False] * (len(received) - 1),
        True,
    ]


def test_bytes_are_those_that_python_osc_builds(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    received = sent(receiver, make_sample())
    messages = heard(received)
    elements = b""
    for address, values in messages:
        message = OscMessageBuilder(address)
        for value in values:
            message.add_arg(value)
        dgram = message.build().dgram
        elements += len(dgram).to_bytes(4, "big") + dgram
    header = b"#bundle\0" + (1).to_bytes(8, "big")
    assert all(datagram.startswith(header) for datagram in received)
    assert b"".join(datagram[len(header) :] for datagram in received) == elements


def test_golden_bytes_of_a_message_with_text(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    received = b"".join(sent(receiver, make_sample(jaw_drop=0.5), bones=False))
    assert b"\0\0\0\x24/VMC/Ext/Blend/Val\0\0,sf\0JawOpen\0\x3f\0\0\0" in received


def test_no_face_is_said_in_the_status(receiver: socket.socket, make_sample: MakeSample) -> None:
    assert heard(sent(receiver, make_sample(seen=False)))[0] == ("/VMC/Ext/OK", [1, 3, 0, 0])


def test_arkit_channels_are_spelt_as_perfect_sync_avatars_want(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    sample = make_sample(left_eye_close=0.75, right_brow_raise=1.0)
    values = blends(heard(sent(receiver, sample)))
    assert list(values)[:2] == ["EyeBlinkLeft", "EyeLookDownLeft"]
    assert values["EyeBlinkLeft"] == 0.75
    assert values["BrowInnerUp"] == 0.5
    assert values["EyeBlinkRight"] == 0


@pytest.mark.parametrize("name", ["vrm0", "vrm1"])
def test_vrm_presets_are_sent_by_their_own_names(
    receiver: socket.socket, make_sample: MakeSample, name: str
) -> None:
    sample = make_sample(3)
    values = blends(heard(sent(receiver, sample, mapping=name)))
    table = load_mapping(name)
    assert tuple(values) == table.channels
    np.testing.assert_allclose(
        list(values.values()), table.apply(sample.aus, sample.gaze, sample.extras)
    )


def test_fallback_moves_mouth_and_eyelids_of_avatars_without_perfect_sync(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    sample = make_sample(jaw_drop=0.8, right_eye_close=1.0)
    values = blends(heard(sent(receiver, sample, fallback=True)))
    assert tuple(values)[52:] == FALLBACK
    assert values["A"] == values["JawOpen"] == pytest.approx(0.8)
    assert values["Blink_R"] == 1
    assert values["Blink_L"] == 0
    assert len(blends(heard(sent(receiver, sample, mapping="vrm0", fallback=True)))) == 16


def test_users_table_is_sent_as_it_is_spelt(
    receiver: socket.socket, make_sample: MakeSample, tmp_path: Path
) -> None:
    table = tmp_path / "mine.toml"
    table.write_text('[weights]\njawOpen = { jaw_drop = 0.5 }\n"あ" = { jaw_drop = 1.0 }\n')
    sink = VmcSink(*receiver.getsockname(), mapping=str(table))
    sink.send(make_sample(jaw_drop=1.0), None)
    sink.close()
    received = b"".join(datagrams(receiver))
    assert b"JawOpen\0" in received
    assert "あ\0".encode() + bytes.fromhex("3f800000") in received


def test_subjects_left_is_the_avatars_left(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    # In Unity an avatar that looks along +z has its left at -x.
    poses = bones(heard(sent(receiver, make_sample(turned=turn(1, 30)), neck=0.0)))
    x, y, z = rotate(poses["Head"][3:], (0, 0, 1))
    assert (x, y, z) == pytest.approx((-0.5, 0, 0.866), abs=1e-3)
    nod = bones(heard(sent(receiver, make_sample(turned=turn(0, 30)), neck=0.0)))
    assert rotate(nod["Head"][3:], (0, 0, 1))[1] == pytest.approx(-0.5, abs=1e-3)
    tilt = bones(heard(sent(receiver, make_sample(turned=turn(2, 30)), neck=0.0)))
    assert rotate(tilt["Head"][3:], (0, 1, 0))[0] == pytest.approx(0.5, abs=1e-3)


def test_eyes_follow_the_gaze(receiver: socket.socket, make_sample: MakeSample) -> None:
    sample = make_sample()
    sample.gaze[:] = np.radians([[20, 0], [0, 30]])
    poses = bones(heard(sent(receiver, sample)))
    assert rotate(poses["LeftEye"][3:], (0, 0, 1))[1] == pytest.approx(0.342, abs=1e-3)
    assert rotate(poses["RightEye"][3:], (0, 0, 1))[0] == pytest.approx(-0.5, abs=1e-3)


def test_neck_and_head_share_the_rotation(receiver: socket.socket, make_sample: MakeSample) -> None:
    sample = make_sample(turned=-turn(1, 40))  # a quaternion and its negative are one rotation
    poses = bones(heard(sent(receiver, sample, neck=0.25)))
    forward = rotate(poses["Neck"][3:], (0, 0, 1))
    assert forward[0] == pytest.approx(-np.sin(np.radians(10)), abs=1e-4)
    forward = rotate(poses["Neck"][3:], tuple(rotate(poses["Head"][3:], (0, 0, 1))))
    assert forward[0] == pytest.approx(-np.sin(np.radians(40)), abs=1e-4)


def test_bones_can_be_left_out(receiver: socket.socket, make_sample: MakeSample) -> None:
    assert not bones(heard(sent(receiver, make_sample(), bones=False)))


@pytest.mark.parametrize("neck", [-0.1, 1.1, float("nan")])
def test_neck_is_a_share(neck: float) -> None:
    with pytest.raises(SinkError, match=r"neck is .*; it must be a share from 0 to 1"):
        VmcSink(neck=neck)


def test_unknown_mapping_is_an_error() -> None:
    with pytest.raises(MappingError, match="no mapping 'vrm2'"):
        VmcSink(mapping="vrm2")


@pytest.mark.skipif(shutil.which("oscdump") is None, reason="oscdump (liblo-tools) is absent")
def test_liblo_understands_a_frame(receiver: socket.socket, make_sample: MakeSample) -> None:
    host, port = receiver.getsockname()
    receiver.close()
    sink = VmcSink(host, port)
    with subprocess.Popen(
        ["oscdump", "-L", str(port)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = listen(sink, make_sample(jaw_drop=0.5), process)
        process.terminate()
    sink.close()
    assert any(line.split()[1:] == ["/VMC/Ext/OK", "iiii", "1", "3", "0", "1"] for line in lines)
    assert any('/VMC/Ext/Blend/Val sf "JawOpen" 0.5' in line for line in lines)


def listen(sink: VmcSink, sample: Sample, process: subprocess.Popen[str]) -> list[str]:
    """Send until the receiver is up and has printed a whole frame."""
    assert process.stdout is not None
    for _ in range(600):
        sink.send(sample, None)
        if select.select([process.stdout], [], [], 0.05)[0]:
            lines = [process.stdout.readline()]
            while "/Blend/Apply" not in lines[-1]:
                lines.append(process.stdout.readline())
            return lines
    pytest.fail("oscdump printed nothing")


def test_the_root_comes_first_and_is_how_far_the_head_has_moved(
    receiver: socket.socket, make_sample: MakeSample
) -> None:
    sample = make_sample(turned=turn(0, 0))
    sample.head.translation[:] = [0.1, 0.2, -0.5]  # to its left, up, nearer
    messages = heard(sent(receiver, sample))
    placed = [(address, values) for address, values in messages if address.endswith("/Pos")]
    address, root = placed[0]
    assert address == "/VMC/Ext/Root/Pos"
    assert root == ["root", *map(pytest.approx, (-0.1, 0.2, 0.1, 0, 0, 0, 1))]
    still = heard(sent(receiver, sample, move=0))
    assert dict(still)["/VMC/Ext/Root/Pos"] == ["root", 0, 0, 0, 0, 0, 0, 1]
    without = heard(sent(receiver, sample, bones=False))
    assert not any(address.endswith("/Pos") for address, _ in without)


def test_bones_have_the_avatars_own_places(
    receiver: socket.socket, make_sample: MakeSample, tmp_path: Path
) -> None:
    named = {"head": {"node": 1}, "leftEye": {"node": 2}, "rightEye": {"node": 3}}
    nodes = [{}, *({"translation": place} for place in ([0, 0.1, 0.02], [0.03, 0.06, 0.01],
                                                        [-0.03, 0.06, 0.01]))]  # fmt: skip
    avatar = tmp_path / "avatar.gltf"
    avatar.write_text(json.dumps({
        "asset": {"version": "2.0"}, "nodes": nodes,
        "extensions": {"VRMC_vrm": {"specVersion": "1.0", "humanoid": {"humanBones": named}}},
    }))  # fmt: skip
    found = bones(heard(sent(receiver, make_sample(turned=turn(1, 40)), rig=avatar)))
    assert {name: values[:3] for name, values in found.items()} == {
        "Head": pytest.approx([0, 0.1, 0.02]),
        "LeftEye": pytest.approx([-0.03, 0.06, 0.01]),
        "RightEye": pytest.approx([0.03, 0.06, 0.01]),
    }
    half = np.radians(40) / 2  # without a neck, the head turns all the way
    assert found["Head"][3:] == pytest.approx([0, -np.sin(half), 0, np.cos(half)], abs=1e-6)


def test_an_avatar_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RigError, match=r"avatar\.vrm"):
        VmcSink(rig=tmp_path / "avatar.vrm")
