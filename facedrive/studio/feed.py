"""What the pages see: an output that hands samples and small pictures to whoever is looking.

Without a page nothing is packed or encoded. A page that falls behind misses frames, never holds
them up. Messages are little-endian; ``static/feed.js`` reads them:

    sample:  u8 1, u8 flags, u8 landmarks, u8 0, u32 index, f64 captured, f64 sent (ms since 1970),
             f32: inputs (48), raw AUs and extras (38), head x y z w (4), position (3), gaze (4),
             landmarks, and where there are some the corners of the model's crop (8)
    picture: u8 2, three zeros, then a JPEG
"""

from __future__ import annotations

import asyncio
import struct
import threading
from collections import deque
from collections.abc import Callable

import numpy as np

from facedrive.mappings.table import inputs
from facedrive.studio.movements import MOVEMENTS, raw_levels
from facedrive.studio.pictures import small_jpeg
from facedrive.threads import ClosedError, Mailbox, Worker, now, wall_clock
from facedrive.timing import thread_seconds
from facedrive.trackers.align import crop_corners
from facedrive.types import CropSpec, Frame, Image, Reading, Sample, Vector

FACE, ACTED = 1, 2
"""Flags: there is a face; the sample comes from a take, a slider or a test, not from the source."""

PICTURE_FPS = 15.0
PICTURE_WIDTH = 480
PICTURE_SHARE = 0.06
"""Of a core, at most, that goes into pictures; a slow machine gets fewer of them."""

NO_RAW = np.full(len(MOVEMENTS), np.nan, np.float32)


def pack_sample(
    sample: Sample, raw: Vector, size: tuple[int, int], *, acted: bool, crop: CropSpec | None = None
) -> bytes:
    """Return the message of a sample and its raw ``MOVEMENTS``; ``size`` is its frame's (H, W)."""
    wall_ms = wall_clock() * 1000
    captured_ms = wall_ms - max(0.0, now() - sample.time) * 1000
    landmarks = corners = np.zeros((0, 2), np.float32)
    if sample.landmarks_px is not None:
        landmarks = (sample.landmarks_px / size[::-1]).astype(np.float32)
        corners = crop_corners(sample.landmarks_px, crop or CropSpec()) / size[::-1]
    flags = FACE * sample.face | ACTED * acted
    head = struct.pack(
        "<BBBBIdd", 1, flags, len(landmarks), 0, sample.index & 0xFFFFFFFF, captured_ms, wall_ms
    )
    values, head_now = inputs(sample.aus, sample.gaze, sample.extras), sample.head
    parts = (values, raw, head_now.rotation, head_now.translation, sample.gaze, landmarks, corners)
    return head + np.concatenate([each.ravel() for each in parts]).astype("<f4").tobytes()


def encode_picture(image: Image) -> bytes:
    """Return the message of a picture: (H, W, 3) RGB, made smaller, as JPEG."""
    return b"\x02\0\0\0" + small_jpeg(image, PICTURE_WIDTH, 70)


class Watcher:
    """One page: the newest message of each kind that it has still to be sent."""

    def __init__(self, *, picture: bool) -> None:
        """Note whether the page wants pictures; call it in the server's loop."""
        self.picture = picture
        self._newest: dict[int, bytes] = {}
        self._changed = asyncio.Event()

    def put(self, message: bytes) -> None:
        """Leave a message in place of the one of its kind that was not yet taken."""
        self._newest[message[0]] = message
        self._changed.set()

    @property
    def behind(self) -> bool:
        """Whether a picture still waits to be taken."""
        return 2 in self._newest

    async def take(self) -> list[bytes]:
        """Wait for news, and return it."""
        await self._changed.wait()
        self._changed.clear()
        taken = list(self._newest.values())
        self._newest = {}
        return taken


