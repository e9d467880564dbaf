"""JSON over WebSocket: web pages, OBS browser sources and anything else that can open one.

This output is the server. Every frame is one text message, numbers rounded to 5 places:

    {"time": s, "index": n, "person": 1, "face": true,
     "aus": {"jaw_drop": 0 to 1, ...}, "extras": {"left_mouth_frown": 0 to 1, ...},
     "channels": {"jawOpen": 0 to 1, ...},
     "head": {"rotation": [x, y, z, w], "position": [x, y, z]},
     "gaze": {"left": [pitch, yaw], "right": [pitch, yaw]}}

in the units and axes of ``facedrive.types``; ``channels`` are the mapping's. A client that falls
behind misses frames, one that takes nothing for some seconds is dropped. Browsers say which
site a page is from: only this computer's pages, sites in ``origins``, and pages whose URL has the
token are let in. A page opened as a file, or OBS's own local page, is from no site: it needs the
token, which ``facedrive outputs ws`` prints.
"""

from __future__ import annotations

import asyncio
import hmac
import http
import json
import logging
import re
import secrets
import socket
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qsl, urlsplit

from facedrive.aus import AU_NAMES
from facedrive.errors import SinkError
from facedrive.extras import EXTRA_NAMES, complete
from facedrive.files import user_config_folder
from facedrive.mappings.table import Mapping, load_mapping
from facedrive.sinks.packages import need
from facedrive.sinks.secrets import MAX_TOKEN, read_secret, write_secret
from facedrive.sinks.udp import resolve
from facedrive.threads import Worker
from facedrive.types import Frame, Sample

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

log = logging.getLogger(__name__)

HERE = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?")
"""Origins of pages that this computer serves."""

OBS_FILE = "http://absolute"
"""Where OBS says that a local file is from; other browsers say ``null`` or ``file://``."""

FILE_ADVICE = "have it connect to the address that facedrive outputs ws prints"

MAX_CLIENTS = 16
MAX_TOLD = 20
"""Sites that are told of; a page that tries many names fills no log."""

MAX_MESSAGE = 1024
"""Bytes that a client may say; nothing is expected."""

SLOW_S = 5.0
"""A client that takes nothing for this long is dropped."""


@dataclass
class WsSink:
    """Serves every page and program on this computer that connects."""

    tcp: ClassVar = True
    everyone: ClassVar = True

    host: str = "127.0.0.1"
    port: int = 8765
    mapping: str = "arkit"
    """Channels to send beside the AUs: arkit, unified, vrm0, vrm1, or a TOML file."""
    origins: str = ""
    """Other sites whose pages may connect, such as https://example.org, with commas between."""
    token: Path | None = None
    """File that keeps the token of pages without a site; left out: one in your configuration
    folder."""

    def __post_init__(self) -> None:
        need("websockets", "websocket")
        self._mapping = load_mapping(self.mapping)
        origins = [origin.strip() for origin in self.origins.split(",") if origin.strip()]
        listening = _listen(self.host, self.port)
        self.port = int(listening.getsockname()[1])
        door = Door(origins, self.token or token_file())
        self._server = _Server(listening, door, self._mapping)
        self._worker = Worker("ws", self._server.run)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Leave one sample for every client."""
        self._server.publish(sample)

    @property
    def trouble(self) -> str:
        """Why nothing arrives: nobody is there; empty where somebody is."""
        return "" if self._server.clients else "nobody has connected yet"

    def close(self) -> None:
        """Say goodbye to the clients and stop."""
        self._server.stop()
        self._worker.stop()

    @staticmethod
    def note() -> str:
        """Return the address for pages without a site; the token is made the first time."""
        token = make_token(token_file())
        return f"pages of OBS and from files: ws://127.0.0.1:{WsSink.port}/?token={token}"


def token_file() -> Path:
    """Return where the token is kept unless the URL says otherwise."""
    return user_config_folder() / "websocket_token"


def make_token(path: Path) -> str:
    """Return the token that a file keeps; make one where there is none."""
    token = read_secret(path, MAX_TOKEN)
    if token is None:
        token = secrets.token_urlsafe(24)
        write_secret(path, token)
    return token


class Door:
    """Says who may connect, and tells once of each site that may not."""

    def __init__(self, origins: Iterable[str], token: Path) -> None:
        self._origins = frozenset(origins)
        self._token = token
        self._told: set[str] = set()

    def lets_in(self, origins: Sequence[str], path: str) -> bool:
        """Say whether a client with these Origin headers and this path may connect."""
        if not origins:  # a program; browsers always say where a page is from
            return True
        if len(origins) == 1 and (HERE.fullmatch(origins[0]) or origins[0] in self._origins):
            return True
        if self._has_token(path):
            return True
        self._tell(origins[0])
        return False

    def _has_token(self, path: str) -> bool:
        given = dict(parse_qsl(urlsplit(path).query)).get("token", "")
        token = read_secret(self._token, MAX_TOKEN) if given else None
        return token is not None and hmac.compare_digest(given.encode(), token.encode())

    def _tell(self, origin: str) -> None:
        if origin in self._told or len(self._told) >= MAX_TOLD:
            return
        self._told.add(origin)
        site = origin.startswith(("http://", "https://")) and origin != OBS_FILE
        advice = f"?origins={origin:.100} lets it in" if site else FILE_ADVICE
        log.warning("ws: a page from %.100s was refused; %s", origin, advice)


class Encoder:
    """Writes samples as messages: a template that takes 0.03 ms to fill."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._template = _template(mapping.channels)

    def encode(self, sample: Sample) -> str:
        """Return the message of a sample."""
        extras = complete(sample.extras, sample.aus)
        return self._template % (
            sample.time,
            sample.index,
            sample.person,
            "true" if sample.face else "false",
            *sample.aus.tolist(),
            *extras.tolist(),
            *self._mapping.apply(sample.aus, sample.gaze, extras).tolist(),
            *sample.head.rotation.tolist(),
            *sample.head.translation.tolist(),
            *sample.gaze.ravel().tolist(),
        )


