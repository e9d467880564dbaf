"""What takes long to make is kept on disk, under a name that changes with all that decides it.

Each maker has a ``VERSION``, a whole number that is raised by hand when what it makes changes. Its
code is not looked at: a corrected comment makes nothing anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from facedrive.errors import DataError
from facedrive.files import whole_path


class Made(NamedTuple):
    """Something that is made once, and what decides it."""

    name: str
    """Of the maker, and what helps people to find the file."""
    version: int
    """Of the maker."""
    of: tuple[bytes | str | int | float | bool, ...]
    """Digests of the files and arrays that it is made of, the split's rows, all options."""

    def keep(self, folder: Path, suffix: str, write: Callable[[Path], object]) -> Path:
        """Return the file that keeps it, having ``write`` make it if it is not there.

        It is either whole or absent.

        Raises:
            DataError: if it cannot be written.
        """
        hashed = hashlib.sha256(repr((self.name, self.version)).encode())
        for each in self.of:
            content = each if isinstance(each, bytes) else repr(each).encode()
            hashed.update(f"{type(each).__name__} {len(content)} ".encode())
            hashed.update(content)
        path = folder / f"{self.name}-v{self.version}-{hashed.hexdigest()[:16]}{suffix}"
        if not path.exists():
            with whole_path(path, DataError) as part:
                write(part)
        return path
