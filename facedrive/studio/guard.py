"""Who may open the page: this computer's own browser, or whoever has the token.

Every request is checked before anything else sees it. The Host must be this server's, so that no
other site's name can be made to point here (DNS rebinding); where a browser says which site a
request comes from (Origin), it must be this one. With a token, a request without it is refused.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from facedrive.studio.explain import explain
from facedrive.studio.texts import language_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "facedrive_token"

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""This computer's own names, as they stand in an address."""

REFUSED = {
    403: "This address is not the studio's own: open http://127.0.0.1 and the port it printed.",
    401: "The token is missing or wrong: open the address that facedrive printed, or was sent you.",
}


class Guard:
    """Wraps an ASGI application, and lets in what may come in."""

    def __init__(self, app: App, hosts: tuple[str, ...], token: str) -> None:
        """Guard ``app``.

        Args:
            app: What is guarded.
            hosts: Names, without a port, by which it may be called; empty where any may be.
            token: What a request must have; empty where none is needed.
        """
        self._app, self._hosts, self._token = app, hosts, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        status = self._judge(scope, headers)
        if status:
            language = language_of(_cookies(headers), headers.get(b"accept-language", ""))
            await _refuse(scope, send, status, explain(language, REFUSED[status]))
        elif self._token and _asked(scope):
            await self._app(scope, receive, _with_cookie(send, _asked(scope)))
        else:
            await self._app(scope, receive, send)

    def _judge(self, scope: Scope, headers: dict[bytes, str]) -> int:
        """Return the status that a request is refused with, or 0."""
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        if self._hosts and _name(host) not in self._hosts:
            return 403
        if origin is not None and urlsplit(origin).netloc != host:
            return 403
        if self._token and not self._knows(token_of(scope, headers)):
            return 401
        return 0

    def _knows(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(errors="replace"), self._token)


def in_address(host: str) -> str:
    """Return a host as it stands in an address."""
    return f"[{host}]" if ":" in host else host


def is_own(host: str) -> bool:
    """Say whether who listens on this host is reached by this computer alone."""
    return in_address(host) in LOOPBACK


def _name(host: str) -> str:
    """Return a Host without its port."""
    return host[: host.index("]") + 1] if host.startswith("[") and "]" in host else (
        host.partition(":")[0])  # fmt: skip


def token_of(scope: Scope, headers: dict[bytes, str]) -> str:
    """Return the token that a request has, in its address or as a cookie; empty where none."""
    return _asked(scope) or _cookie(headers)


def _asked(scope: Scope) -> str:
    query = parse_qs(str(scope.get("query_string", b""), "latin-1"))
    return query.get("token", [""])[0]


def _cookie(headers: dict[bytes, str]) -> str:
    return unquote(_cookies(headers).get(COOKIE, ""))


def _cookies(headers: dict[bytes, str]) -> dict[str, str]:
    try:
        cookies = SimpleCookie(headers.get(b"cookie", ""))
    except CookieError:
        return {}
    return {name: each.value for name, each in cookies.items()}


def _with_cookie(send: Send, token: str) -> Send:
    """Let the browser keep the token that its address gave."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            kept = f"{COOKIE}={quote(token, safe='')}; Path=/; HttpOnly; SameSite=Strict"
            message["headers"] = [*message.get("headers", []), (b"set-cookie", kept.encode())]
        await send(message)

    return sending


async def _refuse(scope: Scope, send: Send, status: int, said: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    text = said.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"),
               (b"content-length", str(len(text)).encode())]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
