"""An application of a project that is asked without a server or a browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("nicegui")

from fastapi import FastAPI

from facedrive.annotate.desk import Desk
from facedrive.annotate.project import Project
from facedrive.studio.annotate.invitations import Team, invite
from facedrive.studio.annotate.routes import add_routes

from ...annotate.conftest import film, made, project, say

__all__ = ["film", "made", "project", "say"]


def ask(
    app: Any, method: str, path: str, query: str = "", body: Any = None, language: str = "en"
) -> tuple[int, bytes]:
    """Ask an application; return the status and the body of its answer."""
    sent: list[Any] = []
    content = b"" if body is None else json.dumps(body).encode()
    given = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> Any:
        return given.pop() if given else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1:8401"), (b"content-type", b"application/json"),
               (b"cookie", f"fd_language={language}".encode())]  # fmt: skip
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(),
             "headers": headers, "app": app}  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:])


@pytest.fixture
def desk(project: Project) -> Iterator[Desk]:
    opened = Desk(project)
    yield opened
    opened.close()


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    app = FastAPI(openapi_url=None)
    add_routes(app, desk)
    return app


@pytest.fixture
def team(desk: Desk, app: FastAPI) -> Callable[..., tuple[int, bytes]]:
    """Ask as somebody: ``team("anna", "GET", path)``; None has no invitation."""
    tokens = invite(desk.project)
    guarded = Team(app, ("127.0.0.1",), tokens)

    def asking(who: str | None, method: str, path: str, query: str = "", body: Any = None) -> Any:
        token = "" if who is None else f"token={tokens.get(who, who)}"
        return ask(guarded, method, path, "&".join(filter(None, (token, query))), body)

    return asking


def folder_of(desk: Desk) -> Path:
    return desk.project.folder
