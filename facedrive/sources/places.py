"""Where a file's bytes lie: on the disk, in a zip or tar archive, or behind an fsspec URL."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple, cast

from facedrive.errors import DependencyError, SourceError
from facedrive.files import check_plain

ZIPS = (".zip",)
TARS = (".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")
ARCHIVES = (*ZIPS, *TARS)
"""How the names of archives end."""

BLOCK = 2**20

BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, RuntimeError, ValueError,
          NotImplementedError)  # fmt: skip
"""What a damaged or locked archive raises: the standard library has no base for it."""


class Place(NamedTuple):
    """A file, wherever it is."""

    where: str
    """Its path or URL, or that of the archive that it is in."""
    member: str = ""
    """Its name in the archive; empty where it is in none."""

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.where}/{self.member}" if self.member else self.where

    @property
    def suffix(self) -> str:
        """How its name ends, in small letters."""
        return PurePosixPath(self.member or self.where).suffix.lower()

    @property
    def remote(self) -> bool:
        """Whether it is behind a URL."""
        return "://" in self.where

    def stamp(self) -> tuple[int, int]:
        """Return its bytes, or the archive's, and when it was last changed, in ns; 0 if unknown.

        Raises:
            SourceError: if it is not there.
        """
        if self.remote:
            said = filesystem(self.where).info(self.where)
            return int(said.get("size") or 0), 0
        with self._explaining():
            found = Path(self.where).stat()
        return found.st_size, found.st_mtime_ns

    def read(self, most: int) -> bytes:
        """Return its content.

        Raises:
            SourceError: if it cannot be read, or has more than ``most`` bytes.
        """
        with self._explaining():
            if not self.remote:
                check_plain(Path(self.where), SourceError, most if not self.member else 2**63)
            with self._opened() as file:
                content = file.read(most + 1)
        if len(content) > most:
            raise SourceError(f"{self.name} has more than the {most >> 20} MB that are read.")
        return content

    def sha256(self) -> str:
        """Return the SHA-256 of its content, in hexadecimal.

        Raises:
            SourceError: if it cannot be read.
        """
        sha = hashlib.sha256()
        with self._explaining(), self._opened() as file:
            while block := file.read(BLOCK):
                sha.update(block)
        return sha.hexdigest()

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """Give the file's path, or that of a copy that lasts for the ``with`` block.

        Raises:
            SourceError: if it cannot be read.
        """
        if not (self.member or self.remote):
            yield Path(self.where)
            return
        with tempfile.TemporaryDirectory(prefix="facedrive-", ignore_cleanup_errors=True) as folder:
            copy = Path(folder) / f"copy{self.suffix}"
            with self._explaining(), self._opened() as file, copy.open("wb") as into:
                shutil.copyfileobj(file, into, BLOCK)
            yield copy

    def _opened(self) -> contextlib.AbstractContextManager[IO[bytes]]:
        if self.member:
            return open_member(self.where, self.member)
        if self.remote:
            return cast("contextlib.AbstractContextManager[IO[bytes]]",
                        filesystem(self.where).open(self.where, "rb"))  # fmt: skip
        return Path(self.where).open("rb")

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Turn what the disk, an archive or a server raises into one of ours."""
        try:
            yield
        except OSError as error:
            raise SourceError(f"{self.name} cannot be read: {error.strerror or error}.") from error
        except (*BROKEN, KeyError) as error:
            raise SourceError(f"{self.name} cannot be read from its archive: {error}.") from error


def is_archive(name: str) -> bool:
    """Say whether a name is that of an archive."""
    return name.lower().endswith(ARCHIVES)


def members_of(where: str) -> list[str]:
    """Return the names of the plain files in an archive on the disk.

    Raises:
        SourceError: if it is none, or broken.
    """
    with Place(where)._explaining():
        if not where.lower().endswith(ZIPS):
            return [each.name for each in _tar(where).getmembers() if each.isfile()]
        return [each.filename for each in _zip(where).infolist() if not each.is_dir()]


def open_member(where: str, member: str) -> contextlib.AbstractContextManager[IO[bytes]]:
    """Open a file in an archive; raises what the archive raises."""
    if where.lower().endswith(ZIPS):
        return _zip(where).open(member)
    found = _tar(where).extractfile(member)
    if found is None:
        raise KeyError(f"{member} is no plain file")
    return found


@lru_cache(maxsize=4)
def _zip(where: str) -> zipfile.ZipFile:
    """Open an archive; kept open, because to read what is in it takes long."""
    return zipfile.ZipFile(where)


@lru_cache(maxsize=4)
def _tar(where: str) -> tarfile.TarFile:
    return tarfile.open(where)


def filesystem(url: str) -> Any:
    """Return what reads and writes a URL.

    Raises:
        DependencyError: if fsspec, or its part for this kind of URL, is not installed.
    """
    try:
        import fsspec

        return fsspec.core.url_to_fs(url)[0]
    except ImportError as error:
        raise DependencyError(
            f"{url} needs fsspec and its part for such URLs ({error}); install it with: pip "
            "install 'facedrive[corpus]'."
        ) from error
