"""Tokens, kept where only this user can read them."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from facedrive.errors import SinkError
from facedrive.files import whole_file

log = logging.getLogger(__name__)

MAX_TOKEN = 256
"""Characters of a token."""


def read_secret(path: Path, limit: int) -> str | None:
    """Return what was kept, or None where there is nothing of use."""
    try:
        with path.open("rb") as file:
            kept = file.read(limit + 1).strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("%s cannot be read: %s", path, error.strerror)
        return None
    return kept.decode() if kept and kept.isascii() and len(kept) <= limit else None


def write_secret(path: Path, text: str) -> None:
    """Keep a text; where it cannot be kept that is logged, and the run goes on."""
    with contextlib.suppress(OSError):  # what comes next says so
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with whole_file(path, advice="it will be asked for again", private=True) as file:
            file.write(text.encode())
    except SinkError as error:
        log.warning("%s", error)


def forget(path: Path) -> None:
    """Throw away what was kept."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s cannot be removed: %s", path, error.strerror)
