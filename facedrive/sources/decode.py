"""Decodes videos packet by packet: every whole picture at its own time and under its own number."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from heapq import heappop, heappush
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as StreamInfo

from facedrive.errors import DataError, SourceError
from facedrive.sources.convert import Converter
from facedrive.takes.timecode import read_timecode
from facedrive.types import NO_CLOCK, Frame, WallClock

log = logging.getLogger(__name__)

FALLBACK_FPS = 30.0
"""For files that give neither times nor a rate."""

STEADY_STEPS = 4
"""Even steps before a longer one counts as a gap; where steps vary, a longer one is none."""

STEADY_SHARE: Final = 0.15
"""How far a step may be from whole periods, in periods; Matroska rounds to milliseconds."""


class FileFrames:
    """Every whole frame of a file, and what was found damaged."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            SourceError: if it is no video.
        """
        self._path = path
        # With "file:" before it, no name is taken for a protocol.
        self._container = open_container(f"file:{path}", str(path))
        self._stream = pictures_in(self._container, str(path))
        self._stream.thread_type = "AUTO"
        self._decoder = Decoder(self._container, self._stream)
        self._times = _Times(self._container, self._stream)
        self._numbers = _Numbers(self._times.period)

    @property
    def said(self) -> int | None:
        """How many frames the file says that it has; None where it does not say."""
        return self._stream.frames or None

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def frames(self) -> Iterator[Frame]:
        """Yield every whole frame, then log what was damaged or missing.

        Raises:
            SourceError: if there is no readable frame.
        """
        convert = Converter(str(self._path), self._stream.sample_aspect_ratio)
        clock = _clock(self._container, self._stream)
        start, count = self._times.start, 0
        for picture in self._decoder.pictures():
            time = self._times.of(picture)
            index = self._numbers.of(time, self._decoder.lost_before(picture.pts))
            yield Frame(convert(picture), time, index, clock.after(time - start))
            count += 1
        if count == 0:
            raise SourceError(f"{self._path} holds no readable picture; record it again.")
        self._log_losses(count)

    def _log_losses(self, count: int) -> None:
        decoder, said = self._decoder, self._stream.frames
        if decoder.damaged:
            log.warning("%s: %d damaged packets were left out", self._path, decoder.damaged)
        if self._numbers.missing:
            log.warning("%s: %d frames are missing, by its times; their numbers are left out",
                        self._path, self._numbers.missing)  # fmt: skip
        if decoder.broken_off or (self._times.end_early() and count != said):
            log.warning("%s ends early, after %d of %s frames", self._path, count, said or "more")


def decode_file(
    path: Path, on_open: Callable[[int | None], object]
) -> Generator[Frame, None, None]:
    """Yield every whole frame of a file, in this process; as ``FileFrames``.

    Args:
        path: The file.
        on_open: Told how many frames the file says that it has, before the first.
    """
    with closing(FileFrames(path)) as file:
        on_open(file.said)
        yield from file.frames()


class Decoder:
    """Decodes packet by packet, leaving out and counting what is damaged."""

    def __init__(self, container: InputContainer, stream: StreamInfo) -> None:
        """Decode one stream of a container."""
        self.damaged = 0
        self.broken_off = False
        """Reading failed before the end."""
        self._container = container
        self._stream = stream
        self._numbered = 0
        """Damaged packets that ``lost_before`` has told of."""
        self._waiting: list[int] = []
        """Presentation times of packets whose pictures have not come, a heap."""

    def pictures(self) -> Iterator[VideoFrame]:
        """Yield the pictures that are whole."""
        for packet in self._packets():
            pts = packet.dts if packet.pts is None else packet.pts
            if pts is not None:
                heappush(self._waiting, pts)
            try:
                pictures = [] if packet.is_corrupt else packet.decode()
            except av.FFmpegError:
                pictures = []
                self.damaged += 1
            self.damaged += packet.is_corrupt
            for picture in pictures:
                self.damaged += picture.is_corrupt
                if not picture.is_corrupt:
                    yield picture

    def lost_before(self, pts: int | None) -> int:
        """Return how many damaged packets were due between the last picture and this one.

        Decoders that work ahead tell of damage late; so the packets' own times are asked.
        """
        due = 0
        while pts is not None and self._waiting and self._waiting[0] <= pts:
            due += heappop(self._waiting) < pts
        lost = min(due, self.damaged - self._numbered)
        self._numbered += lost
        return lost

    def _packets(self) -> Iterator[Packet[StreamInfo]]:
        try:
            yield from self._container.demux(self._stream)
        except av.FFmpegError:
            self.broken_off = True


class _Times:
    """Presentation times in seconds; one that is missing or goes back is put a period on."""

    def __init__(self, container: InputContainer, stream: StreamInfo) -> None:
        rate = stream.guessed_rate or stream.average_rate
        self.period = float(1 / rate) if rate else 1 / FALLBACK_FPS
        self.start = float((stream.start_time or 0) * (stream.time_base or 0))
        self._last: float | None = None
        self._end, self._slack = _end(container, stream), 1.5 * self.period
        if stream.duration is None:  # the container's end may be that of its sound
            self._slack = max(self._slack, 1.0)

    def of(self, picture: VideoFrame) -> float:
        """Return the time of the next picture."""
        time = 0.0 if self._last is None else self._last + self.period
        if picture.pts is not None and (self._last is None or picture.time > self._last):
            time = picture.time
        self._last = time
        return time

    def end_early(self) -> bool:
        """Say whether the last picture is too long before the end that the file gives."""
        return self._last is not None and self._last + self._slack < self._end


class _Numbers:
    """Frame numbers that follow the presentation time: what is damaged or missing leaves a gap."""

    def __init__(self, period: float) -> None:
        self.missing = 0
        """Frames that the times tell of, beyond those known to be damaged."""
        self._period = period
        self._index = -1
        self._last: float | None = None
        self._even = 0
        """Steps of one period so far; far below 0 where the clip's steps vary."""

    def of(self, time: float, lost: int) -> int:
        """Return the number of the picture at ``time``; ``lost`` pictures before it are damaged."""
        step = 1 + lost
        by_time = 1 if self._last is None else self._periods(time - self._last)
        if by_time > step:
            self.missing += by_time - step
            step = by_time
        self._last = time
        self._index += step
        return self._index

    def _periods(self, seconds: float) -> int:
        """Return how many periods a step takes; 1 where the clip's steps vary."""
        periods = seconds / self._period
        whole = max(round(periods), 1)
        if abs(periods - whole) > STEADY_SHARE * whole:
            self._even = -(10**9)
        elif whole == 1:
            self._even += 1
        return whole if self._even >= STEADY_STEPS else 1


