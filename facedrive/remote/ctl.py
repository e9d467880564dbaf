"""``facedrive ctl``: a line of JSON each way over the loopback, with a token only this user reads.

A run writes its port and token below the user's cache folder, as ``runs/ctl-PID.json``, and takes
that file away at its end. A line without the token is refused, whoever sends it.
"""

from __future__ import annotations

import dataclasses
import hmac
import json
import logging
import os
import secrets
import socket
import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from facedrive.errors import FacedriveError, SinkError
from facedrive.files import user_cache_folder

log = logging.getLogger(__name__)

HOST = "127.0.0.1"

MAX_LINE = 64 * 1024
"""Bytes of a question; a longer one is refused."""

TIMEOUT_S = 10.0
"""How long either side waits for the other."""


class Callee(Protocol):
    """What takes commands: a ``Live``."""

    def call(self, name: str, words: Sequence[str] = ()) -> object:
        """Carry out a command, or raise a FacedriveError."""
        ...


@contextmanager
def serve(callee: Callee) -> Iterator[int]:
    """Answer ``facedrive ctl`` as long as the ``with`` block lasts; give the port.

    Raises:
        SinkError: if there is no port, or the user's cache folder cannot be written.
    """
    token = secrets.token_urlsafe(24)
    with _Server(callee, token) as server:
        port = int(server.server_address[1])
        path = _write_place(port, token)
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="ctl", daemon=True)
        thread.start()
        try:
            yield port
        finally:
            server.shutdown()
            thread.join()
            path.unlink(missing_ok=True)


def ask(name: str, words: Sequence[str], pid: int | None = None) -> Any:
    """Send a command to a run of this user; return its answer as plain values.

    Args:
        name: the command.
        words: its arguments.
        pid: the process, where several run.

    Raises:
        FacedriveError: if none runs, several do, or the command fails.
    """
    place = _find_place(pid)
    question = {"token": place["token"], "command": name, "words": list(words)}
    try:
        with socket.create_connection((HOST, int(place["port"])), TIMEOUT_S) as connection:
            connection.sendall(json.dumps(question).encode() + b"\n")
            answer = json.loads(connection.makefile("rb").readline())
    except (OSError, ValueError) as error:
        raise FacedriveError(
            f"the run of process {place['pid']} does not answer: {error}."
        ) from error
    if "error" in answer:
        raise FacedriveError(str(answer["error"]))
    return answer["answer"]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, callee: Callee, token: str) -> None:
        self.callee, self.token = callee, token
        try:
            super().__init__((HOST, 0), _Handler)
        except OSError as error:
            raise SinkError(f"ctl: no port on {HOST}: {error.strerror}.") from error


class _Handler(socketserver.StreamRequestHandler):
    # The only server that makes this handler.
    server: _Server  # pyrefly: ignore[bad-override-mutable-attribute]
    timeout = TIMEOUT_S

    def handle(self) -> None:
        """Answer one line."""
        with suppress(OSError):  # who asked has gone
            line = self.rfile.readline(MAX_LINE + 1)
            self.wfile.write(json.dumps(self._answer(line)).encode() + b"\n")

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            question = json.loads(line) if len(line) <= MAX_LINE else None
        except (ValueError, RecursionError):
            question = None
        if not isinstance(question, dict):
            return {"error": "that is no question; use facedrive ctl."}
        if not hmac.compare_digest(
            str(question.get("token", "")).encode(), self.server.token.encode()
        ):
            log.warning("ctl: a message without this run's token was refused")
            return {"error": "the token is not this run's."}
        words = question.get("words", [])
        if not (isinstance(words, list) and all(isinstance(word, str) for word in words)):
            return {"error": "words must be a list of texts."}
        try:
            return {"answer": plain(self.server.callee.call(str(question.get("command")), words))}
        except FacedriveError as error:
            return {"error": str(error)}


def plain(value: object) -> Any:
    """Return a command's answer as JSON has it."""
    value = _named(value)
    return json.loads(json.dumps(value, default=str).replace("NaN", "null"))


def _named(value: object) -> object:
    """Put what has fields, and is in it, as a dict by their names."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    elif isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {name: _named(each) for name, each in value.items()}
    return [_named(each) for each in value] if isinstance(value, tuple) else value


def _folder() -> Path:
    return user_cache_folder() / "runs"


def _write_place(port: int, token: str) -> Path:
    path = _folder() / f"ctl-{os.getpid()}.json"
    text = json.dumps({"pid": os.getpid(), "port": port, "token": token})
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
    except OSError as error:
        raise SinkError(f"ctl: {path} cannot be written: {error.strerror}.") from error
    return path


def _find_place(pid: int | None) -> dict[str, Any]:
    places = [place for path in sorted(_folder().glob("ctl-*.json"))
              if (place := _read_place(path)) is not None]  # fmt: skip
    if pid is not None:
        places = [place for place in places if place["pid"] == pid]
    if not places:
        which = "" if pid is None else f" as process {pid}"
        raise FacedriveError(f"no facedrive runs{which}; start one with facedrive live.")
    if len(places) > 1:
        pids = ", ".join(str(place["pid"]) for place in places)
        raise FacedriveError(f"several runs, of processes {pids}; choose one by its pid.")
    return places[0]


def _read_place(path: Path) -> dict[str, Any] | None:
    """Return what a run wrote; None, and the file goes, where its process is no more."""
    try:
        place: dict[str, Any] = json.loads(path.read_text())
        os.kill(int(place["pid"]), 0)
    except (ProcessLookupError, ValueError, KeyError, TypeError):
        path.unlink(missing_ok=True)
        return None
    except OSError:
        return None
    return place
