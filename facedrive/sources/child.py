"""The child process that decodes for ``guard.py``: python -m facedrive.sources.child."""

from __future__ import annotations

import json
import logging
import mmap
import os
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from facedrive.errors import SourceError
from facedrive.sources.decode import Window, decode_file
from facedrive.sources.guard import ASKED, PLACES, Asked
from facedrive.sources.video import VideoStream
from facedrive.threads import Places
from facedrive.types import Frame


class Speaker(logging.Handler):
    """Says things to the parent, a line of JSON each; log records too."""

    def __init__(self, out: BinaryIO) -> None:
        """Say them on ``out``."""
        super().__init__()
        self._out = out

    def say(self, what: str, **values: object) -> None:
        """Say one thing."""
        self._out.write(json.dumps({"is": what} | values).encode() + b"\n")
        self._out.flush()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a log record on."""
        self.say("log", name=record.name, level=record.levelno, text=record.getMessage())


class Ring:
    """Places for pictures, in memory that the parent sees too."""

    def __init__(self, folder: Path, speaker: Speaker, free: Places) -> None:
        """Make the memory in ``folder`` when the first picture comes."""
        self._folder, self._speaker, self._free = folder, speaker, free
        self._memory: mmap.mmap | None = None
        self._place_bytes = self._count = self._rings = 0

    def put(self, frame: Frame) -> int:
        """Wait for a place, copy a picture into it, and return where it lies."""
        self._free.take()
        size = frame.image.nbytes
        if self._memory is None or size > self._place_bytes:
            self._grow(size)
        assert self._memory is not None
        at = self._count % PLACES * self._place_bytes
        self._count += 1
        self._memory[at : at + size] = np.ascontiguousarray(frame.image).data.cast("B")
        return at

    def _grow(self, size: int) -> None:
        path = self._folder / f"ring{self._rings}"
        self._rings += 1
        with path.open("w+b") as file:
            file.truncate(size * PLACES)
            self._memory = mmap.mmap(file.fileno(), size * PLACES)
        self._place_bytes = size
        self._speaker.say("ring", path=str(path))


def main(folder: str) -> None:
    """Decode what the environment names, and say its pictures."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no message
    speaker = Speaker(out)
    logging.getLogger("facedrive").addHandler(speaker)
    logging.getLogger("facedrive").setLevel(logging.DEBUG)
    clean = partial(shutil.rmtree, folder, ignore_errors=True)
    asked: Asked = json.loads(os.environ.pop(ASKED))
    ring = Ring(Path(folder), speaker, Places(PLACES, partial(os.read, 0), clean))
    try:
        for frame in _frames(asked, speaker):
            height, width = frame.size
            at = ring.put(frame)
            speaker.say("frame", at=at, height=height, width=width, time=frame.time,
                        index=frame.index, clock=frame.clock)  # fmt: skip
        speaker.say("end")
    except SourceError as error:
        speaker.say("error", text=str(error))


def _frames(asked: Asked, speaker: Speaker) -> Iterator[Frame]:
    if "stream" in asked:
        return VideoStream(**asked["stream"], guarded=False).frames()
    window = Window(*asked["window"])
    return decode_file(Path(asked["file"]), lambda said: speaker.say("open", frames=said), window)


if __name__ == "__main__":
    code = 1
    try:
        main(*sys.argv[1:])
        code = 0
    finally:
        os._exit(code)  # the thread that waits for the parent holds standard input
