"""A file that appears under its name only when it is complete."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from facedrive.errors import SinkError


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write; until all is written, and after an error, an older one stays.

    Raises:
        SinkError: if the folder is missing, or the disk is full.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise SinkError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        with contextlib.suppress(OSError):  # it has its name now, or never was
            part.unlink()
