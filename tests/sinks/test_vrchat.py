"""VRChat: the parameters that VRCFaceTracking sends, only what changed, as the avatar declares."""

from __future__ import annotations

import json
import queue
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zeroconf
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message_builder import OscMessageBuilder

from facedrive.errors import MappingError, SinkError
from facedrive.mappings import load_mapping
from facedrive.rotations import EulerDegrees, quaternion_from_euler
from facedrive.sinks import oscquery
from facedrive.sinks.vrcft import COMPUTED, NO_SOURCE
from facedrive.sinks.vrchat import MAX_TARGETS, VrchatSink, native_eyes
from facedrive.types import Sample

from .conftest import MakeSample, datagrams, make, turn

V2 = "/avatar/parameters/v2/"
LOOK = "/tracking/eye/LeftRightPitchYaw"
Send = Callable[[Sample], dict[str, Any]]


@pytest.fixture
def open_sink(receiver: socket.socket) -> Iterator[Callable[..., VrchatSink]]:
    opened: list[VrchatSink] = []

    def start(**options: Any) -> VrchatSink:
        options = {"query": "no", **options}
        opened.append(VrchatSink(*receiver.getsockname(), **options))
        return opened[-1]

    yield start
    for sink in opened:
        sink.close()


@pytest.fixture
def send(receiver: socket.socket, open_sink: Callable[..., VrchatSink]) -> Send:
    """Return a function that sends a sample and returns what arrived, by address."""
    sink = open_sink()

    def send_one(sample: Sample) -> dict[str, Any]:
        sink.send(sample, None)
        return heard(receiver)

    return send_one


def heard(receiver: socket.socket) -> dict[str, Any]:
    received = datagrams(receiver)
    assert all(len(datagram) <= 1472 for datagram in received)
    return {
        message.address: message.params[0] if len(message.params) == 1 else message.params
        for datagram in received
        for message in OscBundle(datagram)
    }


def quiet(receiver: socket.socket) -> bool:
    receiver.setblocking(False)
    try:
        receiver.recv(65_536)
    except BlockingIOError:
        return True
    finally:
        receiver.settimeout(30)
    return False


def test_golden_bytes(receiver: socket.socket, open_sink: Callable[..., VrchatSink]) -> None:
    sink = open_sink(eyes=False)
    sink.send(sample_of(jaw_drop=0.5), None)
    data = b"".join(datagrams(receiver))
    assert data.startswith(b"#bundle\0" + bytes(7) + b"\1")
    jaw = b"/avatar/parameters/v2/JawOpen\0\0\0,f\0\0" + bytes.fromhex("3f000000")
    assert len(jaw).to_bytes(4, "big") + jaw in data
    active = b"/avatar/parameters/LipTrackingActive\0\0\0\0,T\0\0"
    assert len(active).to_bytes(4, "big") + active in data


def test_first_frame_has_every_parameter(send: Send, make_sample: MakeSample) -> None:
    sample = make_sample(1)
    values = send(sample)
    table = load_mapping("unified")
    names = [address.removeprefix(V2) for address in values if address.startswith(V2)]
    assert names == [*table.channels, *COMPUTED]
    expected = table.apply(sample.aus, sample.gaze, sample.extras)
    np.testing.assert_allclose([values[V2 + name] for name in table.channels], expected)
    for name in ("Eye", "Expression", "Lip"):
        assert values[f"/avatar/parameters/{name}TrackingActive"] is True


def test_combined_parameters_are_signed_as_vrcfacetracking_has_them(send: Send) -> None:
    sample = sample_of(
        jaw_slide_left=0.5, jaw_thrust=0.25, left_lip_corner_pull=0.75, right_brow_lower=1.0,
        right_lip_corner_stretch=0.5, left_eye_close=1.0, right_lid_raise=1.0,
    )  # fmt: skip
    values = send(sample)
    expected = {
        "JawX": -0.5, "JawZ": 0.25, "MouthX": 0,
        "SmileFrownLeft": 0.75, "SmileFrownRight": 0, "SmileFrown": 0.375,
        "SmileSadLeft": 0.75, "SmileSadRight": -0.5, "SmileSad": 0.125,
        "MouthSadLeft": 0, "MouthSadRight": 0.5,
        "BrowExpressionLeft": 0, "BrowExpressionRight": -1, "BrowExpression": -0.5,
        "BrowDown": 0.5, "MouthStretch": 0.25, "MouthTightenerStretch": -0.25,
        "MouthTightenerStretchRight": -0.5, "MouthCornerYLeft": 0.75, "MouthCornerY": 0.375,
        "EyeLidLeft": 0, "EyeLidRight": 1.0, "EyeLid": 0.5, "EyeWide": 1.0,
        "EyeOpenLeft": 0, "EyeClosedLeft": 1, "EyeOpen": 0.5, "EyeClosed": 0.5,
    }  # fmt: skip
    assert {name: values[V2 + name] for name in expected} == pytest.approx(expected)


