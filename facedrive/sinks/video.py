"""Recordings: H.264 in a fragmented MP4, which stays playable if the run is killed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import ClassVar, Final

import av
import numpy as np
from av.codec.codec import UnknownCodecError
from av.video.reformatter import Colorspace, VideoReformatter
from av.video.stream import VideoStream

from facedrive.errors import DependencyError, FacedriveError, SinkError
from facedrive.files import NewFile
from facedrive.types import Frame, Image, Sample

log = logging.getLogger(__name__)

TIME_BASE = Fraction(1, 90_000)

CONTAINER = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "frag_duration": "500000",  # microseconds: what a killed run can lose
    "flush_packets": "1",
}
# Without look-ahead and B-frames a picture is in the file as soon as its fragment is.
ENCODER_NAME: Final = "libx264"
ENCODER = {"preset": "veryfast", "tune": "zerolatency", "crf": "20"}

BT709 = 1
"""H.264's code for the colours of HD video: primaries, transfer and matrix alike."""


class VideoWriter:
    """Writes pictures at their own times."""

    def __init__(self, path: Path, size: tuple[int, int], *, overwrite: bool = False) -> None:
        """Create the file; ``size`` is the pictures' width and height.

        A name that is taken gets a number, unless it may be overwritten.

        Raises:
            SinkError: if it cannot be written.
        """
        self._new = NewFile(path, overwrite=overwrite)
        place = self._new.begin()
        self._path = self._new.path
        self._size = size
        self._reformatter = VideoReformatter()
        self._start: float | None = None
        self._last = -1
        self._failed = False
        try:
            with self._explaining():
                self._container = av.open(f"file:{place}", "w", format="mp4", options=CONTAINER)
                self._stream = self._add_stream(*size)
                self._container.start_encoding()
        except FacedriveError:
            self._new.discard()
            raise

    def write(self, picture: Image, time: float) -> None:
        """Write an (H, W, 3) RGB picture; the first one's time becomes 0.

        Raises:
            SinkError: if the disk is full or gone; what was written stays playable.
        """
        self._check_size(picture)
        self._start = time if self._start is None else self._start
        self._last = max(self._last + 1, round((time - self._start) / TIME_BASE))
        rgb = av.VideoFrame.from_ndarray(_even(picture), format="rgb24")
        frame = self._reformatter.reformat(
            rgb, format="yuv420p", dst_colorspace=Colorspace.ITU709, threads=1
        )
        frame.pts, frame.time_base = self._last, TIME_BASE
        with self._explaining():
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish the file."""
        with self._explaining():
            if not self._failed:
                self._container.mux(self._stream.encode())
            self._container.close()
        if not self._failed:
            self._new.finish()

    def _check_size(self, picture: Image) -> None:
        height, width = picture.shape[:2]
        if (width, height) != self._size:
            raise SinkError(
                f"{self._path}: a picture is {width}x{height}, the recording "
                "{}x{}; its pictures must have one size.".format(*self._size)
            )

    def _add_stream(self, width: int, height: int) -> VideoStream:
        try:
            stream = self._container.add_stream(ENCODER_NAME, rate=30, options=ENCODER)
        except UnknownCodecError as error:
            raise DependencyError(
                "this PyAV cannot encode H.264; install its wheel with: pip install av."
            ) from error
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = TIME_BASE
        stream.colorspace = stream.color_primaries = stream.color_trc = BT709
        return stream

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Turn FFmpeg's error into ours."""
        try:
            yield
        except av.FFmpegError as error:
            self._failed = True
            raise cannot_write(self._path, error.strerror or str(error)) from error


Compose = Callable[[Sample, Frame | None], Image | None]
"""Makes the picture to record, (H, W, 3) RGB, always of one size; None leaves a sample out."""


def camera_picture(sample: Sample, frame: Frame | None) -> Image | None:
    """Return the source's picture as it came; a replay has none."""
    return None if frame is None else frame.image


@dataclass
class VideoSink:
    """Records the source's picture as it came; the avatar is recorded by --record instead.

    ``compose`` may make another picture of each sample. Behind a live source it encodes in a
    thread of its own and may drop pictures, else none.
    """

    path: Path
    compose: Compose = camera_picture
    overwrite: bool = False
    """Replace a file of this name; otherwise a number is added to the name."""
    slow: ClassVar = True

    def __post_init__(self) -> None:
        self._writer: VideoWriter | None = None
        NewFile(self.path)  # so that a bad path is known before the first picture

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Record one sample.

        Raises:
            SinkError: if the disk is full or gone; what was written stays playable.
        """
        picture = self.compose(sample, frame)
        if picture is None:
            return
        if self._writer is None:
            height, width = picture.shape[:2]
            self._writer = VideoWriter(self.path, (width, height), overwrite=self.overwrite)
        self._writer.write(picture, sample.time)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is None:
            log.warning("%s is not written: there was no picture to record", self.path)
        else:
            self._writer.close()


def cannot_write(path: Path, reason: str) -> SinkError:
    """Return the error for an output file that cannot be written."""
    return SinkError(f"{path} cannot be written: {reason}.")


def _even(picture: Image) -> Image:
    """Repeat the last row and column where 4:2:0 chroma needs an even size."""
    height, width = picture.shape[:2]
    if height % 2 or width % 2:
        picture = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return picture
