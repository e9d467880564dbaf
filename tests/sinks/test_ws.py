"""WebSocket: JSON that browsers read, for who may have it; who does not take it is dropped."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waiting import eventually

from facedrive.aus import AU_NAMES
from facedrive.errors import DependencyError, SinkError
from facedrive.extras import EXTRA_NAMES, complete
from facedrive.mappings import load_mapping
from facedrive.sinks import ws
from facedrive.sinks.ws import WsSink

from .conftest import MakeSample

pytest.importorskip("websockets")
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect


@pytest.fixture
def serve() -> Iterator[Callable[..., WsSink]]:
    opened: list[WsSink] = []

    def start(**options: Any) -> WsSink:
        opened.append(WsSink(port=0, **options))
        return opened[-1]

    yield start
    for sink in opened:
        sink.close()


def client(sink: WsSink, origin: str | None = None, path: str = "") -> ClientConnection:
    return connect(
        f"ws://127.0.0.1:{sink.port}{path}",
        origin=origin,
        proxy=None,
        ping_interval=None,  # some tests leave one open, whose pings would disturb later ones
    )


def hear(connection: ClientConnection) -> dict[str, Any]:
    message = json.loads(connection.recv(30))
    assert isinstance(message, dict)
    return message


def test_a_frame_is_one_json_message(serve: Callable[..., WsSink], make_sample: MakeSample) -> None:
    sink, sample = serve(), make_sample(7)
    with client(sink) as connection:
        sink.send(sample, None)
        message = hear(connection)
    keys = ["time", "index", "person", "face", "aus", "extras", "channels", "head", "gaze"]
    assert list(message) == keys
    assert (message["index"], message["face"]) == (7, True)
    assert message["time"] == pytest.approx(7 / 30, abs=1e-6)
    assert tuple(message["aus"]) == AU_NAMES
    np.testing.assert_allclose(list(message["aus"].values()), sample.aus, atol=1e-5)
    assert tuple(message["extras"]) == EXTRA_NAMES
    extras = complete(sample.extras, sample.aus)
    np.testing.assert_allclose(list(message["extras"].values()), extras, atol=1e-5)
    table = load_mapping("arkit")
    assert tuple(message["channels"]) == table.channels
    expected = table.apply(sample.aus, sample.gaze, sample.extras)
    np.testing.assert_allclose(list(message["channels"].values()), expected, atol=1e-5)
    np.testing.assert_allclose(message["head"]["rotation"], sample.head.rotation, atol=1e-5)
    np.testing.assert_allclose(message["head"]["position"], sample.head.translation, atol=1e-5)
    np.testing.assert_allclose(
        [message["gaze"]["left"], message["gaze"]["right"]], sample.gaze, atol=1e-5
    )


def test_mapping_chooses_the_channels(
    serve: Callable[..., WsSink], make_sample: MakeSample
) -> None:
    sink = serve(mapping="vrm1")
    sink.send(make_sample(seen=False), None)
    with client(sink) as connection:
        message = hear(connection)
    assert "blinkLeft" in message["channels"]
    assert message["face"] is False


def test_who_comes_later_gets_the_newest_frame_at_once(
    serve: Callable[..., WsSink], make_sample: MakeSample
) -> None:
    sink = serve()
    for index in range(3):
        sink.send(make_sample(index), None)
    with client(sink) as connection:
        assert hear(connection)["index"] == 2


def test_every_client_gets_every_frame_it_has_time_for(
    serve: Callable[..., WsSink], make_sample: MakeSample
) -> None:
    sink = serve()
    with client(sink) as first, client(sink) as second:
        for index in range(3):
            sink.send(make_sample(index), None)
            assert hear(first)["index"] == hear(second)["index"] == index


@pytest.mark.parametrize(
    "origin",
    [None, "http://localhost:8000", "http://127.0.0.1", "https://[::1]:1", "https://mine.example"],
)
def test_pages_from_here_and_from_named_sites_are_let_in(
    serve: Callable[..., WsSink], make_sample: MakeSample, origin: str | None
) -> None:
    sink = serve(origins="https://other.example, https://mine.example")
    sink.send(make_sample(), None)
    with client(sink, origin) as connection:
        assert hear(connection)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost:80@evil.example",
        "null",
    ],
)
def test_other_sites_are_refused(serve: Callable[..., WsSink], origin: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        client(serve(), origin)


@pytest.mark.parametrize("origin", ["null", "file://", "http://absolute"])
def test_pages_of_obs_and_from_files_are_let_in_by_the_token(
    serve: Callable[..., WsSink], make_sample: MakeSample, tmp_path: Path, origin: str
) -> None:
    kept = tmp_path / "token"
    token = ws.make_token(kept)
    assert kept.stat().st_mode & 0o777 == 0o600
    sink = serve(token=kept)
    sink.send(make_sample(), None)
    with client(sink, origin, f"/?token={token}") as connection:
        assert hear(connection)
    for path in ("/", "/?token=", "/?token=x", f"/?token={token}x", f"/{token}", "/?token=%ff"):
        with pytest.raises(InvalidStatus, match="403"):
            client(sink, origin, path)


def test_a_token_that_nobody_made_opens_nothing(
    serve: Callable[..., WsSink], tmp_path: Path
) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        client(serve(token=tmp_path / "none"), "null", "/?token=None")


def test_a_page_that_is_refused_is_told_of_once_with_what_to_do(
    serve: Callable[..., WsSink], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sink = serve(token=tmp_path / "none")
    for origin in ("https://mine.example", "null") * 2:
        with pytest.raises(InvalidStatus):
            client(sink, origin)
    assert caplog.messages == [
        "ws: a page from https://mine.example was refused; "
        "?origins=https://mine.example lets it in",
        "ws: a page from null was refused; "
        "have it connect to the address that facedrive outputs ws prints",
    ]


def test_the_token_stays_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    note = WsSink.note()
    assert note == WsSink.note()
    assert f"ws://127.0.0.1:8765/?token={ws.make_token(ws.token_file())}" in note


def test_client_that_stops_reading_is_dropped_and_others_go_on(
    serve: Callable[..., WsSink],
    make_sample: MakeSample,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(ws, "SLOW_S", 0.2)
    monkeypatch.setattr(ws.Encoder, "encode", lambda _, sample: f"{sample.index:0300000d}")
    sink = serve()
    with socket.create_connection(("127.0.0.1", sink.port)) as stuck, client(sink) as good:
        stuck.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        index = 0
        while "takes nothing; dropped" not in caplog.text:
            index += 1
            sink.send(make_sample(index), None)
            assert int(good.recv(30)[-9:]) == index
            assert index < 100_000
    assert caplog.text.count("dropped") == 1


def test_client_that_vanishes_is_forgotten(
    serve: Callable[..., WsSink], make_sample: MakeSample, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    sink = serve()
    connection = client(sink)
    assert eventually(lambda: "a client has come, 1 now" in caplog.text)
    connection.socket.close()
    assert eventually(lambda: "a client has gone, 0 now" in caplog.text)
    sink.send(make_sample(), None)


def test_client_that_talks_too_much_is_shown_out(serve: Callable[..., WsSink]) -> None:
    with client(serve()) as connection, pytest.raises(ConnectionClosed):
        connection.send("x" * 100_000)
        connection.recv(30)


def test_there_are_only_so_many_clients(
    serve: Callable[..., WsSink], make_sample: MakeSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ws, "MAX_CLIENTS", 1)
    sink = serve()
    sink.send(make_sample(), None)
    with client(sink) as first:
        assert hear(first)
        with client(sink) as second, pytest.raises(ConnectionClosed, match="too many clients"):
            second.recv(30)


def test_close_says_goodbye_and_frees_the_port(make_sample: MakeSample) -> None:
    sink = WsSink(port=0)
    with client(sink) as connection:
        sink.close()
        with pytest.raises(ConnectionClosed):
            connection.recv(30)
    sink.send(make_sample(), None)  # does nothing
    again = WsSink(port=sink.port)
    again.close()


def test_port_in_use_is_an_error_that_says_so(serve: Callable[..., WsSink]) -> None:
    with pytest.raises(SinkError, match=r"ws: port \d+ of 127.0.0.1 cannot be listened on"):
        WsSink(port=serve().port)


def test_address_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(SinkError, match="port 70000 does not exist"):
        WsSink(port=70_000)
    with pytest.raises(SinkError, match=r"no-such-host.invalid cannot be listened on"):
        WsSink("no-such-host.invalid")


def test_missing_package_is_an_error_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DependencyError, match=r"websockets is not installed; .*\[websocket\]"):
        WsSink(port=0)
