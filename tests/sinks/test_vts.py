"""VTube Studio: a plug-in that asks once, keeps its token to itself and keeps sending."""

from __future__ import annotations

import json
import logging
import queue
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waiting import eventually

from facedrive.errors import DependencyError, SinkError
from facedrive.mappings import FULL_GAZE_RAD
from facedrive.sinks import vts
from facedrive.sinks.vts import VtsSink, parameters

from .conftest import MakeSample, make, turn

pytest.importorskip("websockets")
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

Json = dict[str, Any]


class Studio:
    """VTube Studio as its documentation has it."""

    def __init__(self, port: int = 0) -> None:
        self.requests: queue.Queue[Json] = queue.Queue()
        self.tokens = {"secret-1"}
        self.allow = True
        self.asked = 0
        self.replies: dict[str, str] = {}
        """Request → a raw answer in place of the documented one."""
        self.parameters = ["FaceAngleX", "MouthOpen", "EyeOpenLeft"]
        self.server: Server = serve(self._attend, "127.0.0.1", port)
        self.port = int(self.server.socket.getsockname()[1])
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()

    def next(self, kind: str) -> Json:
        """Wait for a request of this kind and return its data."""
        while True:
            request = self.requests.get(timeout=30)
            if request["messageType"] == kind:
                data: Json = request["data"]
                return data

    def values(self) -> dict[str, float]:
        data = self.next("InjectParameterDataRequest")
        return {each["id"]: each["value"] for each in data["parameterValues"]}

    def _attend(self, connection: ServerConnection) -> None:
        known = False
        try:
            for text in connection:
                request = json.loads(text)
                assert request["apiName"] == "VTubeStudioPublicAPI"
                assert request["apiVersion"] == "1.0"
                kind, data = request["messageType"], request["data"]
                self.requests.put(request)
                if kind in self.replies:
                    connection.send(self.replies[kind])
                    continue
                if kind == "AuthenticationRequest":
                    known = data["authenticationToken"] in self.tokens
                connection.send(self._reply(kind, data, known))
        except ConnectionClosed:
            pass

    def _reply(self, kind: str, data: Json, known: bool) -> str:
        if kind == "AuthenticationTokenRequest":
            self.asked += 1
            if not self.allow:
                return error(50, "User has denied API access for your plugin.")
            self.tokens.add(f"secret-{self.asked}")
            return answer(kind, authenticationToken=f"secret-{self.asked}")
        if kind == "AuthenticationRequest":
            return answer(kind, authenticated=known, reason="")
        if not known:
            return error(8, "You are not authenticated.")
        if kind == "InputParameterListRequest":
            return answer(kind, defaultParameters=[{"name": name} for name in self.parameters])
        return answer(kind)


def answer(kind: str, **data: object) -> str:
    response = kind.replace("Request", "Response")
    return json.dumps({"apiName": "VTubeStudioPublicAPI", "messageType": response, "data": data})


def error(number: int, message: str) -> str:
    return json.dumps({"messageType": "APIError", "data": {"errorID": number, "message": message}})


@pytest.fixture
def studio() -> Iterator[Studio]:
    running = Studio()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("RETRY_S", "ASK_S"):
        monkeypatch.setattr(vts, name, 0.02)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("platform.system", lambda: "Linux")


@pytest.fixture
def start() -> Iterator[Callable[..., VtsSink]]:
    opened: list[VtsSink] = []

    def open_sink(port: int, **options: Any) -> VtsSink:
        opened.append(VtsSink(port=port, **options))
        return opened[-1]

    yield open_sink
    for sink in opened:
        sink.close()


@pytest.fixture
def token(tmp_path: Path) -> Path:
    return tmp_path / "config" / "facedrive" / "vtube_studio_token"