def test_lips_and_cheeks_are_means_of_their_shapes(send: Send) -> None:
    values = send(sample_of(
        lip_pucker=0.5, upper_lip_suck=1.0, cheeks_puff=0.25, nose_wrinkle=1.0,
        upper_lip_raise=0.5, lower_lip_depress=1.0, left_lip_corner_pull=1.0,
        left_brow_raise=1.0,
    ))  # fmt: skip
    expected = {
        "LipPucker": 0.5, "LipPuckerUpper": 0.5, "LipPuckerLeft": 0.5, "LipFunnel": 0,
        "LipSuck": 0.5, "LipSuckUpper": 1, "LipSuckLower": 0, "LipSuckFunnelUpper": 1,
        "LipSuckFunnelUpperRight": 1, "CheekPuffSuck": 0.25, "CheekPuffSuckLeft": 0.25,
        "CheekSuck": 0, "NoseSneer": 1, "MouthUpperUp": 0.5, "MouthLowerDown": 1,
        "MouthOpen": 0.75, "CheekSquint": 0.2, "EyeSquint": 0.6, "EyesSquint": 0.6,
        "BrowUp": 0.5, "BrowInnerUp": 0.5, "BrowOuterUp": 0.5,
    }  # fmt: skip
    assert {name: values[V2 + name] for name in expected} == pytest.approx(expected)


def test_gaze_is_to_the_right_and_up_as_tangents(send: Send) -> None:
    sample = sample_of()
    sample.gaze[:] = np.radians([[10, 20], [30, -40]])
    values = send(sample)
    tangents = np.tan(np.radians([-20, 10, 40, 30]))
    names = ("EyeLeftX", "EyeLeftY", "EyeRightX", "EyeRightY")
    assert [values[V2 + name] for name in names] == pytest.approx(tangents.tolist(), abs=1e-6)
    assert values[V2 + "EyeX"] == pytest.approx((tangents[0] + tangents[2]) / 2, abs=1e-6)
    assert values[V2 + "EyeY"] == pytest.approx((tangents[1] + tangents[3]) / 2, abs=1e-6)


def test_the_head_is_right_down_and_left_shoulder_and_where_it_moved(send: Send) -> None:
    rotation = quaternion_from_euler(EulerDegrees(pitch=9, yaw=18, roll=27))
    sample = sample_of(turned=rotation)
    sample.head.translation[:] = [0.1, 0.2, -0.45]  # to its left, up, nearer
    values = send(sample)
    head = [values[f"{V2}Head/{name}"] for name in ("Yaw", "Pitch", "Roll", "PosX", "PosY", "PosZ")]
    assert head == pytest.approx([-0.2, -0.1, 0.3, -0.2, 0.4, 0.3], abs=1e-5)


def test_all_names_of_vrcfacetracking_5_are_sent_but_those_without_a_source(send: Send) -> None:
    sent = {address.removeprefix(V2) for address in send(sample_of()) if address.startswith(V2)}
    head = {name for name in sent if name.startswith("Head/")}
    assert len(head) == 6
    assert len(sent - head) + len(NO_SOURCE) == 176
    assert not sent & set(NO_SOURCE)


def test_the_guide_lists_what_has_no_source() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "drive" / "vrchat.md").read_text("utf-8")
    listed = " ".join(guide.partition("## What is not sent")[2].split())
    assert all(f"`{name}`" in listed for name in NO_SOURCE)


def test_open_eyes_at_rest_are_three_quarters(send: Send) -> None:
    assert send(sample_of())[V2 + "EyeLidLeft"] == 0.75


def test_eyes_are_degrees_down_and_to_the_right(send: Send) -> None:
    sample = sample_of(left_eye_close=1.0)
    sample.gaze[:] = np.radians([[10, 20], [-5, 15]])
    values = send(sample)
    assert values[LOOK] == pytest.approx([-10, -20, 5, -15], abs=1e-4)
    assert values["/tracking/eye/EyesClosedAmount"] == 0.5


def test_only_what_changed_is_sent(receiver: socket.socket, send: Send) -> None:
    send(sample_of(jaw_drop=0.5))
    changed = send(sample_of(jaw_drop=0.75, time=0.1))
    assert changed == {V2 + "JawOpen": 0.75}


def test_nothing_is_sent_where_nothing_changed(
    receiver: socket.socket, open_sink: Callable[..., VrchatSink]
) -> None:
    sink = open_sink()
    sink.send(sample_of(jaw_drop=0.5), None)
    datagrams(receiver)
    sink.send(sample_of(jaw_drop=0.5001, time=0.1), None)
    assert quiet(receiver)


