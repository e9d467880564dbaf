"""Datagrams go out; a network that fails is logged once and sending goes on."""

from __future__ import annotations

import errno
import logging
import os
import socket

import pytest

from facedrive.errors import SinkError
from facedrive.sinks.udp import STEADY, UdpSender


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
