"""JSON over WebSocket: web pages, OBS browser sources and anything else that can open one.

This output is the server. Every frame is one text message, numbers rounded to 5 places:

    {"time": s, "index": n, "face": true,
     "aus": {"jaw_drop": 0 to 1, ...}, "channels": {"jawOpen": 0 to 1, ...},
     "head": {"rotation": [x, y, z, w], "position": [x, y, z]},
     "gaze": {"left": [pitch, yaw], "right": [pitch, yaw]}}

in the units and axes of ``facedrive.types``; ``channels`` are the mapping's. A client that falls
behind misses frames, one that takes nothing for some seconds is dropped. Browsers say which
site a page is from: only this computer's pages, and sites in ``origins``, are let in.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facedrive.aus import AU_NAMES
from facedrive.errors import SinkError
from facedrive.mappings.table import Mapping, load_mapping
from facedrive.sinks.packages import need
from facedrive.sinks.udp import resolve
from facedrive.threads import Worker
from facedrive.types import Frame, Sample

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

log = logging.getLogger(__name__)

HERE = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?")
"""Origins of pages that this computer serves."""

MAX_CLIENTS = 16
MAX_MESSAGE = 1024
"""Bytes that a client may say; nothing is expected."""

SLOW_S = 5.0
"""A client that takes nothing for this long is dropped."""


@dataclass
class WsSink:
    """Serves every page and program on this computer that connects."""

    host: str = "127.0.0.1"
    port: int = 8765
    mapping: str = "arkit"
    """Channels to send beside the AUs: arkit, unified, vrm0, vrm1, or a TOML file."""
    origins: str = ""
    """Other sites whose pages may connect, such as https://example.org, with commas between."""

    def __post_init__(self) -> None:
        need("websockets", "websocket")
        self._mapping = load_mapping(self.mapping)
        origins = [origin.strip() for origin in self.origins.split(",") if origin.strip()]
        listening = _listen(self.host, self.port)
        self.port = int(listening.getsockname()[1])
        self._server = _Server(listening, origins, self._mapping)
        self._worker = Worker("ws", self._server.run)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Leave one sample for every client."""
        self._server.publish(sample)

    def close(self) -> None:
        """Say goodbye to the clients and stop."""
        self._server.stop()
        self._worker.stop()


class Encoder:
    """Writes samples as messages: a template that takes 0.03 ms to fill."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._template = _template(mapping.channels)

    def encode(self, sample: Sample) -> str:
        """Return the message of a sample."""
        return self._template % (
            sample.time,
            sample.index,
            "true" if sample.face else "false",
            *sample.aus.tolist(),
            *self._mapping.apply(sample.aus, sample.gaze).tolist(),
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
        f'{{"time":%.6f,"index":%d,"face":%s,"aus":{numbers(AU_NAMES)},'
        f'"channels":{numbers(channels)},"head":{head},"gaze":{gaze}}}'
    )


class _Client:
    """What one client has still to be sent: the newest message, or none."""

    def __init__(self) -> None:
        self._message: str | None = None
        self._changed = asyncio.Event()

    def put(self, message: str) -> None:
        self._message = message
        self._changed.set()

    async def get(self) -> str:
        await self._changed.wait()
        self._changed.clear()
        assert self._message is not None
        return self._message


class _Server:
    """The thread's side: an event loop with a task a client."""

    def __init__(self, listening: socket.socket, origins: list[str], mapping: Mapping) -> None:
        self._listening = listening
        self._origins = origins
        self._encoder = Encoder(mapping)
        self._clients: set[_Client] = set()
        self._newest: Sample | None = None
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
            self._newest = sample
            if self._loop is not None and not self._waking:
                self._waking = True
                self._loop.call_soon_threadsafe(self._wake)

    def stop(self) -> None:
        """Let ``run`` return."""
        with self._lock:
            if self._loop is not None and self._stop is not None:
                self._loop.call_soon_threadsafe(self._stop.set)

    def _wake(self) -> None:
        with self._lock:
            self._waking = False
        self._deliver(self._clients)

    def _deliver(self, clients: set[_Client]) -> None:
        """Give clients the newest sample; without clients nothing is encoded."""
        if self._newest is None or not clients:
            return
        message = self._encoder.encode(self._newest)
        for client in clients:
            client.put(message)

    async def _serve(self, stopping: threading.Event) -> None:
        from websockets.asyncio.server import serve

        with self._lock:
            self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
        if stopping.is_set():
            return
        async with serve(
            self._attend,
            sock=self._listening,
            origins=[None, HERE, *self._origins],  # type: ignore[list-item]
            compression=None,  # on this computer it costs more than it saves
            max_size=MAX_MESSAGE,
            close_timeout=1,
            logger=_quiet(),
        ):
            await self._stop.wait()

    async def _attend(self, connection: ServerConnection) -> None:
        """Send to one client until it goes, or takes nothing."""
        if len(self._clients) >= MAX_CLIENTS:
            await connection.close(1013, "too many clients")
            return
        client = _Client()
        self._clients.add(client)
        self._deliver({client})
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
                message = await client.get()
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
