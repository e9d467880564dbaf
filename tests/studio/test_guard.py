"""Who is let in: this computer's own pages, and whoever has the token."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("nicegui")

from facedrive.studio.guard import LOOPBACK, Guard, is_own
from facedrive.studio.server import Door

TOKEN = "a-secret-of-sorts"


def ask(
    *,
    host: str = "127.0.0.1:8400",
    token: str = "",
    hosts: tuple[str, ...] = LOOPBACK,
    query: str = "",
    kind: str = "http",
    **headers: str,
) -> dict[str, Any]:
    """Ask a guarded application; return the first message of its answer."""
    sent: list[Any] = []

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    lines = [(b"host", host.encode())]
    lines += [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "headers": lines, "query_string": query.encode()}
    asyncio.run(Guard(inside, hosts, token)(scope, None, send))
    return dict(sent[0]) | {"said": b"".join(each.get("body", b"") for each in sent[1:])}


@pytest.mark.parametrize("host", ["127.0.0.1:8400", "localhost:8400", "[::1]:8400", "localhost"])
def test_this_computers_names_are_let_in(host: str) -> None:
    assert ask(host=host)["status"] == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8400", "", "10.0.0.1"])
def test_another_name_is_refused(host: str) -> None:
    assert ask(host=host)["status"] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999"])
def test_another_sites_page_is_refused(origin: str) -> None:
    assert ask(origin=origin)["status"] == 403
    assert ask(origin="http://127.0.0.1:8400")["status"] == 200


def test_a_websocket_of_another_site_is_closed() -> None:
    answer = ask(kind="websocket", origin="http://evil.example")
    assert (answer["type"], answer["code"]) == ("websocket.close", 1008)


@pytest.mark.parametrize("query", ["", "token=another", "token=%00%C3%A9", "token=%ED%A0%80"])
def test_with_a_token_nobody_comes_in_without_it(query: str) -> None:
    assert ask(token=TOKEN, hosts=(), query=query)["status"] == 401


def test_who_is_refused_is_told_what_to_do_in_the_browsers_language() -> None:
    english = ask(token=TOKEN, hosts=())["said"].decode()
    assert english.startswith("The token is missing or wrong")
    for headers in ({"cookie": "fd_language=ja"}, {"accept-language": "ja"}):
        said = ask(token=TOKEN, hosts=(), **headers)["said"].decode()
        assert said.startswith("トークンがないか、間違っています。facedriveが表示したアドレス")


def test_the_token_of_the_address_is_kept_in_a_cookie_that_no_script_reads() -> None:
    answer = ask(token=TOKEN, hosts=(), query=f"token={TOKEN}")
    assert answer["status"] == 200
    (kept,) = [value.decode() for name, value in answer["headers"] if name == b"set-cookie"]
    assert "HttpOnly" in kept
    assert "SameSite=Strict" in kept
    assert ask(token=TOKEN, hosts=(), cookie=kept.partition(";")[0])["status"] == 200


@pytest.mark.parametrize(
    "token", ["with a space and + &=;", "ひみつの合言葉です", 'quo"ted\\, "%41"']
)
def test_any_token_comes_back_from_the_address_and_the_cookie(token: str) -> None:
    address = Door(token=token).url(8400)
    answer = ask(token=token, hosts=(), query=urlsplit(address).query)
    assert answer["status"] == 200
    (kept,) = [value.decode() for name, value in answer["headers"] if name == b"set-cookie"]
    assert ask(token=token, hosts=(), cookie=kept.partition(";")[0])["status"] == 200


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("::", False)],
)
def test_only_the_loopback_is_this_computer_alone(host: str, own: bool) -> None:
    assert is_own(host) is own


def test_a_cookie_that_is_none_is_no_token() -> None:
    assert ask(token=TOKEN, hosts=(), cookie='"\\')["status"] == 401
