"""Files that appear whole or not at all, the folders of this user, and downloads known by hash."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import secrets
import stat
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from facedrive.ending import unfinished
from facedrive.errors import FacedriveError, ModelError, SinkError

log = logging.getLogger(__name__)

FETCH_TIMEOUT_S = 30.0

ErrorType = Callable[[str], FacedriveError]


@contextmanager
def whole_file(
    path: Path, error: ErrorType = SinkError, advice: str = "", *, private: bool = False
) -> Iterator[BinaryIO]:
    """Open a file to write; it takes its name when all is written and on the disk.

    Until then, and after any error, an older file of that name stays as it was, and nothing else
    is left. Missing folders are made.

    Args:
        path: Where it goes; a symbolic link stays one.
        error: What to raise if it cannot be written.
        advice: The next step, for that error's message.
        private: Whether only this user may read it.

    Raises:
        error: if the folder cannot be made or written, or the disk is full.
    """
    with whole_path(path, error, advice) as part:
        part.touch(0o600 if private else 0o666, exist_ok=False)
        with part.open("wb") as file:
            yield file


@contextmanager
def whole_path(
    path: Path, error: ErrorType = SinkError, advice: str = "", part: Path | None = None
) -> Iterator[Path]:
    """Give another name to write a file at, for what opens files itself; as ``whole_file``.

    The other name is ``part``, on the same disk; by default it is in the same folder, and ends as
    the file's own does.
    """
    target = path.resolve()
    part = part or target.with_name(f"{target.stem}.{secrets.token_hex(4)}.part{target.suffix}")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        with unfinished(part):
            yield part
        with part.open("r+b") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as failure:
        raise _unwritable(path, failure, error, advice) from failure
    finally:
        with contextlib.suppress(OSError):  # it has its name now, or never was
            part.unlink()


def write_whole(
    path: Path, content: bytes | str, error: ErrorType = SinkError, advice: str = ""
) -> None:
    """Write bytes, or text as UTF-8, as ``whole_file`` does."""
    with whole_file(path, error, advice) as file:
        file.write(content.encode() if isinstance(content, str) else content)


TOML_BYTES = 2**20
"""A larger file is none that a person wrote."""

TOML_INTEGER = 2**63
"""TOML's whole numbers are below it."""


def read_toml(path: Path, error: ErrorType, what: str, advice: str = "") -> dict[str, Any]:
    """Read a TOML file of whatever content, also one that is none.

    Args:
        path: A plain file; a named pipe, which would wait for ever, is refused.
        error: What to raise.
        what: What the file should be, such as ``profile``.
        advice: The next step, for that error's message.

    Raises:
        error: if it cannot be read, is too large, or is no TOML.
    """
    return parse_toml(path, read_text(path, error, what, advice), error, what, advice)


def read_text(path: Path, error: ErrorType, what: str, advice: str = "") -> str:
    """Read a small file of UTF-8; otherwise as ``read_toml``."""
    try:
        check_plain(path, error, TOML_BYTES)
        return path.read_text(encoding="utf-8-sig")  # some editors of Windows begin with a mark
    except OSError as failure:
        reason = failure.strerror or str(failure)
        raise error(_sentence(f"{path} cannot be read: {reason}", advice)) from failure
    except UnicodeDecodeError as failure:
        raise error(_sentence(f"{path} is no {what}: {failure}", advice)) from failure


def parse_toml(
    path: Path, text: str, error: ErrorType, what: str, advice: str = ""
) -> dict[str, Any]:
    """Parse a text; otherwise as ``read_toml``."""
    try:
        table = tomllib.loads(text)
        _check_integers(table)
    except (ValueError, RecursionError) as failure:  # numbers of many digits, many brackets
        raise error(_sentence(f"{path} is no {what}: {failure}", advice)) from failure
    return table


def _check_integers(value: object) -> None:
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            _check_integers(each)
    elif isinstance(value, int) and not -TOML_INTEGER <= value < TOML_INTEGER:
        raise ValueError("a whole number has more than 64 bits")


def is_there(path: Path) -> bool:
    """Say whether there is something of this name; of one that no disk can keep there is not."""
    try:
        return path.exists()
    except OSError:  # the name is too long
        return False


def is_file(path: Path) -> bool:
    """Say whether there is a plain file of this name, as ``is_there`` does."""
    try:
        return path.is_file()
    except OSError:
        return False


def check_plain(path: Path, error: ErrorType, most: int) -> None:
    """Refuse what is no plain file, and what has more than so many bytes.

    Raises:
        error: if so.
        OSError: if there is none.
    """
    found = path.stat()
    if stat.S_ISFIFO(found.st_mode) or stat.S_ISSOCK(found.st_mode):
        raise error(f"{path} is a named pipe; give a file.")
    if found.st_size > most:
        raise error(
            f"{path} has {found.st_size / 2**20:.1f} MB; facedrive reads up to {most >> 20} MB."
        )


def free_path(path: Path, *, overwrite: bool = False) -> Path:
    """Return the path, or the next numbered one where it is taken and may not be overwritten."""
    count = 1
    free = path
    while not overwrite and (free.exists() or free.is_symlink()):
        count += 1
        free = path.with_stem(f"{path.stem}-{count}")
    return free


