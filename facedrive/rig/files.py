"""A rig file's bytes, or why there are none."""

from __future__ import annotations

from pathlib import Path

from facedrive.errors import RigError


def read_bytes(path: Path) -> bytes:
    """Read a file whole.

    Raises:
        RigError: if it cannot be read, or holds nothing.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RigError(f"{path} cannot be read: {error.strerror}.") from error
    if not data.strip():
        raise RigError(f"{path} is empty; export the rig again.")
    return data