def _template(channels: tuple[str, ...]) -> str:
    def numbers(names: tuple[str, ...]) -> str:
        keys = (json.dumps(name).replace("%", "%%") for name in names)
        return "{" + ",".join(f"{key}:%.5f" for key in keys) + "}"

    def row(count: int) -> str:
        return "[" + ",".join(["%.5f"] * count) + "]"

    head = f'{{"rotation":{row(4)},"position":{row(3)}}}'
    gaze = f'{{"left":{row(2)},"right":{row(2)}}}'
    return (
        f'{{"time":%.6f,"index":%d,"person":%d,"face":%s,"aus":{numbers(AU_NAMES)},'
        f'"extras":{numbers(EXTRA_NAMES)},"channels":{numbers(channels)},"head":{head},"gaze":{gaze}}}'
    )


class _Client:
    """What one client has still to be sent: the newest message of each person, or none."""

    def __init__(self) -> None:
        self._messages: dict[int, str] = {}
        self._changed = asyncio.Event()

    def put(self, messages: dict[int, str]) -> None:
        self._messages |= messages
        self._changed.set()

    async def get(self) -> list[str]:
        await self._changed.wait()
        self._changed.clear()
        messages = self._messages
        self._messages = {}
        return list(messages.values())


class _Server:
    """The thread's side: an event loop with a task a client."""

    def __init__(self, listening: socket.socket, door: Door, mapping: Mapping) -> None:
        self._listening = listening
        self._door = door
        self._encoder = Encoder(mapping)
        self._clients: set[_Client] = set()
        self._newest: dict[int, Sample] = {}
        """By person."""
        self._fresh: set[int] = set()
        """The people of whom there is something new."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._lock = threading.Lock()
        self._waking = False

    def run(self, stopping: threading.Event) -> None:
        """Serve until stopped."""
        try:
            asyncio.run(self._serve(stopping))
        finally:
            with self._lock:
                self._loop = None
            self._listening.close()

    def publish(self, sample: Sample) -> None:
        """Leave a sample for the clients, in place of one not yet taken; never waits."""
        with self._lock:
            self._newest[sample.person] = sample
            self._fresh.add(sample.person)
            if self._loop is not None and not self._waking:
                self._waking = True
                self._loop.call_soon_threadsafe(self._wake)

    @property
    def clients(self) -> int:
        """How many there are."""
        return len(self._clients)

    def stop(self) -> None:
        """Let ``run`` return."""
        with self._lock:
            if self._loop is not None and self._stop is not None:
                self._loop.call_soon_threadsafe(self._stop.set)

    def _wake(self) -> None:
        with self._lock:
            self._waking = False
            fresh, self._fresh = self._fresh, set()
            newest = [self._newest[person] for person in sorted(fresh)]
        self._deliver(self._clients, newest)

    def _deliver(self, clients: set[_Client], samples: list[Sample]) -> None:
        """Give clients the newest samples; without clients nothing is encoded."""
        if not samples or not clients:
            return
        messages = {each.person: self._encoder.encode(each) for each in samples}
        for client in clients:
            client.put(messages)

    async def _serve(self, stopping: threading.Event) -> None:
        from websockets.asyncio.server import serve

        with self._lock:
            self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
        if stopping.is_set():
            return
        async with serve(
            self._attend,
            sock=self._listening,
            process_request=self._admit,
            compression=None,  # on this computer it costs more than it saves
            max_size=MAX_MESSAGE,
            close_timeout=1,
            logger=_quiet(),
        ):
            await self._stop.wait()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse who may not connect."""
        if self._door.lets_in(request.headers.get_all("Origin"), request.path):
            return None
        return connection.respond(http.HTTPStatus.FORBIDDEN, "This page may not connect.\n")

    async def _attend(self, connection: ServerConnection) -> None:
        """Send to one client until it goes, or takes nothing."""
        if len(self._clients) >= MAX_CLIENTS:
            await connection.close(1013, "too many clients")
            return
        client = _Client()
        self._clients.add(client)
        with self._lock:
            newest = list(self._newest.values())
        self._deliver({client}, newest)
        log.info("ws: a client has come, %d now", len(self._clients))
        sending = asyncio.create_task(self._send_all(connection, client))
        try:
            async for _ in connection:
                pass  # reads on, so that the client's going is noticed
        finally:
            sending.cancel()
            self._clients.discard(client)
            log.info("ws: a client has gone, %d now", len(self._clients))

    async def _send_all(self, connection: ServerConnection, client: _Client) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                for message in await client.get():
                    async with asyncio.timeout(SLOW_S):
                        await connection.send(message)
        except TimeoutError:
            log.warning("ws: a client takes nothing; dropped")
            connection.transport.abort()
        except ConnectionClosed:
            return


def _listen(host: str, port: int) -> socket.socket:
    """Open the port now, so that one in use is known before the first frame."""
    if not 0 <= port < 65536:
        raise SinkError(f"ws: port {port} does not exist; give one from 1 to 65535.")
    try:
        family, address = resolve(host, port, socket.SOCK_STREAM)
        return socket.create_server(address[:2], family=family)
    except (OSError, SinkError) as error:
        raise SinkError(
            f"ws: port {port} of {host} cannot be listened on: {error}; end the program that has "
            "it, or give another port."
        ) from error


def _quiet() -> logging.Logger:
    """Return the package's logger, without its line a connection."""
    logger = logging.getLogger("websockets.facedrive")
    logger.setLevel(logging.CRITICAL)
    return logger