class NewFile:
    """A file to be written that takes no other file's place before it is whole.

    A name that is taken gets a number, unless it may be overwritten: then the file is written
    beside the old one, and moved onto it at the end. Nothing is made before ``begin``.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        """Check that the file could be made.

        Raises:
            SinkError: if it could not.
        """
        self.path = path
        """Where it lies once it is whole; known from ``begin`` on."""
        self._overwrite = overwrite
        self._part: Path | None = None
        if reason := self._obstacle():
            raise SinkError(f"{path} cannot be written: {reason}.")

    @property
    def is_device(self) -> bool:
        """Whether it is there and no plain file, such as a pipe: it is written as it is."""
        return self.path.exists() and not self.path.is_file()

    def begin(self) -> Path:
        """Make the file, empty, and return where to write.

        Raises:
            SinkError: if it cannot be made.
        """
        if self.is_device:
            return self.path
        if self._overwrite and self.path.exists():
            self._part = self._claim(self.path.with_stem(f"{self.path.stem}.part"))
            return self._part
        asked, self.path = self.path, self._claim(self.path)
        if self.path != asked:
            log.info("%s is there already; writing %s (--overwrite replaces it)", asked, self.path)
        return self.path

    @property
    def place(self) -> Path:
        """Where it is written until it is whole; known from ``begin`` on."""
        return self._part or self.path

    def finish(self) -> None:
        """Give the whole file its name.

        Raises:
            SinkError: if it cannot be moved.
        """
        if self._part is not None:
            try:
                self._part.replace(self.path.resolve())
            except OSError as error:
                raise _unwritable(self.path, error, SinkError, "") from error

    def discard(self) -> None:
        """Take away what ``begin`` made, if nothing was written into it."""
        if not self.is_device and self.place.is_file() and self.place.stat().st_size == 0:
            self.place.unlink()

    def _claim(self, path: Path) -> Path:
        """Make the first of ``path`` and its numbered names that is not taken."""
        while True:
            path = free_path(path)
            try:
                path.open("xb").close()
            except FileExistsError:
                continue  # another run was quicker
            except OSError as error:
                raise _unwritable(path, error, SinkError, "") from error
            return path

    def _obstacle(self) -> str:
        try:
            return self._what_is_in_the_way()
        except OSError as error:  # no disk can keep such a name
            return error.strerror or str(error)

    def _what_is_in_the_way(self) -> str:
        folder = self.path.parent
        if self.path.is_dir():
            return os.strerror(errno.EISDIR)
        if not folder.is_dir():
            return os.strerror(errno.ENOTDIR if folder.exists() else errno.ENOENT)
        return "" if os.access(folder, os.W_OK) or self.is_device else os.strerror(errno.EACCES)


def refuse_inputs(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse to write what is read.

    Raises:
        SinkError: if an output is one of the inputs, under whatever name.
    """
    read = list(inputs)
    for output in outputs:
        if any(_same_file(output, each) for each in read):
            raise SinkError(f"{output} is an input of this run; give the output another name.")


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # one of them is not there
        return one.absolute() == other.absolute()


def user_config_folder() -> Path:
    """Return the folder of this user's settings and tokens; it may not exist yet."""
    import platformdirs

    return platformdirs.user_config_path("facedrive", appauthor=False, roaming=True)


def user_data_folder() -> Path:
    """Return the folder of what this user records and collects; it may not exist yet."""
    import platformdirs

    return platformdirs.user_data_path("facedrive", appauthor=False)


def user_cache_folder() -> Path:
    """Return the folder of what can be fetched or made again; it may not exist yet."""
    import platformdirs

    return platformdirs.user_cache_path("facedrive", appauthor=False)


def fetch(
    url: str, sha256: str, path: Path, error: ErrorType = ModelError, advice: str = ""
) -> Path:
    """Return ``path``, fetched from ``url`` unless it already is the file with this hash.

    Args:
        url: Where the file is.
        sha256: Its hash, in hexadecimal.
        path: Where it is kept.
        error: What to raise.
        advice: The next step for someone without a network, for that error's message.

    Raises:
        error: if it cannot be fetched or written, or is another file.
    """
    import urllib.request  # slow to import, and seldom needed
    from http.client import HTTPException

    if path.is_file() and file_hash(path) == sha256:
        return path
    log.info("fetching %s into %s", url, path.parent)
    try:
        with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_S) as answer:
            content: bytes = answer.read()
    except (OSError, HTTPException) as failure:
        raise error(_sentence(f"{url} cannot be fetched ({failure})", advice)) from failure
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise error(_sentence(f"{url} has SHA-256 {found}, not {sha256}", advice))
    write_whole(path, content, error, advice)
    return path


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unwritable(path: Path, failure: OSError, error: ErrorType, advice: str) -> FacedriveError:
    reason = failure.strerror or str(failure)
    if isinstance(failure, FileExistsError | NotADirectoryError):
        reason = f"{path.parent} is no folder"
    return error(_sentence(f"{path} cannot be written: {reason}", advice))


def _sentence(said: str, advice: str) -> str:
    return f"{said}; {advice}." if advice else f"{said}."