def _clock(container: InputContainer, stream: StreamInfo) -> WallClock:
    """Return when the first picture was taken, as far as the file says."""
    said = [each.metadata for each in container.streams] + [container.metadata]
    made = next((each["creation_time"] for each in said if "creation_time" in each), "")
    code = next((each["timecode"] for each in said if "timecode" in each), "")
    rate = stream.guessed_rate or stream.average_rate
    try:
        timecode_s = read_timecode(code, rate) if code and rate else NO_CLOCK.timecode_s
    except DataError:
        timecode_s = NO_CLOCK.timecode_s
    return WallClock(_utc(made), timecode_s)


def _utc(text: str) -> float:
    """Return seconds since 1970; NaN for a camera without a clock, which says 1904 or 1970."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return NO_CLOCK.wall_s
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return when.timestamp() if when.year > 1970 else NO_CLOCK.wall_s


def _end(container: InputContainer, stream: StreamInfo) -> float:
    """Return when the stream should end, seconds; 0 where the file does not say."""
    if stream.duration is not None and stream.time_base is not None:
        return float(((stream.start_time or 0) + stream.duration) * stream.time_base)
    return ((container.start_time or 0) + (container.duration or 0)) / av.time_base


def open_container(
    address: str,
    name: str,
    options: dict[str, str] | None = None,
    timeout: tuple[float, float] | None = None,
) -> InputContainer:
    """Open what FFmpeg calls ``address``; errors call it ``name``.

    Raises:
        SourceError: if it does not answer or is no video.
    """
    try:
        # Titles are not always UTF-8; nothing is read of them but dates and timecodes.
        return av.open(address, options=options, timeout=timeout, metadata_errors="replace")
    except av.ExitError as error:
        raise SourceError(f"{name} does not answer; check the address.") from error
    except av.FFmpegError as error:
        reason = error.strerror or str(error)
        raise SourceError(
            f"{name} cannot be opened as video: {reason}. Is it a video, and whole?"
        ) from error


def pictures_in(container: InputContainer, name: str) -> StreamInfo:
    """Return the first stream that moves; cover art does not.

    Raises:
        SourceError: if there is none.
    """
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    raise SourceError(f"{name} has no video stream; is it a sound file, or cut off?")
