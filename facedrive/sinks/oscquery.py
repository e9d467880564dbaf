"""OSCQuery: ask VRChat over HTTP which parameters the avatar takes, without trusting the answer.

Proposal: "OSCQuery" (Vidvox). ``GET /avatar`` answers a tree of nodes in JSON, each with
FULL_PATH, and TYPE (OSC type tags) or CONTENTS (its children).
"""

from __future__ import annotations

import http.client
import json
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from facedrive.errors import SinkError
from facedrive.sinks.udp import reached_by
from facedrive.threads import Mailbox, Worker

if TYPE_CHECKING:
    import zeroconf

log = logging.getLogger(__name__)

SERVICE = "_oscjson._tcp.local."
VRCHAT = "VRChat-Client"
"""How the name of VRChat's service begins."""

MAX_BYTES = 2 << 20
"""Avatars' answers are some 100 kB."""

MAX_PATH = 255

MAX_NODES = 50_000
ANSWER_S = 5.0
"""An answer that takes longer in all is given up, however lively it drips."""

Parameters = dict[str, str]
"""Address → OSC type tags."""


class QueryError(Exception):
    """The peer cannot be asked, or its answer is no answer."""


@dataclass
class AvatarWatch:
    """Asks every few seconds, in a thread, and leaves each new answer in ``found``."""

    address: str
    """``host:port``, or ``auto`` to look for VRChat."""
    here: bool = True
    """Look for it on this computer only; nothing then leaves it."""
    every_s: float = 5.0
    found: Mailbox[Parameters] = field(default_factory=Mailbox, init=False)

    def __post_init__(self) -> None:
        self._last: Parameters | None = None
        self._failing = False
        self._where: str | None = None if self.address == "auto" else self.address
        self._worker = Worker("oscquery", self._run)

    def stop(self) -> None:
        """Ask no more."""
        self._worker.stop()

    def _run(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            self._ask(stopping)
            stopping.wait(self.every_s)

    def _ask(self, stopping: threading.Event) -> None:
        try:
            self._where = self._where or find_vrchat(stopping, self.here)
            parameters = fetch_parameters(*_split(self._where))
        except QueryError as error:
            if not self._failing and not stopping.is_set():
                log.warning("oscquery %s: %s; asking again", self.address, error)
            self._failing = True
            if self.address == "auto":
                self._where = None
            return
        if self._failing:
            log.info("oscquery %s: answers again", self.address)
        self._failing = False
        if parameters != self._last:
            self._last = parameters
            self.found.put(parameters)


def fetch_parameters(host: str, port: int) -> Parameters:
    """Ask which parameters the avatar takes.

    Raises:
        QueryError: no answer, one that is too slow or too long, or none that is a tree of nodes.
    """
    try:
        tree = json.loads(_get(host, port, "/avatar"))
    except (ValueError, RecursionError) as error:
        raise QueryError(f"its answer is no JSON: {error}") from error
    return dict(_leaves(tree))


def find_vrchat(stopping: threading.Event, here: bool = True) -> str:
    """Look for VRChat for a few seconds, on this computer or on the network; gives ``host:port``.

    Raises:
        QueryError: if it is not there.
    """
    import zeroconf

    names: list[str] = []
    seen = threading.Event()

    def note(name: str, state_change: zeroconf.ServiceStateChange, **_: object) -> None:
        if state_change is zeroconf.ServiceStateChange.Added and name.startswith(VRCHAT):
            names.append(name)
            seen.set()

    try:
        with zeroconf.Zeroconf(ip_version=zeroconf.IPVersion.V4Only) as network:
            if here:
                _stay_here(network)
            browser = zeroconf.ServiceBrowser(network, SERVICE, handlers=[note])
            for _ in range(30):
                if stopping.is_set() or seen.wait(0.1):
                    break
            info = network.get_service_info(SERVICE, names[0], 1000) if names else None
            browser.cancel()
    except OSError as error:
        raise QueryError(f"the network cannot be searched: {error.strerror}") from error
    addresses = info.parsed_addresses(zeroconf.IPVersion.V4Only) if info else []
    reached = [each for each in addresses if not here or _is_ours(each)]
    if info is None or not reached or not info.port:
        raise QueryError(f"VRChat is not on {'this computer' if here else 'the network'}, "
                         "or its OSC is off")  # fmt: skip
    return f"{reached[0]}:{info.port}"


def _stay_here(network: zeroconf.Zeroconf) -> None:
    """Have questions reach this computer's programs only: a hop count of 0 leaves no card."""
    for sender in network.engine.senders:
        sender.sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)


def _is_ours(address: str) -> bool:
    """Say whether an address is one of this computer's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _get(host: str, port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_S)
    try:
        connection.connect()
        deadline = threading.Timer(ANSWER_S, _hang_up, [connection.sock])
        deadline.daemon = True
        deadline.start()
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            if response.status != http.client.OK:
                raise QueryError(f"it answers {response.status}")
            body = response.read(MAX_BYTES + 1)
        finally:
            deadline.cancel()
    except (OSError, http.client.HTTPException) as error:
        raise QueryError(f"no answer ({error or type(error).__name__})") from error
    finally:
        connection.close()
    if len(body) > MAX_BYTES:
        raise QueryError(f"its answer is longer than {MAX_BYTES >> 20} MB")
    return body


def _hang_up(peer: socket.socket) -> None:
    try:
        peer.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        log.debug("oscquery: already closed: %s", error)


def _leaves(tree: Any) -> Iterator[tuple[str, str]]:
    """Yield address and type tags of every node that has them."""
    waiting = [tree]
    for _ in range(MAX_NODES):
        if not waiting:
            return
        node = waiting.pop()
        if not isinstance(node, dict):
            raise QueryError("its answer is no tree of OSC nodes")
        path, types, contents = (node.get(key) for key in ("FULL_PATH", "TYPE", "CONTENTS"))
        if isinstance(path, str) and isinstance(types, str) and _is_address(path):
            yield path, types
        if isinstance(contents, dict):
            waiting.extend(contents.values())
    raise QueryError(f"its answer has more than {MAX_NODES} nodes")


def _is_address(path: str) -> bool:
    return path.isascii() and path.isprintable() and len(path) <= MAX_PATH


def check_address(address: str) -> None:
    """Say whether ``AvatarWatch`` could ask there, before anything is opened.

    Raises:
        SinkError: if it is neither ``auto`` nor ``host:port``.
    """
    if address != "auto":
        _split(address)


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise SinkError(
            f"vrchat: query is '{address}'; write auto, or where VRChat answers, such as "
            "127.0.0.1:52000."
        )
    return reached_by(host), int(port)