def test_everything_is_sent_again_after_some_seconds_for_who_starts_late(send: Send) -> None:
    first = send(sample_of(jaw_drop=0.5))
    send(sample_of(jaw_drop=0.6, time=3.0))
    assert send(sample_of(jaw_drop=0.6, time=5.0)).keys() == first.keys()


def test_lost_face_is_said(send: Send) -> None:
    send(sample_of())
    lost = send(sample_of(seen=False, time=0.1))
    assert lost == {
        f"/avatar/parameters/{name}TrackingActive": False for name in ("Eye", "Expression", "Lip")
    }


def test_avatar_change_sends_everything_again(
    receiver: socket.socket, open_sink: Callable[..., VrchatSink]
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sink = open_sink(listen=port)
    sink.send(sample_of(jaw_drop=0.5), None)
    first = heard(receiver)
    change = OscMessageBuilder("/avatar/change")
    change.add_arg("avtr_2")
    receiver.sendto(change.build().dgram, ("127.0.0.1", port))
    sink.send(sample_of(jaw_drop=0.5, time=0.1), None)
    assert heard(receiver) == first
    with pytest.raises(SinkError, match="cannot be listened on"):
        open_sink(listen=port)


@pytest.fixture
def avatar() -> Iterator[Callable[[dict[str, str]], str]]:
    """Return a function that serves an avatar with these parameters, and says where."""
    servers: list[HTTPServer] = []

    def serve(parameters: dict[str, str]) -> str:
        nodes = {f"{i}": {"FULL_PATH": p, "TYPE": t} for i, (p, t) in enumerate(parameters.items())}
        body = json.dumps({"FULL_PATH": "/avatar", "CONTENTS": nodes}).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                assert self.path == "/avatar"
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.02,), daemon=True).start()
        return f"127.0.0.1:{servers[-1].server_address[1]}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def asked(
    receiver: socket.socket,
    open_sink: Callable[..., VrchatSink],
    avatar: Callable[[dict[str, str]], str],
) -> Callable[..., dict[str, Any]]:
    """Return a function that sends a sample to an avatar that has been asked what it takes."""

    def send(sample: Sample, parameters: dict[str, str]) -> dict[str, Any]:
        sink = open_sink(query=avatar(parameters), eyes=False)
        assert sink._watch is not None
        sink._watch.found.put(sink._watch.found.get(30))  # wait until it has been asked
        sink.send(sample, None)
        return heard(receiver)

    return send


def test_avatar_gets_only_what_it_takes_in_its_types(asked: Callable[..., dict[str, Any]]) -> None:
    parameters = {
        "/avatar/change": "s",
        f"{V2}JawOpen": "f",
        f"{V2}MouthClosed": "T",
        "/avatar/parameters/FT/v2/JawLeft": "F",
        f"{V2}BrowUpLeft": "i",
        f"{V2}Tail": "f",
        f"{V2}JawRight": "s",
        "/avatar/parameters/EyeTrackingActive": "T",
        "/elsewhere/v2/JawForward": "f",
    }
    sample = sample_of(jaw_drop=0.5, jaw_slide_left=0.9, left_brow_raise=1.0)
    values = asked(sample, parameters)
    assert values == {
        f"{V2}JawOpen": 0.5,
        f"{V2}MouthClosed": False,
        "/avatar/parameters/FT/v2/JawLeft": True,
        f"{V2}BrowUpLeft": 1,
        "/avatar/parameters/EyeTrackingActive": True,
    }


@pytest.mark.parametrize(
    ("jaw", "bits"),
    [
        (0.0, (0, 0, 0)),
        (0.5, (0, 0, 1)),
        (0.8, (0, 1, 1)),
        (0.999, (1, 1, 1)),
        (1.0, (1, 1, 1)),
        (0.124, (0, 0, 0)),
        (0.126, (1, 0, 0)),
    ],
)
def test_avatar_with_bits_gets_bits(
    asked: Callable[..., dict[str, Any]], jaw: float, bits: tuple[int, ...]
) -> None:
    parameters = {f"{V2}JawOpen{place}": "T" for place in (1, 2, 4)} | {f"{V2}JawOpen16": "T"}
    values = asked(sample_of(jaw_drop=jaw, jaw_thrust=0.1), parameters)
    assert values == {f"{V2}JawOpen{2**i}": bool(bit) for i, bit in enumerate(bits)}


@pytest.mark.parametrize("side", ["left", "right"])
def test_sign_of_a_bit_parameter_is_a_bit_of_its_own(
    asked: Callable[..., dict[str, Any]], side: str
) -> None:
    parameters = {f"{V2}JawX1": "T", f"{V2}JawXNegative": "T"}
    values = asked(sample_of(**{f"jaw_slide_{side}": 1.0}), parameters)
    assert values == {f"{V2}JawX1": True, f"{V2}JawXNegative": side == "left"}


