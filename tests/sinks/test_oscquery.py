"""OSCQuery: an avatar's parameters are read; a peer that lies, hangs or floods does no harm."""

from __future__ import annotations

import json
import logging
import queue
import socket
import socketserver
import threading
import uuid
from collections.abc import Callable, Iterator

import pytest
import zeroconf

from facedrive.errors import SinkError
from facedrive.sinks import oscquery
from facedrive.sinks.oscquery import (
    AvatarWatch,
    QueryError,
    check_address,
    fetch_parameters,
    find_vrchat,
)

Serve = Callable[..., int]

AVATAR = {
    "FULL_PATH": "/avatar",
    "CONTENTS": {
        "change": {"FULL_PATH": "/avatar/change", "TYPE": "s", "VALUE": ["avtr_1"]},
        "parameters": {
            "FULL_PATH": "/avatar/parameters",
            "CONTENTS": {
                "v2": {
                    "FULL_PATH": "/avatar/parameters/v2",
                    "CONTENTS": {
                        "JawOpen": {"FULL_PATH": "/avatar/parameters/v2/JawOpen", "TYPE": "f"}
                    },
                },
                "Wave": {"FULL_PATH": "/avatar/parameters/Wave", "TYPE": "T"},
            },
        },
    },
}


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that serves raw bytes, again and again if asked; it returns the port."""
    servers: list[socketserver.ThreadingTCPServer] = []
    done = threading.Event()

    def start(*parts: bytes, forever: bool = False, hang: bool = False) -> int:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                try:
                    self.request.recv(65_536)
                    for part in parts:
                        self.request.sendall(part)
                    while forever and not done.is_set():
                        self.request.sendall(parts[-1])
                    if hang:
                        done.wait(30)
                except OSError:
                    pass  # the client has hung up

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

        server = Server(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return int(server.server_address[1])

    yield start
    done.set()
    for server in servers:
        server.shutdown()
        server.server_close()


def answer(tree: object) -> bytes:
    body = json.dumps(tree).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def test_parameters_are_read_with_their_types(serve: Serve) -> None:
    assert fetch_parameters("127.0.0.1", serve(answer(AVATAR))) == {
        "/avatar/change": "s",
        "/avatar/parameters/v2/JawOpen": "f",
        "/avatar/parameters/Wave": "T",
    }


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (b"", "no answer"),
        (b"garbage\r\n\r\n", "no answer"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answers 404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{]}", "no JSON"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe", "no JSON"),
        (answer([1, 2]), "no tree"),
        (answer({"CONTENTS": {"a": 1}}), "no tree"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000, "no JSON"),
    ],
)
def test_answer_that_is_none_is_refused(serve: Serve, reply: bytes, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        fetch_parameters("127.0.0.1", serve(reply))


@pytest.mark.parametrize("path", ["/a/" + "x" * 300, "/avatar/é", "/avatar/\ud800", "/a\nb", 7])
def test_paths_that_are_no_addresses_are_left_out(serve: Serve, path: object) -> None:
    assert fetch_parameters("127.0.0.1", serve(answer({"FULL_PATH": path, "TYPE": "f"}))) == {}


def test_an_endless_answer_is_cut_off(serve: Serve) -> None:
    port = serve(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65_536, forever=True)
    with pytest.raises(QueryError, match="longer than 2 MB"):
        fetch_parameters("127.0.0.1", port)


def test_an_answer_with_endless_nodes_is_refused(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oscquery, "MAX_NODES", 3)
    with pytest.raises(QueryError, match="more than 3 nodes"):
        fetch_parameters("127.0.0.1", serve(answer(AVATAR)))


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def test_a_peer_that_hangs_is_given_up(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(oscquery, "ANSWER_S", 0.2)
    with pytest.raises(QueryError):
        fetch_parameters("127.0.0.1", serve(start, hang=True))


def test_nobody_there_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(QueryError, match="no answer"):
            fetch_parameters(*taken.getsockname())


def test_watch_gives_each_new_answer_once(serve: Serve) -> None:
    watch = AvatarWatch(f"127.0.0.1:{serve(answer(AVATAR))}", every_s=0.01)
    try:
        assert "/avatar/parameters/v2/JawOpen" in watch.found.get(30)
        with pytest.raises(queue.Empty):
            watch.found.get(0.1)
    finally:
        watch.stop()


def test_watch_logs_a_peer_that_fails_once_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        watch = AvatarWatch(f"127.0.0.1:{taken.getsockname()[1]}", every_s=0.01)
        with pytest.raises(queue.Empty):
            watch.found.get(0.2)
        watch.stop()
    assert len(caplog.messages) == 1
    assert "asking again" in caplog.text


@pytest.mark.parametrize("address", ["vrchat", "127.0.0.1:0", "127.0.0.1:x", ":80"])
def test_address_that_is_none_is_an_error(address: str) -> None:
    with pytest.raises(SinkError, match="write auto, or where VRChat answers"):
        check_address(address)


def test_watch_looks_again_where_vrchat_has_moved(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        ports = iter([gone.getsockname()[1], serve(answer(AVATAR))])
        found = lambda stopping, here: f"127.0.0.1:{next(ports)}"  # noqa: E731
        monkeypatch.setattr(oscquery, "find_vrchat", found)
        watch = AvatarWatch("auto", every_s=0.01)
        try:
            assert "/avatar/parameters/v2/JawOpen" in watch.found.get(30)
        finally:
            watch.stop()


def test_a_question_for_this_computer_leaves_no_network_card() -> None:
    with zeroconf.Zeroconf(ip_version=zeroconf.IPVersion.V4Only) as network:
        oscquery._stay_here(network)
        hops = [each.sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL)
                for each in network.engine.senders]  # fmt: skip
    assert hops == [0] * len(hops) != []


def test_only_this_computers_addresses_are_ours() -> None:
    assert oscquery._is_ours("127.0.0.1")
    assert not oscquery._is_ours("203.0.113.7")  # reserved for documents


@pytest.mark.slow
def test_vrchat_is_found_on_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oscquery, "VRCHAT", f"VRChat-Client-{uuid.uuid4().hex[:8]}")
    info = zeroconf.ServiceInfo(
        oscquery.SERVICE,
        f"{oscquery.VRCHAT}.{oscquery.SERVICE}",
        port=52_000,
        addresses=[socket.inet_aton("127.0.0.1")],
    )
    try:
        with zeroconf.Zeroconf() as network:
            network.register_service(info)
            assert find_vrchat(threading.Event()) == "127.0.0.1:52000"
    except (OSError, QueryError) as error:
        pytest.skip(f"this machine has no multicast: {error}")
