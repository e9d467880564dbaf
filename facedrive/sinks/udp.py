"""Datagrams to one host and from anywhere; the network may come and go, sending goes on."""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

from facedrive.errors import SinkError
from facedrive.threads import Worker, now

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often names and the way to a host are looked at."""

KEPT = (errno.ECONNREFUSED, errno.EMSGSIZE, errno.EAGAIN, errno.ENOBUFS)
"""Errors that another socket would have too."""

STEADY = 60
"""Datagrams in a row without an error before the address counts as reached again."""

REASONS = {
    errno.ECONNREFUSED: "nobody is listening",
    errno.ENETUNREACH: "the network is down or has no way there",
    errno.EHOSTUNREACH: "the host cannot be reached",
    errno.EMSGSIZE: "the datagram is too large",
}


class UdpSender:
    """Sends without waiting; errors are logged when they begin and when they end.

    A name is looked up again every second, in a thread, and the way to a host beyond this computer
    is looked at as often: a new address of either end is used from then on.
    """

    def __init__(self, host: str, port: int) -> None:
        if not 0 < port < 65536:
            raise SinkError(f"port {port} of {host} does not exist; give one from 1 to 65535.")
        self.host = host
        self.name = f"{host}:{port}"
        self._port = port
        self._target = resolve(host, port)
        self._socket = self._open()
        self._connected: Target | None = None
        self._failing: int | None = None  # the errno it fails with
        self._failing_since = 0.0
        self._steady = 0
        self._looked = now()
        self._names = None if is_address(host) else Worker(f"address of {host}", self._look_up)

    @property
    def trouble(self) -> str:
        """Why what is sent does not arrive; empty where it does, or nobody says."""
        return "" if self._failing is None else reason_of(self._failing)

    @property
    def failing_s(self) -> float:
        """For how long it has failed, seconds; 0 while what is sent is taken."""
        return 0.0 if self._failing is None else now() - self._failing_since

    def send(self, datagram: bytes | bytearray | memoryview) -> None:
        """Send one datagram, or lose it."""
        try:
            if now() - self._looked >= LOOK_S:
                self._look_at_the_way()
            self._transmit(datagram)
        except OSError as error:
            self._note_failure(error)
            if error.errno not in KEPT:
                self._renew()
        else:
            self._note_success()

    def close(self) -> None:
        """Close the socket."""
        if self._names is not None:
            self._names.stop()
        self._socket.close()

    def _open(self) -> socket.socket:
        opened = socket.socket(self._target.family, socket.SOCK_DGRAM)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        opened.setblocking(False)
        return opened

    def _renew(self) -> None:
        """Take another socket: a connected one keeps this computer's address of then."""
        self._socket.close()
        self._socket = self._open()
        self._connected = None

    def _look_at_the_way(self) -> None:
        """Renew the socket where a new one would have another address of this computer."""
        self._looked = now()
        if self._connected and not is_loopback(self._target.address[0]):
            with self._open() as probe:
                probe.connect(self._target.address)
                ours = probe.getsockname()[0]
            if ours != self._socket.getsockname()[0]:
                log.info("udp %s: this computer's address is now %s", self.name, ours)
                self._renew()

    def _look_up(self, stopping: threading.Event) -> None:
        """Look the name up again and again; what is sent next goes to its newest address."""
        while not stopping.wait(LOOK_S):
            try:
                found = resolve(self.host, self._port)
            except SinkError as error:
                log.debug("udp %s: %s", self.name, error)
                continue
            if found != self._target:
                log.info("udp %s: its address is now %s", self.name, found.address[0])
                self._target = found

    def _transmit(self, datagram: bytes | bytearray | memoryview) -> None:
        target = self._target
        if self._connected != target:
            if self._connected:
                self._renew()
            self._socket.connect(target.address)
            self._connected = target
        try:
            self._socket.send(datagram)
        except ConnectionRefusedError as error:
            # The system reports it of an earlier datagram; this one has not gone out yet.
            self._note_failure(error)
            self._socket.send(datagram)

    def _note_failure(self, error: OSError) -> None:
        self._steady = 0
        if self._failing is None:
            self._failing_since = now()
        if error.errno != self._failing:
            self._failing = error.errno
            log.warning("udp %s: %s; sending goes on", self.name, reason_of(error.errno or 0))

    def _note_success(self) -> None:
        if self._failing is None:
            return
        self._steady += 1
        if self._steady == STEADY:
            self._failing = None
            log.info("udp %s: reached again", self.name)


def reason_of(number: int) -> str:
    """Return what a failure means, by its errno."""
    return REASONS.get(number) or os.strerror(number)


class OverUdp:
    """What outputs share that send to one address: why nothing arrives there, and the end."""

    _udp: UdpSender

    @property
    def trouble(self) -> str:
        """Why what is sent does not arrive; empty where it does, or nobody says."""
        return self._udp.trouble

    def close(self) -> None:
        """Close the socket."""
        self._udp.close()


class UdpReceiver:
    """Takes what has come to a port, without waiting."""

    AT_ONCE = 16
    """Datagrams taken in one go, so that a flood cannot hold a frame up."""

    def __init__(self, host: str, port: int) -> None:
        """Listen at an address; port 0 is any that is free.

        Raises:
            SinkError: if there is no such host, or another program has the port.
        """
        family, address = resolve(host, port)
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


class Target(NamedTuple):
    """Where datagrams go."""

    family: int
    address: tuple[Any, ...]
    """As the socket takes it, the host's address first."""


def resolve(host: str, port: int, kind: int = socket.SOCK_DGRAM) -> Target:
    """Return where a host is, by IPv4 where it can be.

    Raises:
        SinkError: if there is no such host.
    """
    try:
        found = socket.getaddrinfo(reached_by(host), port, type=kind)
    except (socket.gaierror, UnicodeError) as error:
        raise SinkError(f"no host '{host}'; check the name, or give its address.") from error
    targets = [Target(family, address) for family, _, _, _, address in found]
    return next((each for each in targets if each.family == socket.AF_INET), targets[0])


def reached_by(host: str) -> str:
    """Return the host; for ``localhost`` 127.0.0.1, whatever the hosts file says."""
    return "127.0.0.1" if host.rstrip(".").lower() == "localhost" else host


def is_loopback(address: str) -> bool:
    """Say whether what is sent to an address stays on this computer."""
    return address.startswith("127.") or address == "::1"


def is_address(host: str) -> bool:
    """Say whether a host is given by its address, or is this one, and no name can change it."""
    try:
        ipaddress.ip_address(reached_by(host))
    except ValueError:
        return False
    return True
