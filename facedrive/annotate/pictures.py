"""Any frame of a video, exactly: decoded from the picture before that stands for itself.

Frames are found by their presentation times, so that a variable frame rate is right. What was
decoded near the one that was asked for is kept as JPEG, and the frames that follow are decoded
ahead, so that a step or playing waits for nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as StreamInfo

from facedrive.annotate.keys import Values
from facedrive.annotate.project import Clock
from facedrive.errors import SourceError
from facedrive.sources.convert import Converter
from facedrive.sources.decode import Decoder, open_container, pictures_in
from facedrive.sources.images import read_image
from facedrive.types import Image

KEPT_BYTES = 64 * 2**20
"""Of JPEG, for each video."""

AHEAD = 30
"""Frames that are decoded after the one that was asked for."""

BEHIND = 12
"""Frames before it that are kept, for steps back."""

FORWARD = 60
"""Frames that are decoded on rather than sought."""

NOWHERE = -(10**9)


WIDEST = 1280
"""Pixels of a picture that the page gets; a larger one is made smaller."""

QUALITY = 85


class Reader(Protocol):
    """Gives pictures of one video."""

    def read(self, position: int) -> Image:
        """Return a frame, (H, W, 3) uint8 RGB."""
        ...

    def before(self) -> Iterator[tuple[int, Image]]:
        """Yield the frames that were decoded on the way to the last one."""
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...


class Shelf:
    """The pictures of one video as JPEG; any thread may ask."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open a film, or a folder of images.

        Raises:
            SourceError: if it cannot be read.
        """
        self._reader: Reader = Stills(path, clock) if path.is_dir() else Film(path, clock.times)
        self._frames = len(clock.times)
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._asked = 0
        self._ahead = ThreadPoolExecutor(1, "ahead")
        self._pending: Future[None] | None = None

    def jpeg(self, position: int) -> bytes:
        """Return a frame as JPEG.

        Raises:
            SourceError: if there is no such frame, or it cannot be read.
        """
        if not 0 <= position < self._frames:
            raise SourceError(f"frame {position}; the video has 0 to {self._frames - 1}.")
        self._asked = position
        found = self._kept.get(position)
        if found is None:
            with self._lock:
                found = self._kept.get(position) or self._fetch(position)
        self._look_ahead(position)
        return found

    def close(self) -> None:
        """Give back what is held."""
        self._asked = -1
        self._ahead.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            self._reader.close()

    def _fetch(self, position: int) -> bytes:
        return self._keep(position, encode(self._reader.read(position)))

    def _keep(self, position: int, jpeg: bytes) -> bytes:
        if position not in self._kept:
            self._kept[position] = jpeg
            self._bytes += len(jpeg)
        while self._bytes > KEPT_BYTES and len(self._kept) > 1:
            _, old = self._kept.popitem(last=False)
            self._bytes -= len(old)
        return jpeg

    def _look_ahead(self, position: int) -> None:
        if self._pending is None or self._pending.done():
            self._pending = self._ahead.submit(self._fill, position)

    def _fill(self, position: int) -> None:
        """Keep the frames around one, until another is asked for that is not among them."""
        with self._lock:
            for before, image in self._reader.before():
                if before not in self._kept:
                    self._keep(before, encode(image))
        for each in range(position + 1, min(position + 1 + AHEAD, self._frames)):
            if not position - BEHIND <= self._asked <= each + AHEAD:
                return
            with self._lock:
                if each not in self._kept:
                    try:
                        self._fetch(each)
                    except SourceError:
                        return


class Film:
    """Frames of a video file by their times."""

    def __init__(self, path: Path, times: Values) -> None:
        """Open a file; ``times`` are those of its frames, (F,) from the first."""
        self._path, self._times = path, times
        self._container = open_container(f"file:{path}", str(path))
        self._stream = pictures_in(self._container, str(path))
        self._stream.thread_type = "AUTO"
        self._convert = Converter(str(path), self._stream.sample_aspect_ratio)
        self._start: float | None = None
        self._slack = 0.4 * float(np.diff(times).min()) if len(times) > 1 else 1.0
        self._pictures: Iterator[VideoFrame] = iter(())
        self._at = NOWHERE
        self._behind: deque[tuple[int, VideoFrame]] = deque(maxlen=BEHIND)
        self._start = self._time(self._rewind())

    def read(self, position: int) -> Image:
        """Return a frame.

        Raises:
            SourceError: if it cannot be decoded.
        """
        if not self._at < position <= self._at + FORWARD:
            self._seek(position)
        for picture in self._pictures:
            self._at = self._position(picture)
            self._behind.append((self._at, picture))
            if self._at >= position:
                if self._at > position:
                    break
                return self._convert(picture)
        self._at = NOWHERE
        raise SourceError(
            f"{self._path}: frame {position} cannot be decoded; is the file as it was added?"
        )

    def before(self) -> Iterator[tuple[int, Image]]:
        """Yield the frames that were decoded on the way to the last one, the nearest first."""
        while self._behind:
            position, picture = self._behind.pop()
            yield position, self._convert(picture)

    def close(self) -> None:
        """Close the file."""
        self._behind.clear()
        self._container.close()

    def _rewind(self) -> VideoFrame:
        """Begin at the first picture, and return it."""
        self._container.seek(0)
        self._pictures = Decoder(self._container, self._stream).pictures()
        first = next(self._pictures, None)
        if first is None:
            raise SourceError(f"{self._path} holds no readable picture; record it again.")
        return first

    def _seek(self, position: int) -> None:
        self._behind.clear()
        self._container.seek(round(self._stamp(position)), stream=self._stream, backward=True)
        needed = self._stamp(max(position - BEHIND, 0)) - 0.5
        self._pictures = _Seeking(self._container, self._stream, needed).pictures()

    def _stamp(self, position: int) -> float:
        """Return a frame's time in units of the stream."""
        seconds = float(self._times[position]) + (self._start or 0.0)
        return seconds / float(self._stream.time_base or 1)

    def _position(self, picture: VideoFrame) -> int:
        time = self._time(picture) - (self._start or 0.0)
        return int(np.searchsorted(self._times, time + self._slack) - 1)

    @staticmethod
    def _time(picture: VideoFrame) -> float:
        return 0.0 if picture.pts is None else float(picture.time)


class _Seeking(Decoder):
    """Leaves out the pictures before a time that no other picture is made from."""

    def __init__(self, container: InputContainer, stream: StreamInfo, needed: float) -> None:
        super().__init__(container, stream)
        self._codec, self._needed = stream.codec_context, needed

    def _packets(self) -> Iterator[Packet[StreamInfo]]:
        for packet in super()._packets():
            early = packet.pts is not None and packet.pts < self._needed
            self._codec.skip_frame = "NONREF" if early else "DEFAULT"
            yield packet


class Stills:
    """Frames of a folder of images."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._files = folder, clock.sources

    def read(self, position: int) -> Image:
        """Return a frame.

        Raises:
            SourceError: if it cannot be read.
        """
        return read_image(self._folder / self._files[position])

    def before(self) -> Iterator[tuple[int, Image]]:
        """Yield nothing: any image is as near as another."""
        return iter(())

    def close(self) -> None:
        """Hold nothing."""


def encode(image: Image) -> bytes:
    """Return (H, W, 3) RGB as JPEG, no wider than ``WIDEST``."""
    if image.shape[1] > WIDEST:
        height = round(image.shape[0] * WIDEST / image.shape[1])
        image = np.asarray(
            cv2.resize(image, (WIDEST, height), interpolation=cv2.INTER_AREA), np.uint8
        )
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
