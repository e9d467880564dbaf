"""Tokens that a receiver gives us, kept where only this user can read them."""

from __future__ import annotations

import logging
import os
import platform
from pathlib import Path

log = logging.getLogger(__name__)


def config_folder() -> Path:
    """Return the folder for facedrive's own settings of this user; it may not exist yet."""
    if platform.system() == "Windows":
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif platform.system() == "Darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "facedrive"


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
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # a file that others may read stays one when it is rewritten
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    except OSError as error:
        log.warning("%s cannot be written: %s; it will be asked for again", path, error.strerror)


def forget(path: Path) -> None:
    """Throw away what was kept."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s cannot be removed: %s", path, error.strerror)
