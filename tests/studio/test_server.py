"""Where the page is served, and what its routes answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("nicegui")

from fastapi import FastAPI

from facedrive.errors import RigError, SinkError
from facedrive.options import changed
from facedrive.settings import Settings
from facedrive.studio.acts import posed
from facedrive.studio.desk import Desk
from facedrive.studio.engine import Engine
from facedrive.studio.pictures import small_jpeg
from facedrive.studio.rigs import MAX_PICTURE
from facedrive.studio.server import Door, _add_routes

JPEG = small_jpeg(np.zeros((24, 32, 3), np.uint8), 32, 70)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(Engine(Settings()), tmp_path)


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    app = FastAPI(openapi_url=None)
    _add_routes(app, desk)
    return app


def ask(
    app: FastAPI,
    method: str,
    path: str,
    query: str = "",
    body: bytes = b"",
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> tuple[int, bytes]:
    """Ask an application; return the status and the body of its answer."""
    sent: list[Any] = []
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return given.pop() if given else await asyncio.Event().wait()  # the page stays

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(),
             "headers": list(headers), "app": app}  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:])


@pytest.mark.parametrize(
    ("path", "query", "said"),
    [
        ("/rig.json", "name=/etc/passwd", b"no rig '/etc/passwd'"),
        ("/rig.glb", "name=no.glb", b"no rig 'no.glb'"),
        ("/rig-picture", "name=no.glb", b"no rig 'no.glb'"),
        ("/thumbnail/no", "", b"no take 'no'"),
        ("/picture/no", "", b"no take 'no'"),
        ("/picture/" + "n" * 10_000, "", b"no take 'nnn"),
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


def test_a_japanese_page_is_told_in_japanese(app: FastAPI) -> None:
    chosen = [(b"cookie", b"fd_language=ja")]
    status, body = ask(app, "GET", "/rig.json", "name=no.glb", headers=chosen)
    assert status == 404
    assert body.decode().endswith(
        "にリグ「no.glb」がありません。先にファイルをページにドロップしてください。"
    )


@pytest.mark.parametrize("body", [b"no picture", b"", JPEG + bytes(MAX_PICTURE)])
def test_a_picture_that_is_none_is_refused(app: FastAPI, body: bytes) -> None:
    assert ask(app, "POST", "/rig-picture", "name=basic", body)[0] == 400
    assert ask(app, "GET", "/rig-picture", "name=basic")[0] == 204


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


class Socket:
    """One end of a page's connection to the feed, as the server sees it."""

    def __init__(self, *, stalled: bool = False) -> None:
        self.sent: list[Any] = []
        self.stalled = stalled
        self.leaving = asyncio.Event()
        self._greeted = False

    async def receive(self) -> Any:
        if not self._greeted:
            self._greeted = True
            return {"type": "websocket.connect"}
        await self.leaving.wait()
        return {"type": "websocket.disconnect", "code": 1001}

    async def send(self, message: Any) -> None:
        if self.stalled and message["type"] == "websocket.send":
            await asyncio.Event().wait()
        self.sent.append(message)

    @property
    def samples(self) -> int:
        return sum(each["type"] == "websocket.send" for each in self.sent)


def connect(app: FastAPI, page: Socket) -> asyncio.Task[None]:
    scope = {"type": "websocket", "path": "/feed", "query_string": b"", "headers": [],
             "subprotocols": [], "app": app}  # fmt: skip
    return asyncio.create_task(app(scope, page.receive, page.send))


async def until(promise: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not promise():
            await asyncio.sleep(0.005)


def test_a_stalled_page_is_dropped_and_another_goes_on(
    desk: Desk, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facedrive.studio.server.SLOW_S", 0.05)
    feed = desk.engine.feed

    async def look() -> None:
        stalled, other = Socket(stalled=True), Socket()
        tasks = [connect(app, stalled), connect(app, other)]
        await until(lambda: feed.watchers == 2)
        for index in range(3):
            feed.send(posed(np.zeros(24, np.float32), index), None)
            await until(lambda wanted=index + 1: other.samples == wanted)
        await until(lambda: {"type": "websocket.close", "code": 1001, "reason": ""} in stalled.sent)
        stalled.leaving.set()
        other.leaving.set()
        await asyncio.gather(*tasks)

    asyncio.run(look())
    assert feed.watchers == 0


def test_a_page_that_goes_and_comes_back_gets_the_newest_sample(desk: Desk, app: FastAPI) -> None:
    feed = desk.engine.feed

    async def look() -> int:
        for _ in range(2):
            page = Socket()
            task = connect(app, page)
            await until(lambda: feed.watchers == 1)
            feed.send(posed(np.zeros(24, np.float32)), None)
            await until(lambda page=page: page.samples == 1)
            page.leaving.set()
            await task
            assert feed.watchers == 0
        return page.samples

    assert asyncio.run(look()) == 1


def test_no_more_pages_are_fed_than_a_computer_bears(
    desk: Desk, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facedrive.studio.server.MAX_WATCHERS", 0)

    async def look() -> list[Any]:
        page = Socket()
        await connect(app, page)
        return page.sent

    assert [each["code"] for each in asyncio.run(look())] == [1013]


def test_the_chosen_rig_is_made_before_a_page_asks_for_it(
    desk: Desk, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.prepare()
    monkeypatch.setattr("facedrive.studio.rigs.load_rig", None)  # it is not read once more
    assert ask(app, "GET", "/rig.glb", "name=basic")[1].startswith(b"glTF")


def test_a_rig_that_cannot_be_made_is_told_to_the_page_that_asks(tmp_path: Path) -> None:
    broken = tmp_path / "broken.glb"
    broken.write_bytes(b"rubbish")
    desk = Desk(Engine(changed(Settings(), "view.rig", broken)), tmp_path / "data")
    desk.prepare()
    with pytest.raises(RigError, match="broken"):
        desk.rig(desk.rig_name)
