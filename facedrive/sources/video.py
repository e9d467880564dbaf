"""Video files and streams, through PyAV; files give every frame at its presentation time."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from av.container import InputContainer

from facedrive.errors import SourceError
from facedrive.sources.convert import Converter
from facedrive.sources.decode import (
    EVERYTHING,
    Decoder,
    Window,
    decode_file,
    open_container,
    pictures_in,
)
from facedrive.sources.guard import guarded_frames, guarded_stream
from facedrive.threads import clock_now, now
from facedrive.types import Frame

START_S = 10.0
"""How long a child process may take to start, on a busy machine."""


@dataclass(frozen=True)
class VideoFile:
    """Every whole frame of a file, in order; the same every time."""

    path: Path
    guarded: bool = True
    """Decode in a child process, so that a file that breaks the decoder ends only itself."""
    window: Window = EVERYTHING
    """Which frames are wanted."""
    _said: list[int | None] = field(default_factory=list, init=False, repr=False, compare=False)
    """How many frames the file says that it has, once it was opened."""

    @property
    def live(self) -> bool:
        """False: frames wait to be read."""
        return False

    @property
    def frame_count(self) -> int | None:
        """How many frames the file says that it has; None where it does not say.

        To ask before the first frame has come opens the file once more.
        """
        if not self._said:
            with closing(self.frames()) as frames:
                next(frames)
        return self._said[0]

    def frames(self) -> Generator[Frame, None, None]:
        """Yield every whole frame, then log what was damaged or missing.

        Raises:
            SourceError: if it is no video, has no readable frame, or breaks the decoder.
        """
        if self.guarded and not getattr(sys, "frozen", False):  # a frozen program is no Python
            return guarded_frames(self.path, self._said.append, window=self.window)
        return decode_file(self.path, self._said.append, self.window)


@dataclass(frozen=True)
class VideoStream:
    """Frames from a network stream (RTSP, HTTP, UDP ...), stamped as they arrive."""

    url: str
    open_s: float = 10.0
    """How long it may take to answer."""
    read_s: float = 5.0
    """How long it may be silent before it counts as lost."""
    wait: bool = False
    """Wait for a stream that is not there yet."""
    guarded: bool = True
    """Decode in a child process, so that a stream that breaks the decoder ends only itself."""

    @property
    def live(self) -> bool:
        """True: frames come whether read or not."""
        return True

    def frames(self) -> Iterator[Frame]:
        """Yield frames as they come.

        Raises:
            SourceError: if it cannot be reached, is no video, breaks off, or breaks the decoder.
        """
        if self.guarded and not getattr(sys, "frozen", False):
            fields = {"url": self.url, "open_s": self.open_s, "read_s": self.read_s}
            return guarded_stream(self.url, fields, self.open_s + self.read_s + START_S)
        return self._frames()

    def _frames(self) -> Iterator[Frame]:
        with closing(self._open()) as container:
            stream = pictures_in(container, self.url)
            stream.thread_type = "SLICE"  # frame threads would hold frames back
            convert = Converter(self.url, stream.sample_aspect_ratio)
            decoder = Decoder(container, stream)
            for index, picture in enumerate(decoder.pictures()):
                yield Frame(convert(picture), now(), index, clock_now())
            if decoder.broken_off or container.duration is None:
                raise SourceError(f"{self.url} broke off.")

    def _open(self) -> InputContainer:
        options = {"rtsp_transport": "tcp"}  # over UDP, RTSP loses packets on Wi-Fi
        return open_container(self.url, self.url, options, (self.open_s, self.read_s))
