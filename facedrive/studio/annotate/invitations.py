"""Who is let in: a link for each coder and the expert, and what each request may then see."""

from __future__ import annotations

import hmac
import secrets
import tomllib
from collections.abc import Mapping

from facedrive.annotate.project import EXPERT, Project
from facedrive.errors import DataError
from facedrive.files import whole_file
from facedrive.studio.guard import App, Guard, Receive, Scope, Send, token_of

FILE = "secrets.toml"

WHO = "facedrive.who"
"""Where a request's scope says whose it is."""


def invite(project: Project) -> dict[str, str]:
    """Return a token for every coder and the expert; made where there is none yet.

    Raises:
        DataError: if their file cannot be read or written.
    """
    path = project.folder / FILE
    try:
        known = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is no list of invitations: {error}; take it away.") from error
    tokens = {
        name: str(known.get(name) or secrets.token_urlsafe(24))
        for name in (EXPERT, *project.coders)
    }
    if tokens != known:
        lines = "".join(f'"{name}" = "{token}"\n' for name, token in tokens.items())
        with whole_file(path, DataError, private=True) as file:
            file.write(f"# Who has a line of this may label under its name.\n{lines}".encode())
    return tokens


class Team(Guard):
    """A guard that knows who asks, by their invitation."""

    def __init__(self, app: App, hosts: tuple[str, ...], tokens: Mapping[str, str]) -> None:
        """Guard ``app``; ``tokens`` by name may grow while it runs."""
        super().__init__(app, hosts, "a team's")
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note whose a request is, and pass it on or refuse it."""
        if scope["type"] in ("http", "websocket"):
            headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
            scope[WHO] = self._who(token_of(scope, headers))
        await super().__call__(scope, receive, send)

    def _knows(self, token: str) -> bool:
        return self._who(token) is not None

    def _who(self, token: str) -> str | None:
        given = token.encode(errors="replace")
        found = None
        for name, known in self._tokens.items():
            if hmac.compare_digest(given, known.encode()):
                found = name
        return found
