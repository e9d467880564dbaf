"""Decodes videos in a child process, so that one that breaks the decoder ends only itself.

The child writes pictures into a ring of memory that both see, and a line of JSON for each on its
standard output. A byte on its standard input gives a place of the ring back; when that closes, the
child ends, whatever it is at.
"""

from __future__ import annotations

import contextlib
import json
import logging
import mmap
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from facedrive.errors import SourceError
from facedrive.threads import Watchdog
from facedrive.types import Frame, Image, WallClock

log = logging.getLogger(__name__)

PROGRESS_S = 15.0
"""A decoder that gives no picture for this long is ended."""

PLACES = 4
"""Pictures in the ring."""

MEMORY = Path("/dev/shm")


Asked = dict[str, Any]
"""What the child shall decode: ``file`` and ``window``, or ``stream``, the fields of one."""

ASKED = "FACEDRIVE_DECODE"
"""The environment's variable that tells the child; a stream's URL may hold a password."""


def guarded_stream(
    name: str, fields: dict[str, Any], progress_s: float
) -> Generator[Frame, None, None]:
    """Yield a stream's frames as they come, decoded by a child process.

    Args:
        name: What errors call it.
        fields: Of ``VideoStream``.
        progress_s: How long a picture may take, at most; the stream's own limits are shorter.

    Raises:
        SourceError: as ``VideoStream.frames``, and if the decoder crashes or makes no progress.
    """
    return _guarded(
        name, {"stream": fields}, lambda said: None, progress_s, "what it sends is damaged"
    )


def guarded_frames(
    path: Path,
    on_open: Callable[[int | None], None],
    progress_s: float = PROGRESS_S,
    window: tuple[object, ...] = (),
) -> Generator[Frame, None, None]:
    """Yield a file's frames as ``decode_file`` does, decoded by a child process.

    Args:
        path: The file.
        on_open: Told how many frames the file says that it has, before the first.
        progress_s: How long a picture may take.
        window: What is wanted of it, ``decode.Window``; all where it is empty.

    Raises:
        SourceError: as ``decode_file``, and if the decoder crashes or makes no progress.
    """
    damage = "the file is damaged: convert it anew, or cut it there"
    asked = {"file": str(path), "window": window}
    return _guarded(str(path), asked, on_open, progress_s, damage)


def _guarded(
    name: str, asked: Asked, on_open: Callable[[int | None], None], progress_s: float, damage: str
) -> Generator[Frame, None, None]:
    folder = MEMORY if MEMORY.is_dir() else None
    with (
        tempfile.TemporaryDirectory("", "facedrive-", folder, ignore_cleanup_errors=True) as ring,
        _child(asked, Path(ring)) as child,
    ):
        yield from _Guard(name, child, progress_s, damage).frames(on_open)


class _Guard:
    """Reads what one child says."""

    def __init__(
        self, name: str, child: subprocess.Popen[bytes], progress_s: float, damage: str
    ) -> None:
        self._name, self._child, self._progress_s = name, child, progress_s
        self._damage = damage
        assert child.stdin is not None and child.stdout is not None
        self._give_back = child.stdin.fileno()
        self._lines = child.stdout
        self._ring: mmap.mmap | None = None
        self._count = 0

    def frames(self, on_open: Callable[[int | None], None]) -> Iterator[Frame]:
        with Watchdog(self._progress_s, self._child.kill) as watchdog:
            while True:
                with watchdog.waiting():
                    said = self._said(watchdog)
                match said["is"]:
                    case "frame":
                        yield self._frame(said)
                    case "ring":
                        self._open_ring(Path(said["path"]))
                    case "log":
                        logging.getLogger(said["name"]).log(said["level"], "%s", said["text"])
                    case "open":
                        on_open(said["frames"])
                    case "error":
                        raise SourceError(said["text"])
                    case "end":
                        return

    def _said(self, watchdog: Watchdog) -> dict[str, Any]:
        line = self._lines.readline()
        if line.endswith(b"\n"):
            found: dict[str, Any] = json.loads(line)
            return found
        after = f"after {self._count} frames" if self._count else "before the first frame"
        if watchdog.bit:
            what = f"gave nothing for {self._progress_s:g} s"
        else:
            what = f"crashed ({_ending(self._child.wait())})"
        raise SourceError(f"{self._name}: the decoder {what}, {after}; {self._damage}.")

    def _open_ring(self, path: Path) -> None:
        with path.open("rb") as file:
            self._ring = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        with contextlib.suppress(OSError):  # Windows keeps it until both have closed it
            path.unlink()

    def _frame(self, said: dict[str, Any]) -> Frame:
        assert self._ring is not None
        shape = (said["height"], said["width"], 3)
        seen = np.frombuffer(self._ring, np.uint8, shape[0] * shape[1] * 3, said["at"])
        image: Image = seen.reshape(shape).copy()
        with contextlib.suppress(OSError):  # it has ended already, all said
            os.write(self._give_back, b".")
        self._count += 1
        return Frame(image, said["time"], said["index"], WallClock(*said["clock"]))


@contextmanager
def _child(asked: Asked, ring: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start the decoder; end it at the block's end, whatever it is at."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environment[ASKED] = json.dumps(asked)
    with subprocess.Popen(
        [sys.executable, "-m", "facedrive.sources.child", str(ring)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=environment, start_new_session=True,
    ) as child:  # fmt: skip
        try:
            yield child
        finally:
            child.kill()


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