def test_parameters_are_those_of_its_webcam_tracking() -> None:
    sample = make(
        turned=turn(1, 20), jaw_drop=0.5, left_eye_close=1.0, right_lip_corner_pull=1.0,
        left_brow_raise=1.0, right_brow_lower=0.5, jaw_slide_right=0.25,
    )  # fmt: skip
    sample.gaze[:] = np.array([[0.5, 0], [0, -1.5]]) * FULL_GAZE_RAD
    sample.head.translation[:] = [0.1, -0.05, -0.8]  # to its left, down, away
    assert parameters(sample) == pytest.approx(
        {
            "FacePositionX": 10, "FacePositionY": -5, "FacePositionZ": 20,
            "FaceAngleX": 20, "FaceAngleY": 0, "FaceAngleZ": 0,
            "EyeOpenLeft": 0, "EyeOpenRight": 1,
            "EyeLeftX": 0, "EyeLeftY": 0.5, "EyeRightX": -1, "EyeRightY": 0,
            "BrowLeftY": 1, "BrowRightY": 0.25, "Brows": 0.625,
            "MouthOpen": 0.5, "MouthSmile": 0.75, "MouthX": -0.25,
            "CheekPuff": 0, "FaceAngry": 0.25,
        },
        abs=1e-5,
    )  # fmt: skip


def test_localhost_is_ipv4_whatever_the_hosts_file_says(
    studio: Studio,
    start: Callable[..., VtsSink],
    make_sample: MakeSample,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = socket.getaddrinfo
    only_6 = {"localhost": "::1"}
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: found(only_6.get(host, host), *a, **k)
    )
    sink = start(studio.port, host="localhost")
    sink.send(make_sample(), None)
    assert studio.values()


def test_first_time_the_user_is_asked_and_the_token_kept_for_this_user_only(
    studio: Studio, start: Callable[..., VtsSink], make_sample: MakeSample, token: Path
) -> None:
    studio.tokens.clear()
    sink = start(studio.port)
    sink.send(make_sample(jaw_drop=0.5), None)
    asked = studio.next("AuthenticationTokenRequest")
    assert asked == {"pluginName": "facedrive", "pluginDeveloper": "facedrive"}
    assert studio.next("AuthenticationRequest")["authenticationToken"] == "secret-1"
    assert studio.values()["MouthOpen"] == 0.5
    assert token.read_text() == "secret-1"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert stat.S_IMODE(token.parent.stat().st_mode) == 0o700


def test_next_time_the_kept_token_is_used(
    studio: Studio, start: Callable[..., VtsSink], make_sample: MakeSample, tmp_path: Path
) -> None:
    kept = tmp_path / "mine"
    kept.write_text("secret-1\n")
    start(studio.port, token=kept).send(make_sample(), None)
    assert studio.values()
    assert studio.asked == 0


