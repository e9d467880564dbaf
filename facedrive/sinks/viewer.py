"""The window: the newest sample as a picture, and the keys that steer the run."""

from __future__ import annotations

import logging
import math
import queue
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from facedrive.controls import Controls
from facedrive.errors import FacedriveError
from facedrive.render.studio import Studio
from facedrive.sinks.video import VideoWriter
from facedrive.sinks.window import Window
from facedrive.threads import ClosedError, Mailbox, now
from facedrive.timing import Timing
from facedrive.types import Frame, Image, Sample

log = logging.getLogger(__name__)

NAME = "facedrive"
KEYS = "q quit   n neutral   r record   p pause"


@dataclass
class Viewer:
    """A sink that any thread may send to, and a loop that only the main thread may run."""

    window: Window
    studio: Studio
    controls: Controls
    timing: Timing
    recording: Path
    """Where ``r`` records to; a number is added where the file is there already."""
    record: bool = False
    """Record from the first picture on."""
    _mailbox: Mailbox[tuple[Sample, Frame | None]] = field(default_factory=Mailbox, init=False)
    _picture: Image | None = field(default=None, init=False)
    _writer: VideoWriter | None = field(default=None, init=False)
    _drawn: deque[float] = field(default_factory=lambda: deque(maxlen=30), init=False)

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Leave the newest sample for the window."""
        self._mailbox.put((sample, frame))

    def close(self) -> None:
        """Let the loop end."""
        self._mailbox.close()

    def loop(self) -> None:
        """Draw and take keys until the run ends or the window is closed."""
        try:
            while not self.controls.stop.is_set():
                try:
                    sample, frame = self._mailbox.get(timeout=0.05)
                except queue.Empty:
                    self._take_key()
                    continue
                except ClosedError:
                    return
                self._show(sample, frame)
                self._take_key()
        finally:
            self.controls.stop.set()
            self._stop_recording()
            self.studio.close()
            self.window.close()

    def _show(self, sample: Sample, frame: Frame | None) -> None:
        picture = self.studio.picture(sample, frame, self._status)
        first, self._picture = self._picture is None, picture
        if first and self.record:
            self._start_recording(self.recording, picture)
        if self._writer is not None:
            self._record(self._writer, picture, sample.time)
        self._drawn.append(now())
        self.window.show(picture, self._title)

    @property
    def _title(self) -> str:
        span = self._drawn[-1] - self._drawn[0]
        fps = (len(self._drawn) - 1) / span if span > 0 else 0.0
        latency = self.timing.recent_ms("capture to wire")
        if math.isnan(latency):  # a file has no capture
            latency = self.timing.recent_ms("frame to wire")
        return f"{NAME}  {fps:.0f} fps  {latency:.1f} ms    {KEYS}"

    @property
    def _status(self) -> str:
        if self.controls.paused.is_set():
            return "paused"
        return "recording" if self._writer is not None else ""

    def _take_key(self) -> None:
        key = self.window.key()
        if key == "q" or self.window.closed:
            self.controls.stop.set()
        elif key == "n":
            self.controls.neutral.set()
        elif key == "p":
            paused = self.controls.paused
            (paused.clear if paused.is_set() else paused.set)()
        elif key == "r":
            self._toggle_recording()

    def _toggle_recording(self) -> None:
        if self._writer is not None:
            self._stop_recording()
        elif self._picture is not None:
            self._start_recording(_free(self.recording), self._picture)

    def _start_recording(self, path: Path, picture: Image) -> None:
        height, width = picture.shape[:2]
        with _told():
            self._writer = VideoWriter(path, (width, height))
            log.info("recording %s", path)

    def _record(self, writer: VideoWriter, picture: Image, time: float) -> None:
        with _told():
            writer.write(picture, time)
            return
        self._stop_recording()

    def _stop_recording(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            with _told():
                writer.close()
                log.info("recording finished")


@contextmanager
def _told() -> Iterator[None]:
    """Log a recording's failure: it must not take the avatar down with it."""
    try:
        yield
    except FacedriveError as error:
        log.error("%s Recording has stopped.", error)


def _free(path: Path) -> Path:
    """Return the path, or the next numbered one that is not taken."""
    count = 1
    free = path
    while free.exists():
        count += 1
        free = path.with_stem(f"{path.stem}-{count}")
    return free
