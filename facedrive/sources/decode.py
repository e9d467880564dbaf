"""Decodes videos packet by packet: every whole picture at its own time and under its own number."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as StreamInfo

from facedrive.errors import DataError, SourceError
from facedrive.picturesize import MOST_PIXELS, TOO_LARGE, PictureSize
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


ALIVE_EVERY = 100
"""Pictures, or packets."""

Alive = Callable[[], object]
"""Is called while it takes long, so that nobody thinks that it hangs."""


class Window(NamedTuple):
    """Which frames of a file are wanted, and how they are decoded."""

    start_s: float = -math.inf
    """The first time that is wanted."""
    end_s: float = math.inf
    """The first time that is not."""
    rate: float | None = None
    """Of each 1 / rate seconds the first frame alone is wanted; None: every frame."""
    least_side: int | None = None
    """Pictures come at a half, a quarter or an eighth of their size as long as the longer side
    keeps so many pixels; None keeps their size."""
    threads: int | None = None
    """That decode; None leaves it to the decoder."""


EVERYTHING = Window()


class Index(NamedTuple):
    """What a file's packets say of its frames, found without decoding them."""

    numbers: dict[int, int]
    """Presentation time, in the stream's ticks → the frame's number."""
    keys: list[int]
    """Presentation times of the pictures from which one can start, ascending."""
    tick_s: float
    """A tick, seconds."""


class FileFrames:
    """Every whole frame of a file that is wanted, and what was found damaged."""

    def __init__(
        self,
        path: Path,
        window: Window = EVERYTHING,
        index: Index | None = None,
        alive: Alive = lambda: None,
    ) -> None:
        """Open the file.

        Args:
            path: The file.
            window: What is wanted of it.
            index: What ``read_index`` found, to start in the middle of it.
            alive: Called now and then while pictures are decoded that are not wanted.

        Raises:
            SourceError: if it is no video.
        """
        self._path, self._window, self._index, self._alive = path, window, index, alive
        # With "file:" before it, no name is taken for a protocol.
        self._container = open_container(f"file:{path}", str(path))
        self._stream = pictures_in(self._container, str(path))
        self._stream.thread_type = "AUTO"
        if window.threads is not None:
            self._stream.thread_count = window.threads
        self._size = _smaller(self._stream, window.least_side)
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
        """Yield every whole frame that is wanted, then log what was damaged or missing.

        Raises:
            SourceError: if there is no readable frame.
        """
        convert = Converter(str(self._path), self._stream.sample_aspect_ratio, self._size)
        clock = _clock(self._container, self._stream)
        start, count, step = self._times.start, 0, -1
        for picture, time, index in self._numbered():
            count += 1
            if time >= self._window.end_s:
                return
            before, step = step, self._step(time, step)
            if count % ALIVE_EVERY == 0:
                self._alive()
            if time >= self._window.start_s and step > before:
                yield Frame(convert(picture), time, index, clock.after(time - start))
        if count == 0:
            raise SourceError(f"{self._path} holds no readable picture; record it again.")
        if self._index is None:
            self._log_losses(count)

    def _numbered(self) -> Iterator[tuple[VideoFrame, float, int]]:
        """Yield every whole picture, its time and its number, from where is wanted on."""
        first = self._seek()
        for picture in self._decoder.pictures():
            if first is None:
                time = self._times.of(picture)
                yield picture, time, self._numbers.of(time, self._decoder.lost_before(picture.pts))
            elif self._index and picture.pts in self._index.numbers and picture.pts >= first:
                # What comes before the picture from which one can start may lack what it is made of
                yield picture, picture.time, self._index.numbers[picture.pts]

    def _seek(self) -> int | None:
        """Go to the last picture before what is wanted from which one can start."""
        index, start_s = self._index, self._window.start_s
        if index is None or start_s == -math.inf:
            return None
        before = [key for key in index.keys if key * index.tick_s <= start_s]
        if len(before) < 2:  # it is near the beginning
            return None
        self._container.seek(before[-1], stream=self._stream)
        return before[-1]

    def _step(self, time: float, before: int) -> int:
        """Return in which step of the rate that is wanted a time is; a step a frame for none."""
        rate = self._window.rate
        return before + 1 if rate is None else math.floor(time * rate + STEP_SLACK)

    def _log_losses(self, count: int) -> None:
        decoder, said = self._decoder, self._stream.frames
        if decoder.damaged:
            log.warning("%s: %d damaged packets were left out", self._path, decoder.damaged)
        if self._numbers.missing:
            log.warning("%s: %d frames are missing, by its times; their numbers are left out",
                        self._path, self._numbers.missing)  # fmt: skip
        if decoder.broken_off or (self._times.end_early() and count != said):
            log.warning("%s ends early, after %d of %s frames", self._path, count, said or "more")