def test_refused_token_is_asked_for_anew_and_rewritten_privately(
    studio: Studio,
    start: Callable[..., VtsSink],
    make_sample: MakeSample,
    token: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    token.parent.mkdir(parents=True)
    token.write_text("revoked")
    token.chmod(0o644)
    start(studio.port).send(make_sample(), None)
    assert studio.values()
    assert token.read_text() == "secret-1"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert "no longer knows facedrive" in caplog.text
    assert "secret" not in caplog.text


def test_user_who_says_no_ends_this_output_and_is_not_asked_again(
    studio: Studio,
    start: Callable[..., VtsSink],
    make_sample: MakeSample,
) -> None:
    studio.allow = False
    sink = start(studio.port)

    def fails() -> bool:
        try:
            sink.send(make_sample(), None)
        except SinkError as error:
            return "did not allow facedrive" in str(error)
        return False

    assert eventually(fails)
    assert studio.asked == 1


def test_only_parameters_that_it_has_are_sent(
    studio: Studio, start: Callable[..., VtsSink], make_sample: MakeSample
) -> None:
    start(studio.port).send(make_sample(seen=False), None)
    data = studio.next("InjectParameterDataRequest")
    assert {each["id"] for each in data["parameterValues"]} == set(studio.parameters)
    assert (data["faceFound"], data["mode"]) == (False, "set")


def test_last_values_are_repeated_while_no_frame_comes(
    studio: Studio,
    start: Callable[..., VtsSink],
    make_sample: MakeSample,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert vts.REPEAT_S < 1
    monkeypatch.setattr(vts, "REPEAT_S", 0.02)
    start(studio.port).send(make_sample(jaw_drop=0.25), None)
    assert [studio.values()["MouthOpen"] for _ in range(3)] == [0.25] * 3


def test_channels_of_a_table_become_custom_parameters(
    studio: Studio, start: Callable[..., VtsSink], make_sample: MakeSample
) -> None:
    start(studio.port, mapping="arkit").send(make_sample(jaw_drop=0.75), None)
    created = [studio.next("ParameterCreationRequest") for _ in range(52)]
    assert created[17] == {
        "parameterName": "FdJawOpen", "explanation": "facedrive",
        "min": 0, "max": 1, "defaultValue": 0,
    }  # fmt: skip
    assert studio.values()["FdJawOpen"] == 0.75


def test_it_may_start_later_and_restart(
    start: Callable[..., VtsSink], make_sample: MakeSample, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first = Studio()
    port = first.port
    first.close()
    sink = start(port)
    sink.send(make_sample(), None)
    assert eventually(lambda: "trying again" in caplog.text)
    assert caplog.text.count("trying again") == 1
    studio = Studio(port)
    try:
        assert studio.values()
        assert eventually(lambda: "connected" in caplog.text)
    finally:
        studio.close()
    studio = Studio(port)
    try:
        sink.send(make_sample(), None)
        assert studio.values()
    finally:
        studio.close()


@pytest.mark.parametrize(
    "reply",
    ["", "no json", "[]", '{"data": 1}', "[" * 100_000, error(1, "x" * 10_000), answer("x")],
)
def test_peer_that_is_no_vtube_studio_is_tried_again_and_logged_once(
    studio: Studio,
    start: Callable[..., VtsSink],
    make_sample: MakeSample,
    caplog: pytest.LogCaptureFixture,
    reply: str,
) -> None:
    studio.replies["AuthenticationTokenRequest"] = reply
    start(studio.port).send(make_sample(), None)
    for _ in range(3):
        studio.next("AuthenticationTokenRequest")
    assert caplog.text.count("trying again") == 1
    assert len(caplog.text) < 1000


def test_parameter_that_another_plug_in_has_does_not_end_the_session(
    studio: Studio,
    start: Callable[..., VtsSink],
    make_sample: MakeSample,
    caplog: pytest.LogCaptureFixture,
) -> None:
    studio.replies["InjectParameterDataRequest"] = error(454, "controlled by another plugin")
    sink = start(studio.port)
    for index in range(3):
        sink.send(make_sample(index), None)
        studio.values()
    assert studio.asked == 1
    assert caplog.text.count("controlled by another plugin") == 1


def test_a_user_who_does_not_answer_does_not_hold_the_end_up(
    studio: Studio, make_sample: MakeSample, caplog: pytest.LogCaptureFixture
) -> None:
    studio._reply = lambda *_: (time.sleep(0.5), "{}")[1]
    sink = VtsSink(port=studio.port)
    studio.next("AuthenticationTokenRequest")
    sink.close()
    assert "leaving it behind" not in caplog.text


def test_unwritable_folder_is_logged_and_the_run_goes_on(
    studio: Studio,
    start: Callable[..., VtsSink],
    make_sample: MakeSample,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "file").write_text("")
    start(studio.port, token=tmp_path / "file" / "token").send(make_sample(), None)
    assert studio.values()
    assert "cannot be written" in caplog.text


@pytest.mark.parametrize(
    ("channel", "message"),
    [("a b", "takes no parameter 'FdA b'"), ("x" * 31, "2 to 30 letters and digits")],
)
def test_channel_that_it_takes_no_name_of_is_an_error(
    tmp_path: Path, channel: str, message: str
) -> None:
    table = tmp_path / "mine.toml"
    table.write_text(f'[weights]\n"{channel}" = {{ jaw_drop = 1.0 }}\n')
    with pytest.raises(SinkError, match=message):
        VtsSink(mapping=str(table))


def test_port_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(SinkError, match="vts: port 0 does not exist"):
        VtsSink(port=0)


def test_missing_package_is_an_error_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DependencyError, match="websockets is not installed"):
        VtsSink()
