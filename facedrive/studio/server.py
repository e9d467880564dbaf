"""The server of the page: routes for rigs, the feed, thumbnails and OBS, and the NiceGUI page."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import nicegui
import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles

from facedrive.errors import DataError, FacedriveError, RigError, SinkError
from facedrive.sinks.udp import resolve
from facedrive.studio.explain import explain
from facedrive.studio.feed import Feed, Watcher
from facedrive.studio.guard import LOOPBACK, Guard, in_address, is_own
from facedrive.studio.rigs import MAX_PICTURE, OURS
from facedrive.studio.texts import language_of

if TYPE_CHECKING:
    from facedrive.studio.desk import Desk

log = logging.getLogger(__name__)

STATIC = Path(__file__).with_name("static")

THREE = Path(nicegui.__file__).parent / "elements" / "scene" / "dist"
"""Where NiceGUI keeps three.js, as its ES module ``nicegui-scene``."""

MAX_WATCHERS = 16
SLOW_S = 5.0
"""A page that takes nothing for this long is dropped; it comes back by itself."""

AVATAR_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>facedrive avatar</title>
<script type="importmap">{"imports": {"nicegui-scene": "/three/index.js"}}</script>
<style>html,body{margin:0;height:100%;overflow:hidden;background:transparent}
fd-avatar{position:fixed!important;inset:0}.fd-note{font:16px sans-serif;color:#fff;
background:#0009;padding:1em;margin:0;position:relative}</style>
<script type="module">
const query = new URLSearchParams(location.search);
const avatar = document.createElement("fd-avatar");
for (const name of ["rig", "camera", "background"])
  if (query.has(name)) avatar.setAttribute(name, query.get(name));
if (query.get("mirror") === "1") avatar.setAttribute("mirror", "");
await import("/static/avatar.js");
document.body.append(avatar);
</script></head><body></body></html>"""
"""The avatar alone, for OBS's browser source: a picture with a real alpha channel."""


@dataclass(frozen=True)
class Door:
    """Where the page is served, and to whom."""

    host: str = "127.0.0.1"
    port: int = 8400
    token: str = ""
    """What every request must have; empty where none is needed."""

    def bind(self) -> socket.socket:
        """Open the port.

        Raises:
            SinkError: if it is taken, or there is no such address.
        """
        family, address = resolve(self.host, self.port, socket.SOCK_STREAM)
        try:
            return socket.create_server(address, family=family)
        except OSError as error:
            reason = error.strerror or str(error)
            raise SinkError(
                f"studio: port {self.port} on {self.host}: {reason}; give another port, "
                "or port 0 for any that is free."
            ) from error

    def url(self, port: int) -> str:
        """Return the address to open."""
        query = f"/?token={quote(self.token, safe='')}" if self.token else "/"
        return f"http://{in_address(self.host)}:{port}{query}"


def serve(desk: Desk, door: Door, listening: socket.socket) -> None:
    """Serve the page until a signal ends it."""
    server = uvicorn.Server(
        uvicorn.Config(
            build(desk, door), log_level="warning", ws_max_size=1 << 20, lifespan="on",
            timeout_graceful_shutdown=2, access_log=False,
        )
    )  # fmt: skip
    server.run(sockets=[listening])


def build(desk: Desk, door: Door) -> Guard:
    """Return the application, guarded."""
    from facedrive.studio.shell import add_page

    app = FastAPI(openapi_url=None)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.mount("/three", StaticFiles(directory=THREE), name="three")
    _add_routes(app, desk)
    add_page(app, desk)
    hosts = LOOPBACK if is_own(door.host) else ()
    return Guard(app, hosts, door.token)


def _add_routes(app: FastAPI, desk: Desk) -> None:
    app.add_exception_handler(FacedriveError, _say_why)
    _add_rigs(app, desk)
    _add_files(app, desk)
    _add_feed(app, desk.engine.feed)


async def _say_why(request: Request, error: Exception) -> Response:
    """Answer a request that failed: what it asks for is not there, or what it sends is no good."""
    language = language_of(request.cookies, request.headers.get("accept-language", ""))
    said = explain(language, str(error))
    return PlainTextResponse(said, 404 if request.method == "GET" else 400)


def _add_rigs(app: FastAPI, desk: Desk) -> None:
    """Add the avatar alone, and the rigs that it shows."""

    @app.get("/avatar")
    def avatar() -> HTMLResponse:
        return HTMLResponse(AVATAR_PAGE)

    @app.get("/rig.json")
    def rig_about(name: str = OURS) -> Response:
        return Response(desk.rig(name).json, media_type="application/json")

    @app.get("/rig.glb")
    def rig_glb(name: str = OURS) -> Response:
        kept = {"Cache-Control": "private, max-age=86400"}
        return Response(desk.rig(name).glb, media_type="model/gltf-binary", headers=kept)


def _add_files(app: FastAPI, desk: Desk) -> None:
    """Add the pictures of rigs and takes, and what takes were exported to."""

    @app.get("/rig-picture")
    def rig_picture(name: str) -> Response:
        path = desk.gallery.picture(desk.find_rig(name))
        return FileResponse(path) if path is not None else Response(status_code=204)

    @app.post("/rig-picture")
    async def keep_rig_picture(name: str, request: Request) -> Response:
        jpeg = await _body(request, MAX_PICTURE)
        desk.gallery.keep_picture(desk.find_rig(name), jpeg)
        return Response(status_code=204)

    @app.get("/figures")
    def figures() -> dict[str, float]:
        return desk.figures()

    @app.get("/thumbnail/{name}")
    def thumbnail(name: str) -> Response:
        path = desk.library.find(name).thumbnail
        return FileResponse(path) if path.is_file() else Response(status_code=404)

    @app.get("/picture/{name}")
    def picture(name: str) -> Response:
        path = desk.library.find(name).picture
        return FileResponse(path) if path.is_file() else Response(status_code=404)

    @app.get("/export/{name}")
    def export(name: str) -> Response:
        path = desk.library.folder / "exports" / Path(name).name
        if not path.is_file():
            raise DataError(f"no export '{name[:80]}'; export it again.")
        return FileResponse(path, filename=path.name)


def _add_feed(app: FastAPI, feed: Feed) -> None:
    """Add what pages are sent while they look."""

    @app.websocket("/feed")
    async def watch(socket: WebSocket, picture: int = 0) -> None:
        if feed.watchers >= MAX_WATCHERS:
            await socket.close(1013)
            return
        await socket.accept()
        watcher = Watcher(picture=bool(picture))
        feed.attach(watcher)
        sending = asyncio.create_task(_send_all(socket, watcher))
        try:
            while True:
                await socket.receive_text()  # reads on, so that the page's going is noticed
        except (WebSocketDisconnect, RuntimeError, KeyError):
            pass
        finally:
            feed.detach(watcher)
            sending.cancel()


async def _body(request: Request, most: int) -> bytes:
    """Read what a page sends, as far as it is allowed to."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise RigError(f"more than {most} bytes; send a smaller picture.")
    return body


async def _send_all(socket: WebSocket, watcher: Watcher) -> None:
    with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
        while True:
            for message in await watcher.take():
                async with asyncio.timeout(SLOW_S):
                    await socket.send_bytes(message)
    with suppress(RuntimeError):
        await socket.close(1001)
