"""Commands from outside the process: ctl's lines and OSC's messages, and those that are refused."""

from __future__ import annotations

import json
import math
import socket
import stat
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from pythonosc.udp_client import SimpleUDPClient
from waiting import eventually

from facedrive.errors import FacedriveError, SinkError
from facedrive.files import user_cache_folder
from facedrive.live import Status
from facedrive.outputs import OutputState
from facedrive.remote import ctl, listen
from facedrive.remote import osc as osc_module
from facedrive.settings import ControlOptions


class Callee:
    """Takes note of what is asked of it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[str]]] = []

    def call(self, name: str, words: Sequence[str] = ()) -> object:
        if name == "fail":
            raise FacedriveError("it cannot be done.")
        self.calls.append((name, list(words)))
        return {"latency_ms": float("nan"), "path": Path("x")}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def send_line(port: int, line: bytes) -> dict[str, object]:
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(line)
        answer: dict[str, object] = json.loads(connection.makefile("rb").readline())
        return answer


def test_a_command_reaches_the_run_and_its_answer_comes_back() -> None:
    callee = Callee()
    with ctl.serve(callee):
        assert ctl.ask("set", ["a", "b"]) == {"latency_ms": None, "path": "x"}
    assert callee.calls == [("set", ["a", "b"])]


def test_how_outputs_stand_is_told_by_name() -> None:
    state = OutputState(1, "ws://127.0.0.1:8765", "sending", "", "nobody has connected yet", 7)
    status = Status(True, False, True, 7, math.nan, "fixed", False, "", "", (state,))
    assert ctl.plain(status)["outputs"] == [{
        "number": 1, "name": "ws://127.0.0.1:8765", "state": "sending", "error": "",
        "trouble": "nobody has connected yet", "sent": 7,
    }]  # fmt: skip
    assert ctl.plain(status)["latency_ms"] is None


def test_an_error_comes_back_as_one() -> None:
    with ctl.serve(Callee()), pytest.raises(FacedriveError, match="it cannot be done"):
        ctl.ask("fail", [])


def test_the_token_is_the_users_alone_and_goes_with_the_run() -> None:
    with ctl.serve(Callee()):
        (path,) = (user_cache_folder() / "runs").glob("ctl-*.json")
        if sys.platform != "win32":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"rubbish\n", "no question"),
        (b"[1]\n", "no question"),
        (b"[" * 60_000 + b"\n", "no question"),
        (b"x" * 100_000 + b"\n", "no question"),
        (b'{"token": "guessed", "command": "stop"}\n', "the token is not"),
        (b'{"command": "stop"}\n', "the token is not"),
    ],
)
def test_who_does_not_know_the_token_is_refused(line: bytes, said: str) -> None:
    callee = Callee()
    with ctl.serve(callee) as port:
        assert said in str(send_line(port, line)["error"])
    assert not callee.calls


def test_words_that_are_no_texts_are_refused() -> None:
    callee = Callee()
    with ctl.serve(callee) as port:
        (path,) = (user_cache_folder() / "runs").glob("ctl-*.json")
        token = json.loads(path.read_text())["token"]
        question = {"token": token, "command": "set", "words": [1, None]}
        assert "texts" in str(send_line(port, json.dumps(question).encode() + b"\n")["error"])
    assert not callee.calls


def test_without_a_run_it_is_said() -> None:
    with pytest.raises(FacedriveError, match="no facedrive runs; start one"):
        ctl.ask("status", [])


def test_a_run_that_was_killed_is_forgotten(tmp_path: Path) -> None:
    folder = user_cache_folder() / "runs"
    folder.mkdir(parents=True)
    (folder / "ctl-1.json").write_text('{"pid": 999999999, "port": 1, "token": "x"}')
    (folder / "ctl-2.json").write_text("torn")
    with pytest.raises(FacedriveError, match="no facedrive runs"):
        ctl.ask("status", [])
    assert not list(folder.iterdir())


def test_of_several_runs_one_is_chosen() -> None:
    with ctl.serve(Callee()):
        folder = user_cache_folder() / "runs"
        (mine,) = folder.glob("ctl-*.json")
        other = json.loads(mine.read_text()) | {"pid": 1}
        (folder / "ctl-1.json").write_text(json.dumps(other))
        with pytest.raises(FacedriveError, match=r"several runs.*by its pid"):
            ctl.ask("status", [])
        assert ctl.ask("status", [], pid=1)


def test_a_folder_that_cannot_be_written_does_not_stop_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with listen(Callee(), ControlOptions()):
        assert "facedrive ctl does not reach this run" in caplog.text


def test_an_osc_message_is_a_command(caplog: pytest.LogCaptureFixture) -> None:
    callee = Callee()
    with osc_module.serve_osc(callee, 0) as port, ExitStack() as stack:
        client = stack.enter_context(SimpleUDPClient("127.0.0.1", port))
        client.send_message("/facedrive/control/fail", [])
        client.send_message("/facedrive/other", 1)
        client.send_message("/facedrive/control/set", ["smoothing.aus.beta", 2.0])
        client.send_message("/facedrive/control/pause", True)
        assert eventually(lambda: len(callee.calls) == 2 and caplog.text)
    assert sorted(callee.calls) == [("pause", ["True"]), ("set", ["smoothing.aus.beta", "2"])]
    assert "it cannot be done" in caplog.text


def test_osc_listens_on_the_loopback_only() -> None:
    with (
        osc_module.serve_osc(Callee(), 0) as port,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        other.bind(("127.0.0.2", port))  # free: the server does not have every address


def test_a_port_that_is_taken_is_told() -> None:
    with (
        osc_module.serve_osc(Callee(), 0) as port,
        pytest.raises(SinkError, match=f"OSC control on port {port}: it cannot be listened on"),
        osc_module.serve_osc(Callee(), port),
    ):
        pass
