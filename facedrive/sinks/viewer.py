"""The window: the newest sample as a picture, and the keys that steer the run."""

from __future__ import annotations

import logging
import math
import queue
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from facedrive.controls import Controls
from facedrive.errors import FacedriveError
from facedrive.files import free_path
from facedrive.render.studio import Studio
from facedrive.sinks.video import VideoWriter
from facedrive.sinks.window import Window
from facedrive.threads import ClosedError, Mailbox, Task, now
from facedrive.timing import Timing
from facedrive.types import Frame, Image, Sample

log = logging.getLogger(__name__)

NAME = "facedrive"

KEYS = {
    "q": "stop",
    "c": "recentre",
    "n": "recentre",
    "r": "record",
    "p": "pause",
    "m": "mirror",
}
"""Key → the command that it stands for."""

ABANDON_S = 1.5
"""How long the work may take to end where the window is gone."""

TITLE_KEYS = "q quit   c recentre   r record   p pause   m mirror"


class HasNeutral(Protocol):
    """What knows where the neutral comes from: a ``Pipeline``."""

    @property
    def neutral(self) -> str:
        """Where it comes from, for people to read."""
        ...


class Steered(Protocol):
    """The run that the window shows and steers: a ``Live``."""

    controls: Controls

    @property
    def pipeline(self) -> HasNeutral:
        """What is driven."""
        ...

    def press(self, name: str) -> None:
        """Leave a command without waiting for it."""
        ...


class Viewer:
    """A sink that any thread may send to, and a loop that only the main thread may run.

    It records what it shows; ``start`` and ``stop`` may be called from any thread.
    """

    def __init__(
        self,
        window: Window,
        studio: Studio,
        steered: Steered,
        timing: Timing,
        usual: Path,
        overwrite: bool = False,
    ) -> None:
        """Show samples in a window.

        Args:
            window: Where they are shown.
            studio: Draws them.
            steered: What the keys steer.
            timing: Of the run, for the title.
            usual: Where ``r`` records to.
            overwrite: Whether a recording of a given name replaces a file; else it gets a number.
        """
        self.window, self.studio = window, studio
        self._steered, self._timing, self._usual = steered, timing, usual
        self._mailbox: Mailbox[tuple[Sample, Frame | None]] = Mailbox()
        self._overwrite, self._replace = overwrite, False
        self._asked: Path | None = None
        """Where it is to record to."""
        self._writer: VideoWriter | None = None
        self._written: Path | None = None
        """Where ``_writer`` writes."""
        self._drawn: deque[float] = deque(maxlen=30)
        self._tracking: Task | None = None

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Leave the newest sample for the window."""
        self._mailbox.put((sample, frame))

    def close(self) -> None:
        """Let the loop end."""
        self._mailbox.close()

    @property
    def path(self) -> Path | None:
        """Where it records to; None while it does not."""
        return self._asked

    def start(self, path: Path | None = None) -> None:
        """Record from the next picture on."""
        self._replace = self._overwrite and path is not None
        asked = path or self._usual
        self._asked = free_path(asked, overwrite=self._replace)

    def stop(self) -> None:
        """Finish the recording with the next picture, or at the end of the loop."""
        self._asked = None

    def run_beside(self, work: Callable[[], None]) -> None:
        """Do the work in a thread, and have this one show it; raise what the work raised."""

        def track() -> None:
            try:
                work()
            finally:
                self.close()

        self._tracking = Task("pipeline", track)
        try:
            self.loop()
        finally:
            self._tracking.join()

    def abandon(self) -> None:
        """Stop the work and finish the recording without the window, which is gone."""
        self._steered.controls.stop.set()
        self._stop_writing()
        if self._tracking is not None:
            self._tracking.wait(ABANDON_S)

    def loop(self) -> None:
        """Draw and take keys until the run ends or the window is closed."""
        stop = self._steered.controls.stop
        try:
            while not stop.is_set():
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
            stop.set()
            self._stop_writing()
            self.studio.close()
            self.window.close()

    def _show(self, sample: Sample, frame: Frame | None) -> None:
        picture = self.studio.picture(sample, frame, self._status)
        if self._asked != self._written:
            self._stop_writing()
            if self._asked is not None:
                self._start_writing(self._asked, picture)
        if self._writer is not None:
            self._write(self._writer, picture, sample.time)
        self._drawn.append(now())
        self.window.show(picture, self._title)

    @property
    def _title(self) -> str:
        span = self._drawn[-1] - self._drawn[0]
        fps = (len(self._drawn) - 1) / span if span > 0 else 0.0
        latency = self._timing.recent_ms("capture to wire")
        if math.isnan(latency):  # a file has no capture
            latency = self._timing.recent_ms("frame to wire")
        neutral = f"neutral {self._steered.pipeline.neutral}"
        return f"{NAME}  {fps:.0f} fps  {latency:.1f} ms  {neutral}    {TITLE_KEYS}"

    @property
    def _status(self) -> str:
        if self._steered.controls.paused.is_set():
            return "paused"
        return "recording" if self._writer is not None else ""

    def _take_key(self) -> None:
        key = self.window.key()
        if self.window.closed:
            self._steered.press("stop")
        elif key in KEYS:
            self._steered.press(KEYS[key])

    def _start_writing(self, path: Path, picture: Image) -> None:
        height, width = picture.shape[:2]
        with self._told():
            self._writer = VideoWriter(path, (width, height), overwrite=self._replace)
            self._written = path
            log.info("recording %s", path)

    def _write(self, writer: VideoWriter, picture: Image, time: float) -> None:
        with self._told():
            writer.write(picture, time)

    def _stop_writing(self) -> None:
        writer, self._writer, self._written = self._writer, None, None
        if writer is not None:
            with self._told():
                writer.close()
                log.info("recording finished")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Log a recording's failure and give it up: it must not take the avatar down with it."""
        try:
            yield
        except FacedriveError as error:
            log.error("%s Recording has stopped.", error)
            self._asked = None
            self._stop_writing()