class Feed:
    """The output itself; ``raw`` gives what the newest face said before calibration, if any."""

    everyone = True
    """It gets the samples of all people, and chooses."""

    def __init__(self, raw: Callable[[], Reading | None]) -> None:
        """Start with nobody looking."""
        self._raw = raw
        self.acted = False
        """Whether samples come from a take, a slider or a test."""
        self.whose = 1
        """Whose samples the pages see, where several are followed."""
        self.newest: Sample | None = None
        self.picture: Image | None = None
        """The newest frame's, (H, W, 3) RGB."""
        self.size = (480, 640)
        """Height and width of the newest frame."""
        self.crop: CropSpec | None = None
        """How the model's crops are cut."""
        self.dropped = 0
        """Frames of the source that never became samples."""
        self.frames = self.pictures = 0
        """Samples that came, and pictures that were encoded, ever."""
        self.picture_s = 0.0
        """Processor time that went into pictures."""
        self._times: deque[float] = deque(maxlen=90)
        self._watchers: set[Watcher] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._due = 0.0
        self._pictures: Mailbox[Image] = Mailbox()
        self._worker: Worker | None = None

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Leave a sample of the person who is shown for every page; never waits."""
        if sample.person != (1 if self.acted else self.whose):
            return
        self._count(sample)
        if frame is not None:
            self.picture, self.size = frame.image, frame.size
        if not self._watchers:
            return
        raw = None if self.acted or not sample.face else self._raw()
        values = NO_RAW if raw is None else raw_levels(raw)
        self._post(pack_sample(sample, values, self.size, acted=self.acted, crop=self.crop))
        if frame is not None and now() >= self._due and self._wanted():
            self._due = now() + 1 / PICTURE_FPS
            self._pictures.put(frame.image)

    def close(self) -> None:
        """Stop encoding; pages are told by the server."""
        self._pictures.close()
        if self._worker is not None:
            self._worker.stop()

    def attach(self, watcher: Watcher) -> None:
        """Send to one more page; call it in the server's loop."""
        with self._lock:
            self._loop = asyncio.get_running_loop()
            self._watchers = {*self._watchers, watcher}
            if self._worker is None:
                self._worker = Worker("pictures", self._encode_all)

    def detach(self, watcher: Watcher) -> None:
        """Send to a page no more."""
        with self._lock:
            self._watchers = self._watchers - {watcher}

    @property
    def watchers(self) -> int:
        """How many pages look."""
        return len(self._watchers)

    @property
    def fps(self) -> float:
        """Samples a second of late; 0 before the second one."""
        passed = self._times[-1] - self._times[0] if self._times else 0.0
        return (len(self._times) - 1) / passed if passed > 0 else 0.0

    @property
    def jitter_ms(self) -> float:
        """Standard deviation of the time from one sample to the next; 0 before the third."""
        return float(np.std(np.diff(self._times)) * 1000) if len(self._times) > 2 else 0.0

    def longest_gap_s(self, seconds: float) -> float:
        """Return the longest time between samples within the last seconds; three at most count."""
        since = now() - min(seconds, 3.0)
        times = [each for each in self._times if each >= since]
        return float(np.diff([since, *times, now()]).max())

    def _count(self, sample: Sample) -> None:
        if self.newest is not None and not self.acted:
            self.dropped += max(0, sample.index - self.newest.index - 1)
        self.newest = sample
        self.frames += 1
        self._times.append(now())

    def _wanted(self) -> bool:
        return any(each.picture and not each.behind for each in self._watchers)

    def _post(self, message: bytes) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._deliver, message)

    def _deliver(self, message: bytes) -> None:
        for each in self._watchers:
            if message[0] == 1 or each.picture:
                each.put(message)

    def _encode_all(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            try:
                image = self._pictures.get()
            except ClosedError:
                return
            start, before = now(), thread_seconds()
            message = encode_picture(image)
            self._due = max(self._due, start + (now() - start) / PICTURE_SHARE)
            self._post(message)
            self.pictures += 1
            self.picture_s += thread_seconds() - before
