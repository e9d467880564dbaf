"""Datagrams go out; a network that fails is logged once and sending goes on."""

from __future__ import annotations

import errno
import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from facedrive.errors import SinkError
from facedrive.sinks.udp import STEADY, UdpSender, resolve


class ScriptedSocket:
    """A socket whose calls fail as told."""

    def __init__(self) -> None:
        self.connect_errors: list[int] = []
        self.send_errors: list[int] = []
        self.sent: list[bytes] = []

    def __call__(self, *args: object) -> ScriptedSocket:
        return self

    def setsockopt(self, *args: object) -> None:
        pass

    def setblocking(self, blocking: bool) -> None:
        assert not blocking

    def close(self) -> None:
        pass

    def connect(self, address: object) -> None:
        self._fail_as_told(self.connect_errors)

    def send(self, datagram: bytes) -> None:
        self._fail_as_told(self.send_errors)
        self.sent.append(datagram)

    @staticmethod
    def _fail_as_told(errors: list[int]) -> None:
        if errors and (code := errors.pop(0)):
            raise OSError(code, os.strerror(code))


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedSocket:
    fake = ScriptedSocket()
    monkeypatch.setattr("facedrive.sinks.udp.socket.socket", fake)
    return fake


def test_datagrams_arrive(receiver: socket.socket) -> None:
    sender = UdpSender(*receiver.getsockname())
    for datagram in (b"one", bytearray(b"two"), memoryview(b"three")):
        sender.send(datagram)
    assert [receiver.recv(100) for _ in range(3)] == [b"one", b"two", b"three"]
    sender.close()


def test_nobody_listening_is_logged_once(
    receiver: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = receiver.getsockname()
    receiver.close()
    sender = UdpSender(host, port)
    for _ in range(50):
        sender.send(b"anyone?")
    sender.close()
    assert caplog.messages in (
        [],  # a system that does not report refusals
        [f"udp 127.0.0.1:{port}: nobody is listening; sending goes on"],
    )


def test_datagram_that_met_an_old_refusal_still_goes_out(scripted: ScriptedSocket) -> None:
    scripted.send_errors = [0, errno.ECONNREFUSED, 0, errno.ECONNREFUSED, 0]
    sender = UdpSender("127.0.0.1", 9)
    for datagram in (b"1", b"2", b"3"):
        sender.send(datagram)
    assert scripted.sent == [b"1", b"2", b"3"]


@pytest.mark.parametrize(
    "code", [errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EMSGSIZE, errno.EAGAIN, errno.EPERM]
)
def test_sending_goes_on_through_any_network_error(
    scripted: ScriptedSocket, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    caplog.set_level(logging.INFO)
    scripted.send_errors = [0, *[code] * 10]
    sender = UdpSender("127.0.0.1", 9)
    for _ in range(11 + STEADY):
        sender.send(b"x")
    assert len(scripted.sent) == 1 + STEADY
    assert len(caplog.messages) == 2
    assert caplog.messages[0].startswith("udp 127.0.0.1:9: ")
    assert caplog.messages[1] == "udp 127.0.0.1:9: reached again"


def test_network_that_is_down_at_the_start_is_tried_again(
    scripted: ScriptedSocket, caplog: pytest.LogCaptureFixture
) -> None:
    scripted.connect_errors = [errno.ENETUNREACH] * 5
    sender = UdpSender("127.0.0.1", 9)
    for _ in range(8):
        sender.send(b"x")
    assert len(scripted.sent) == 3
    assert caplog.messages == [
        "udp 127.0.0.1:9: the network is down or has no way there; sending goes on"
    ]


def test_a_flapping_network_is_one_line(
    scripted: ScriptedSocket, caplog: pytest.LogCaptureFixture
) -> None:
    scripted.send_errors = [errno.ENETUNREACH, 0, 0] * 100
    sender = UdpSender("127.0.0.1", 9)
    for _ in range(300):
        sender.send(b"x")
    assert len(caplog.messages) == 1


def test_datagram_too_large_for_udp_is_logged_and_lost(
    receiver: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    sender = UdpSender(*receiver.getsockname())
    sender.send(bytes(70_000))
    sender.send(b"small")
    assert receiver.recv(100) == b"small"
    assert "the datagram is too large" in caplog.text
    sender.close()


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".example"])
def test_host_without_an_address_is_an_error(host: str) -> None:
    with pytest.raises(SinkError, match=f"no host '{host}'; check the name"):
        UdpSender(host, 9000)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_port_that_does_not_exist_is_an_error(port: int) -> None:
    with pytest.raises(SinkError, match=f"port {port} of 127.0.0.1 does not exist"):
        UdpSender("127.0.0.1", port)


def addresses(*found: str) -> Callable[..., list[Any]]:
    """Stand in for the resolver: every name has these addresses, whatever the hosts file says."""

    def look_up(name: str, port: int, **_: object) -> list[Any]:
        given = [name] if name[0].isdigit() or ":" in name else found
        kinds = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(kinds[":" in each], socket.SOCK_DGRAM, 17, "", (each, port)) for each in given]

    return look_up


