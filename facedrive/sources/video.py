"""Video files and streams, through PyAV; files give every frame at its presentation time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as StreamInfo

from facedrive.errors import SourceError
from facedrive.threads import now
from facedrive.types import Frame, Image

log = logging.getLogger(__name__)

FALLBACK_FPS = 30.0
"""For files that give neither times nor a rate."""


@dataclass(frozen=True)
class VideoFile:
    """Every whole frame of a file, in order; the same every time."""

    path: Path

    @property
    def live(self) -> bool:
        """False: frames wait to be read."""
        return False

    @property
    def frame_count(self) -> int | None:
        """How many frames the file says that it has; None where it does not say."""
        with closing(_open(str(self.path))) as container:
            return _pictures_in(container, str(self.path)).frames or None

    def frames(self) -> Iterator[Frame]:
        """Yield every whole frame, then log what was damaged or missing.

        Raises:
            SourceError: if it is no video or has no readable frame.
        """
        with closing(_open(str(self.path))) as container:
            stream = _pictures_in(container, str(self.path))
            stream.thread_type = "AUTO"
            decoder = _Decoder(container, stream)
            times = _Times(container, stream)
            count = 0
            for picture in decoder.pictures():
                yield Frame(to_rgb(picture), times.of(picture), count)
                count += 1
            if count == 0:
                raise SourceError(f"{self.path} holds no readable picture; record it again.")
            self._log_losses(count, stream.frames, decoder, times)

    def _log_losses(self, count: int, said: int, decoder: _Decoder, times: _Times) -> None:
        if decoder.damaged:
            log.warning("%s: %d damaged packets were left out", self.path, decoder.damaged)
        if decoder.broken_off or (times.end_early() and count != said):
            log.warning("%s ends early, after %d of %s frames", self.path, count, said or "more")


@dataclass(frozen=True)
class VideoStream:
    """Frames from a network stream (RTSP, HTTP, UDP ...), stamped as they arrive."""

    url: str
    open_s: float = 10.0
    """How long it may take to answer."""
    read_s: float = 5.0
    """How long it may be silent before it counts as lost."""

    @property
    def live(self) -> bool:
        """True: frames come whether read or not."""
        return True

    def frames(self) -> Iterator[Frame]:
        """Yield frames as they come.

        Raises:
            SourceError: if it cannot be reached, is no video, or breaks off.
        """
        options = {"rtsp_transport": "tcp"}  # over UDP, RTSP loses packets on Wi-Fi
        with closing(_open(self.url, options, (self.open_s, self.read_s))) as container:
            stream = _pictures_in(container, self.url)
            stream.thread_type = "SLICE"  # frame threads would hold frames back
            decoder = _Decoder(container, stream)
            for index, picture in enumerate(decoder.pictures()):
                yield Frame(to_rgb(picture), now(), index)
            if decoder.broken_off or container.duration is None:
                raise SourceError(f"{self.url} broke off.")


def to_rgb(picture: VideoFrame) -> Image:
    """Convert any pixel format to (H, W, 3) uint8 RGB, turned upright."""
    pixels = np.asarray(picture.to_ndarray(format="rgb24"), dtype=np.uint8)
    quarter_turns = round(picture.rotation / 90)
    return np.ascontiguousarray(np.rot90(pixels, quarter_turns)) if quarter_turns else pixels


class _Decoder:
    """Decodes packet by packet, leaving out and counting what is damaged."""

    def __init__(self, container: InputContainer, stream: StreamInfo) -> None:
        self.damaged = 0
        self.broken_off = False
        """Reading failed before the end."""
        self._container = container
        self._stream = stream

    def pictures(self) -> Iterator[VideoFrame]:
        for packet in self._packets():
            try:
                pictures = [] if packet.is_corrupt else packet.decode()
            except av.FFmpegError:
                pictures = []
                self.damaged += 1
            self.damaged += packet.is_corrupt
            yield from (picture for picture in pictures if not picture.is_corrupt)

    def _packets(self) -> Iterator[Packet[StreamInfo]]:
        try:
            yield from self._container.demux(self._stream)
        except av.FFmpegError:
            self.broken_off = True


class _Times:
    """Presentation times in seconds; one that is missing or goes back is put a period on."""

    def __init__(self, container: InputContainer, stream: StreamInfo) -> None:
        self._period = float(1 / stream.average_rate) if stream.average_rate else 1 / FALLBACK_FPS
        self._last: float | None = None
        self._end, self._slack = _end(container, stream), 1.5 * self._period
        if stream.duration is None:  # the container's end may be that of its sound
            self._slack = max(self._slack, 1.0)

    def of(self, picture: VideoFrame) -> float:
        """Return the time of the next picture."""
        time = 0.0 if self._last is None else self._last + self._period
        if picture.pts is not None and (self._last is None or picture.time > self._last):
            time = picture.time
        self._last = time
        return time

    def end_early(self) -> bool:
        """Say whether the last picture is too long before the end that the file gives."""
        return self._last is not None and self._last + self._slack < self._end


def _end(container: InputContainer, stream: StreamInfo) -> float:
    """Return when the stream should end, seconds; 0 where the file does not say."""
    if stream.duration is not None and stream.time_base is not None:
        return float(((stream.start_time or 0) + stream.duration) * stream.time_base)
    return ((container.start_time or 0) + (container.duration or 0)) / av.time_base


def _open(
    name: str, options: dict[str, str] | None = None, timeout: tuple[float, float] | None = None
) -> InputContainer:
    try:
        return av.open(name, options=options, timeout=timeout)
    except av.ExitError as error:
        raise SourceError(f"{name} does not answer; check the address.") from error
    except av.FFmpegError as error:
        reason = error.strerror or str(error)
        raise SourceError(
            f"{name} cannot be opened as video: {reason}. Is it a video, and whole?"
        ) from error


def _pictures_in(container: InputContainer, name: str) -> StreamInfo:
    """Return the first stream that moves; cover art does not."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    raise SourceError(f"{name} has no video stream; is it a sound file, or cut off?")
