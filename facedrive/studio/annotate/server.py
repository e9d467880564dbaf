"""The server of a project's pages: the routes, the avatar's rig, and who is let in."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import uvicorn
from fastapi import FastAPI, Response
from fastapi.staticfiles import StaticFiles

from facedrive.annotate.desk import Desk
from facedrive.assembly import load_rig
from facedrive.studio.annotate.invitations import Team
from facedrive.studio.annotate.page import add_pages
from facedrive.studio.annotate.routes import add_routes
from facedrive.studio.guard import LOOPBACK, Guard, is_own
from facedrive.studio.rigs import Packed, pack
from facedrive.studio.server import STATIC, THREE


def serve(
    desk: Desk, host: str, tokens: Mapping[str, str] | None, listening: socket.socket
) -> None:
    """Serve a project until a signal ends it; ``tokens`` by name where it is for a team."""
    server = uvicorn.Server(
        uvicorn.Config(
            build(desk, host, tokens), log_level="warning", ws_max_size=1 << 20, lifespan="on",
            timeout_graceful_shutdown=2, access_log=False,
        )
    )  # fmt: skip
    server.run(sockets=[listening])


def build(desk: Desk, host: str, tokens: Mapping[str, str] | None) -> Guard:
    """Return the application, guarded."""
    app = FastAPI(openapi_url=None)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.mount("/three", StaticFiles(directory=THREE), name="three")
    add_routes(app, desk)
    _add_rig(app)
    add_pages(app, desk, tokens)
    hosts = LOOPBACK if is_own(host) else ()
    return Guard(app, hosts, "") if tokens is None else Team(app, hosts, tokens)


def _add_rig(app: FastAPI) -> None:
    """Add the avatar's rig: the one that ships."""
    packed: list[Packed] = []

    def ours() -> Packed:
        if not packed:
            packed.append(pack(load_rig(None)))
        return packed[0]

    @app.get("/rig.json")
    def about() -> Response:
        return Response(ours().json, media_type="application/json")

    @app.get("/rig.glb")
    def glb() -> Response:
        kept = {"Cache-Control": "private, max-age=86400"}
        return Response(ours().glb, media_type="model/gltf-binary", headers=kept)