def test_a_negative_value_without_a_bit_for_its_sign_is_all_false(
    asked: Callable[..., dict[str, Any]],
) -> None:
    parameters = {f"{V2}JawX{place}": "T" for place in (1, 2)}
    assert not any(asked(sample_of(jaw_slide_left=1.0), parameters).values())
    assert all(asked(sample_of(jaw_slide_right=1.0), parameters).values())


def test_every_name_is_found_under_a_prefix(asked: Callable[..., dict[str, Any]]) -> None:
    names = [*load_mapping("unified").channels, *COMPUTED]
    parameters = {f"/avatar/parameters/FT/v2/{name}": "f" for name in names}
    parameters |= {"/avatar/parameters/FT/LipTrackingActive": "T"}
    parameters |= {"/avatar/parameters/FT/v2/Head/Yaw1": "T"}
    assert asked(sample_of(jaw_drop=0.5), parameters).keys() == parameters.keys()


@pytest.mark.parametrize(
    ("names", "native"),
    [
        (("v2/JawOpen", "v2/EyeSquintLeft", "Tail"), {"EyesClosedAmount", "LeftRightPitchYaw"}),
        (("v2/EyeLeftX", "v2/EyeLidLeft"), set()),
        (("FT/v2/EyeLeftX1", "FT/v2/EyeLeftXNegative"), {"EyesClosedAmount"}),
        (("FT/v2/EyeLidRight",), {"LeftRightPitchYaw"}),
        (("v2/JawOpen", "LeftEyeX", "CombinedEyeLid"), set()),
    ],
)
def test_native_eyes_only_where_the_avatar_has_none_of_its_own(
    receiver: socket.socket,
    open_sink: Callable[..., VrchatSink],
    avatar: Callable[[dict[str, str]], str],
    names: tuple[str, ...],
    native: set[str],
) -> None:
    parameters = {f"/avatar/parameters/{name}": "f" for name in names}
    sink = open_sink(query=avatar(parameters))
    assert sink._watch is not None
    sink._watch.found.put(sink._watch.found.get(30))
    sink.send(sample_of(), None)
    sent = heard(receiver)
    assert {each for each in sent if each.startswith("/tracking")} == {
        f"/tracking/eye/{name}" for name in native
    }
    assert set(native_eyes(parameters)) == {f"/tracking/eye/{name}" for name in native}


def test_an_avatar_that_claims_too_much_does_not_hold_frames_up(
    asked: Callable[..., dict[str, Any]],
) -> None:
    parameters = {f"/avatar/parameters/{i}/v2/JawOpen": "f" for i in range(2 * MAX_TARGETS)}
    assert len(asked(sample_of(jaw_drop=0.5), parameters)) == MAX_TARGETS


def test_all_is_sent_while_the_avatar_cannot_be_asked(
    receiver: socket.socket, open_sink: Callable[..., VrchatSink]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        sink = open_sink(query=f"127.0.0.1:{taken.getsockname()[1]}")
        sink.send(sample_of(), None)
        assert V2 + "JawOpen" in heard(receiver)


@pytest.mark.slow
def test_by_default_vrchat_is_found_and_its_avatar_asked(
    receiver: socket.socket,
    avatar: Callable[[dict[str, str]], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(oscquery, "VRCHAT", f"VRChat-Client-{uuid.uuid4().hex[:8]}")
    port = int(avatar({"/avatar/parameters/FT/v2/JawOpen": "f"}).rpartition(":")[2])
    name = f"{oscquery.VRCHAT}.{oscquery.SERVICE}"
    address = [socket.inet_aton("127.0.0.1")]
    info = zeroconf.ServiceInfo(oscquery.SERVICE, name, port=port, addresses=address)
    sink = VrchatSink(*receiver.getsockname())
    try:
        with zeroconf.Zeroconf() as network:
            network.register_service(info)
            assert sink._watch is not None
            sink._watch.found.put(sink._watch.found.get(20))
    except (OSError, queue.Empty) as error:
        pytest.skip(f"this machine has no multicast: {error}")
    else:
        sink.send(sample_of(jaw_drop=0.5), None)
        assert heard(receiver) == {
            "/avatar/parameters/FT/v2/JawOpen": 0.5,
            "/tracking/eye/EyesClosedAmount": 0,
            "/tracking/eye/LeftRightPitchYaw": [0, 0, 0, 0],
        }
    finally:
        sink.close()


def test_table_of_another_format_is_an_error() -> None:
    with pytest.raises(MappingError, match="arkit: no unified channel 'eyeBlinkLeft'"):
        VrchatSink(mapping="arkit")


def sample_of(**options: Any) -> Sample:
    """A face with these AUs that looks straight ahead."""
    sample = make(**{"time": 0.0, "turned": turn(0, 0), "jaw_drop": 0.0, **options})
    sample.gaze[:] = 0
    return sample
