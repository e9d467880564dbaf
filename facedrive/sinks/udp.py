"""Datagrams to one address and from anywhere; the network may come and go, sending goes on."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Iterator

from facedrive.errors import SinkError

log = logging.getLogger(__name__)

STEADY = 60
"""Datagrams in a row without an error before the address counts as reached again."""

REASONS = {
    errno.ECONNREFUSED: "nobody is listening",
    errno.ENETUNREACH: "the network is down or has no way there",
    errno.EHOSTUNREACH: "the host cannot be reached",
    errno.EMSGSIZE: "the datagram is too large",
}


class UdpSender:
    """Sends without waiting; errors are logged when they begin and when they end."""

    def __init__(self, host: str, port: int) -> None:
        if not 0 < port < 65536:
            raise SinkError(f"port {port} of {host} does not exist; give one from 1 to 65535.")
        self.host = host
        self.name = f"{host}:{port}"
        family, self._address = _resolve(host, port)
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._socket.setblocking(False)
        self._connected = False
        self._failing: int | None = None  # the errno it fails with
        self._steady = 0

    def send(self, datagram: bytes | bytearray | memoryview) -> None:
        """Send one datagram, or lose it."""
        try:
            self._transmit(datagram)
        except OSError as error:
            self._note_failure(error)
        else:
            self._note_success()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _transmit(self, datagram: bytes | bytearray | memoryview) -> None:
        if not self._connected:
            self._socket.connect(self._address)
            self._connected = True
        try:
            self._socket.send(datagram)
        except ConnectionRefusedError as error:
            # The system reports it of an earlier datagram; this one has not gone out yet.
            self._note_failure(error)
            self._socket.send(datagram)

    def _note_failure(self, error: OSError) -> None:
        self._steady = 0
        if error.errno != self._failing:
            self._failing = error.errno
            reason = REASONS.get(error.errno or 0, error.strerror)
            log.warning("udp %s: %s; sending goes on", self.name, reason)

    def _note_success(self) -> None:
        if self._failing is None:
            return
        self._steady += 1
        if self._steady == STEADY:
            self._failing = None
            log.info("udp %s: reached again", self.name)


class UdpReceiver:
    """Takes what has come to a port, without waiting."""

    AT_ONCE = 16
    """Datagrams taken in one go, so that a flood cannot hold a frame up."""

    def __init__(self, host: str, port: int) -> None:
        """Listen at an address; port 0 is any that is free.

        Raises:
            SinkError: if there is no such host, or another program has the port.
        """
        family, address = _resolve(host, port)
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.bind(address)
        except OSError as error:
            self._socket.close()
            raise SinkError(
                f"port {port} of {host} cannot be listened on: {error.strerror}; end the program "
                "that has it, or give another port."
            ) from error
        self.port = int(self._socket.getsockname()[1])

    def take(self) -> Iterator[tuple[bytes, str]]:
        """Yield the datagrams that have come, each with the host that sent it."""
        for _ in range(self.AT_ONCE):
            try:
                datagram, sender = self._socket.recvfrom(65_536)
            except BlockingIOError:
                return
            except OSError as error:  # Windows reports that nobody takes what we sent
                log.debug("udp port %d: %s", self.port, error)
                return
            yield datagram, sender[0]

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def _resolve(host: str, port: int) -> tuple[int, tuple[object, ...]]:
    """Return the address family and the address of a host."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (socket.gaierror, UnicodeError) as error:
        raise SinkError(f"no host '{host}'; check the name, or give its address.") from error
    family, _, _, _, address = found[0]
    return family, address


def is_loopback(host: str) -> bool:
    """Say whether what is sent to a host stays on this computer."""
    _, (address, *_) = _resolve(host, 1)
    return str(address).startswith("127.") or address == "::1"