def test_localhost_is_ipv4_whatever_the_hosts_file_says(
    receiver: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facedrive.sinks.udp.socket.getaddrinfo", addresses("::1"))
    for name in ("localhost", "LocalHost."):
        sender = UdpSender(name, receiver.getsockname()[1])
        sender.send(b"here")
        assert receiver.recv(100) == b"here"
        sender.close()


def test_a_name_with_both_kinds_of_address_is_reached_by_ipv4(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("facedrive.sinks.udp.socket.getaddrinfo", addresses("::1", "127.0.0.2"))
    assert resolve("studio", 9000) == (socket.AF_INET, ("127.0.0.2", 9000))


@pytest.mark.slow
def test_a_names_new_address_is_used_within_two_seconds(
    receiver: socket.socket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("facedrive.sinks.udp.socket.getaddrinfo", addresses("127.0.0.9"))
    sender = UdpSender("studio", receiver.getsockname()[1])
    sender.send(b"lost")
    monkeypatch.setattr("facedrive.sinks.udp.socket.getaddrinfo", addresses("127.0.0.1"))
    receiver.setblocking(False)
    deadline = time.monotonic() + 2
    heard = b""
    while not heard and time.monotonic() < deadline:
        sender.send(b"found")
        time.sleep(0.02)
        with suppress(BlockingIOError):
            heard = receiver.recv(100)
    sender.close()
    assert heard == b"found"
    assert f"udp {sender.name}: its address is now 127.0.0.1" in caplog.text


class Moved(ScriptedSocket):
    """Sockets of a computer whose own address changes: one that is connected keeps the old one."""

    here = "192.0.2.1"
    opened = 0

    def __call__(self, *args: object) -> Moved:
        self.opened += 1
        made = Moved()
        made.here = self.here
        made.sent = self.sent
        return made

    def __enter__(self) -> Moved:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def getsockname(self) -> tuple[str, int]:
        return self.here, 1


def test_a_new_address_of_this_computer_is_used_within_two_seconds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    times = iter(np.arange(0.0, 100.0, 0.4))
    monkeypatch.setattr("facedrive.sinks.udp.now", lambda: next(times))
    system = Moved()
    monkeypatch.setattr("facedrive.sinks.udp.socket.socket", system)
    sender = UdpSender("203.0.113.7", 9000)
    sender.send(b"x")
    before = sender._socket
    system.here = "192.0.2.2"
    for _ in range(4):
        sender.send(b"x")
    assert sender._socket is not before
    assert sender._socket.getsockname()[0] == "192.0.2.2"
    assert caplog.messages == ["udp 203.0.113.7:9000: this computer's address is now 192.0.2.2"]


def test_a_socket_whose_address_is_gone_is_replaced(scripted: ScriptedSocket) -> None:
    scripted.send_errors = [0, errno.EINVAL, 0]
    scripted.connect_errors = [0, 0]
    sender = UdpSender("127.0.0.1", 9)
    for _ in range(3):
        sender.send(b"x")
    assert len(scripted.sent) == 2
    assert scripted.connect_errors == []  # connected again