STEP_SLACK = 1e-6
"""Of a step: a frame that is so little before it counts as at it."""


def decode_file(
    path: Path,
    on_open: Callable[[int | None], object],
    window: Window = EVERYTHING,
    index: Index | None = None,
    alive: Alive = lambda: None,
) -> Generator[Frame, None, None]:
    """Yield every whole frame of a file that is wanted, in this process; as ``FileFrames``.

    Args:
        path: The file.
        on_open: Told how many frames the file says that it has, before the first.
        window: What is wanted of it.
        index: What ``read_index`` found, to start in the middle of it.
        alive: Called now and then while pictures are decoded that are not wanted.
    """
    with closing(FileFrames(path, window, index, alive)) as file:
        on_open(file.said)
        yield from file.frames()


def read_index(path: Path, alive: Alive = lambda: None) -> Index | None:
    """Return what a file's packets say; None where they do not tell when each picture is due.

    ``alive`` is called now and then meanwhile.

    Raises:
        SourceError: if it is no video.
    """
    keys: list[int] = []
    due: list[int] = []
    with closing(open_container(f"file:{path}", str(path))) as container:
        stream = pictures_in(container, str(path))
        times = _Times(container, stream)
        tick_s = float(stream.time_base or 0)
        try:
            for packet in container.demux(stream):
                if packet.size and packet.pts is None:
                    return None
                if len(due) % ALIVE_EVERY == 0:
                    alive()
                if packet.size and packet.pts is not None:
                    due.append(packet.pts)
                    keys += [packet.pts] if packet.is_keyframe else []
        except av.FFmpegError:
            return None
    due.sort()
    if not tick_s or any(after == before for before, after in pairwise(due)):
        return None
    numbers = _Numbers(times.period)
    return Index({each: numbers.of(each * tick_s, 0) for each in due}, sorted(keys), tick_s)


def _smaller(stream: StreamInfo, least_side: int | None) -> tuple[int, int] | None:
    """Return the width and height at which pictures come smaller, if they do.

    A decoder that can do so itself is told to.
    """
    width, height = stream.codec_context.width, stream.codec_context.height
    side = max(width, height)
    shrink = next((by for by in (8, 4, 2) if least_side and side // by >= least_side), 1)
    if shrink > 1 and stream.codec_context.name in LOW_RESOLUTION:
        stream.codec_context.options |= {"lowres": str(shrink.bit_length() - 1)}
    return None if shrink == 1 else (max(width // shrink, 1), max(height // shrink, 1))


LOW_RESOLUTION = ("mjpeg", "mpeg1video", "mpeg2video", "mpeg4", "h263", "flv", "msmpeg4")
"""Decoders of FFmpeg that give smaller pictures at less cost."""


class Decoder:
    """Decodes packet by packet, leaving out and counting what is damaged."""

    def __init__(self, container: InputContainer, stream: StreamInfo) -> None:
        """Decode one stream of a container."""
        stream.codec_context.options |= {"max_pixels": str(MOST_PIXELS)}
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
                pictures: list[VideoFrame] = [] if packet.is_corrupt else packet.decode()
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
        SourceError: if there is none, or its pictures have more pixels than ``MOST_PIXELS``.
    """
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            size = PictureSize(stream.codec_context.width, stream.codec_context.height, 1)
            if not size.fits:
                raise SourceError(f"{name} has pictures of {size}, {TOO_LARGE}.")
            return stream
    raise SourceError(f"{name} has no video stream; is it a sound file, or cut off?")
