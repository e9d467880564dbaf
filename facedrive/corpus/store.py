"""Where a corpus's results lie: a folder, or what an fsspec URL names; files appear there whole."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from facedrive.errors import SinkError
from facedrive.files import whole_path, write_whole
from facedrive.sources.places import filesystem

PARTS = ".parts"
"""The folder of what is being written."""

ADVICE = "what is done is kept: make room, and run the same again"
"""The next step where the disk is full."""


class Store(Protocol):
    """Holds files by relative name; every one that is there is whole."""

    where: str

    def names(self) -> set[str]:
        """Return the names of the files that are there."""
        ...

    def open(self, name: str) -> IO[bytes]:
        """Open a file to read."""
        ...

    def writing(self, name: str) -> contextlib.AbstractContextManager[Path]:
        """Give a path to write at; the file takes its name at the block's end.

        Raises:
            SinkError: if it cannot be written.
        """
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write a small file.

        Raises:
            SinkError: if it cannot be written.
        """
        ...

    def remove(self, name: str) -> None:
        """Take a file away."""
        ...


class FolderStore:
    """Results in a folder of this computer, or of one that all machines see."""

    def __init__(self, folder: Path) -> None:
        """Hold results in a folder; it is made when the first one comes."""
        self.where = str(folder)
        self._folder = folder

    def names(self) -> set[str]:
        """Return the names of the files that are there."""
        found = set()
        for folder, inner, names in os.walk(self._folder):
            inner[:] = [each for each in inner if each != PARTS]
            found |= {Path(folder, each).relative_to(self._folder).as_posix() for each in names}
        return found

    def open(self, name: str) -> IO[bytes]:
        """Open a file to read."""
        return (self._folder / name).open("rb")

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Give a path to write at; the file takes its name at the block's end."""
        part = self._folder / PARTS / secrets.token_hex(8)
        with whole_path(self._folder / name, advice=ADVICE, part=part) as path:
            yield path

    def write(self, name: str, content: bytes) -> None:
        """Write a small file."""
        write_whole(self._folder / name, content)

    def remove(self, name: str) -> None:
        """Take a file away."""
        (self._folder / name).unlink(missing_ok=True)

    def clean(self) -> None:
        """Take away what runs that were killed had begun to write."""
        import shutil

        shutil.rmtree(self._folder / PARTS, ignore_errors=True)


class UrlStore:
    """Results behind an fsspec URL."""

    def __init__(self, url: str) -> None:
        """Hold results below a URL.

        Raises:
            DependencyError: if what it needs is not installed.
        """
        self.where = url.rstrip("/")
        self._system = filesystem(url)
        self._root = self._system._strip_protocol(self.where)

    def names(self) -> set[str]:
        """Return the names of the files that are there."""
        found = self._system.find(self._root)
        return {str(each).removeprefix(self._root).lstrip("/") for each in found}

    def open(self, name: str) -> IO[bytes]:
        """Open a file to read."""
        opened: IO[bytes] = self._system.open(f"{self._root}/{name}", "rb")
        return opened

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Give a path to write at; the file is sent at the block's end."""
        with tempfile.TemporaryDirectory(prefix="facedrive-", ignore_cleanup_errors=True) as folder:
            part = Path(folder) / "part"
            yield part
            with self._explaining(name):
                self._system.makedirs(self._parent(name), exist_ok=True)
                self._system.put_file(str(part), f"{self._root}/{name}")

    def write(self, name: str, content: bytes) -> None:
        """Write a small file."""
        with self._explaining(name):
            self._system.makedirs(self._parent(name), exist_ok=True)
            self._system.pipe_file(f"{self._root}/{name}", content)

    def remove(self, name: str) -> None:
        """Take a file away."""
        with contextlib.suppress(FileNotFoundError):
            self._system.rm_file(f"{self._root}/{name}")

    def _parent(self, name: str) -> str:
        return f"{self._root}/{name}".rpartition("/")[0]

    @contextmanager
    def _explaining(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SinkError(f"{self.where}/{name} cannot be written: {error}.") from error


def open_store(where: str) -> FolderStore | UrlStore:
    """Return what holds results at a folder or URL."""
    return UrlStore(where) if "://" in where else FolderStore(Path(where).absolute())
