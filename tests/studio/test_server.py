"""Where the page is served, and what its routes answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("nicegui")

from fastapi import FastAPI

from facedrive.errors import SinkError
from facedrive.settings import Settings
from facedrive.studio.desk import Desk
from facedrive.studio.engine import Engine
from facedrive.studio.pictures import small_jpeg
from facedrive.studio.rigs import MAX_PICTURE
from facedrive.studio.server import Door, _add_routes

JPEG = small_jpeg(np.zeros((24, 32, 3), np.uint8), 32, 70)


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    app = FastAPI(openapi_url=None)
    _add_routes(app, Desk(Engine(Settings()), tmp_path))
    return app


def ask(
    app: FastAPI, method: str, path: str, query: str = "", body: bytes = b""
) -> tuple[int, bytes]:
    """Ask an application; return the status and the body of its answer."""
    sent: list[Any] = []
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return given.pop() if given else await asyncio.Event().wait()  # the page stays

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(),
             "headers": [], "app": app}  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:])


@pytest.mark.parametrize(
    ("path", "query", "said"),
    [
        ("/rig.json", "name=/etc/passwd", b"no rig '/etc/passwd'"),
        ("/rig.glb", "name=no.glb", b"no rig 'no.glb'"),
        ("/rig-picture", "name=no.glb", b"no rig 'no.glb'"),
        ("/thumbnail/no", "", b"no take 'no'"),
        ("/export/no.glb", "", b"no export 'no.glb'"),
    ],
)
def test_what_is_not_there_is_said_in_a_line(
    app: FastAPI, path: str, query: str, said: bytes
) -> None:
    status, body = ask(app, "GET", path, query)
    assert status == 404
    assert body.startswith(said)
    assert b"\n" not in body


@pytest.mark.parametrize("body", [b"no picture", b"", JPEG + bytes(MAX_PICTURE)])
def test_a_picture_that_is_none_is_refused(app: FastAPI, body: bytes) -> None:
    assert ask(app, "POST", "/rig-picture", "name=basic", body)[0] == 400
    assert ask(app, "GET", "/rig-picture", "name=basic")[0] == 404


def test_a_rigs_picture_is_kept_and_given_back(app: FastAPI) -> None:
    assert ask(app, "POST", "/rig-picture", "name=basic", JPEG) == (204, b"")
    assert ask(app, "GET", "/rig-picture", "name=basic") == (200, JPEG)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_page_is_served_where_its_address_says(host: str) -> None:
    with Door(host, 0).bind() as listening:
        address, port = listening.getsockname()
    assert address == "127.0.0.1"
    assert Door(host).url(port) == f"http://{host}:{port}/"


def test_a_host_that_is_none_and_a_port_that_is_taken_are_said() -> None:
    with pytest.raises(SinkError, match="no host 'no such host'"):
        Door("no such host").bind()
    with Door(port=0).bind() as listening:
        port = listening.getsockname()[1]
        with pytest.raises(SinkError, match=f"port {port} .* give another port"):
            Door(port=port).bind()
