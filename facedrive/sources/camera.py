"""A camera, through OpenCV; V4L2 on Linux."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.errors import SourceError
from facedrive.sources.v4l2 import (
    CameraInfo,
    find_camera,
    list_cameras,
    pick_format,
    read_camera,
)
from facedrive.threads import clock_now, now
from facedrive.types import Frame

log = logging.getLogger(__name__)

BACKEND = cv2.CAP_V4L2 if sys.platform.startswith("linux") else cv2.CAP_ANY

BAD_PICTURES = 30
"""Pictures in a row that cannot be decoded before the camera counts as lost."""


class Capture(Protocol):
    """The part of ``cv2.VideoCapture`` that is used here."""

    def isOpened(self) -> bool:  # noqa: N802
        """Say whether opening worked."""
        ...

    def set(self, prop: int, value: float, /) -> bool:
        """Ask for a setting."""
        ...

    def get(self, prop: int, /) -> float:
        """Return a setting."""
        ...

    def grab(self) -> bool:
        """Wait for the next picture; False if none will come."""
        ...

    def retrieve(self) -> tuple[bool, NDArray[np.uint8] | None]:
        """Return the grabbed picture, (H, W, 3) BGR; False and None if it is damaged."""
        ...

    def release(self) -> None:
        """Close the camera."""
        ...


def open_capture(device: int | str) -> Capture:
    """Open the device, keeping OpenCV's own complaints off standard error."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        capture: Capture = cv2.VideoCapture(device, BACKEND)  # pyrefly: ignore[bad-assignment]
    finally:
        cv2.utils.logging.setLogLevel(level)
    return capture


@dataclass(frozen=True)
class Camera:
    """Frames from a camera until it is unplugged; ``threads.LiveCapture`` reopens it."""

    device: int | str = 0
    """Index, path such as ``/dev/video0``, or the camera's name or a part of it."""
    fourcc: str | None = None
    """Pixel format to ask for, such as ``MJPG``; None leaves the driver's."""
    size: tuple[int, int] | None = None
    """Width and height to ask for."""
    fps: float | None = None
    """Rate to ask for."""
    wait: bool = False
    """Wait for a camera that is not there yet."""
    open_capture: Callable[[int | str], Capture] = open_capture
    _met: list[CameraInfo] = field(default_factory=list, init=False, repr=False, compare=False)
    """The camera that was opened, to find it again under another number."""

    def __post_init__(self) -> None:
        if self.fourcc is not None and len(self.fourcc) != 4:
            raise SourceError(f"fourcc '{self.fourcc}' is not 4 characters, such as MJPG or YUYV.")

    @property
    def live(self) -> bool:
        """True: frames come whether read or not."""
        return True

    def frames(self) -> Iterator[Frame]:
        """Yield frames as they come, each stamped when it was grabbed.

        Raises:
            SourceError: if the camera cannot be opened, gives no picture, or stops giving any.
        """
        place, info = self._find()
        capture = self.open_capture(place)
        try:
            if not capture.isOpened():
                raise SourceError(f"{self.name} cannot be opened. {_advice(place)}")
            self._met[:] = [info] if info else []
            self._configure(capture, info)
            yield from self._read(capture)
        finally:
            capture.release()

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"camera {self.device}"

    def _find(self) -> tuple[int | str, CameraInfo | None]:
        """Return what to open, and what is known of it; its name counts more than its number."""
        by_name = isinstance(self.device, str) and not self.device.startswith("/")
        if self._met or by_name:
            wanted = self._met[0].name if self._met else str(self.device)
            cameras = list_cameras()
            same = [each for each in cameras if self._met and each.bus == self._met[0].bus]
            info = find_camera(wanted, same) or find_camera(wanted, cameras)
            if info is None and by_name:
                raise SourceError(f"no camera '{self.device}'; {_there_is(cameras)}.")
            if info is not None:
                return info.path, info
        path = f"/dev/video{self.device}" if isinstance(self.device, int) else self.device
        return self.device, read_camera(Path(path))

    def _configure(self, capture: Capture, info: CameraInfo | None) -> None:
        """Ask for format, then size, then rate: V4L2 resets the later ones with the earlier."""
        fourcc = self.fourcc
        if fourcc is None and info is not None and (self.size or self.fps):
            fourcc = pick_format(info, self.size, self.fps)
        if fourcc is not None:
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*fourcc))
        if self.size is not None:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, self.size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self.size[1])
        if self.fps is not None:
            capture.set(cv2.CAP_PROP_FPS, self.fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._report(capture)

    def _report(self, capture: Capture) -> None:
        width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        fps = capture.get(cv2.CAP_PROP_FPS)
        fourcc = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=True)
        format = fourcc.decode("ascii", "replace").strip("\0 ")
        log.info("%s: %dx%d at %g fps %s", self.name, width, height, fps, format)
        if self.size is not None and self.size != (width, height):
            log.warning("%s gives %dx%d, not %dx%d", self.name, width, height, *self.size)
        if self.fps is not None and abs(fps - self.fps) > 0.5:
            log.warning("%s gives %g frames a second, not %g; facedrive cameras lists what it can",
                        self.name, fps, self.fps)  # fmt: skip
        if self.fourcc is not None and format.isalnum() and format != self.fourcc:
            log.warning("%s gives %s, not %s", self.name, format, self.fourcc)

    def _read(self, capture: Capture) -> Iterator[Frame]:
        index = bad = 0
        while bad < BAD_PICTURES and capture.grab():
            time, clock = now(), clock_now()
            whole, picture = capture.retrieve()
            if not whole or picture is None:
                bad += 1
                continue
            bad = 0
            yield Frame(
                np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8), time, index, clock
            )
            index += 1
        if index == 0:
            raise SourceError(
                f"{self.name} opens but gives no picture. Close other programs that use it, "
                "or ask for another format (fourcc MJPG or YUYV)."
            )
        raise SourceError(f"{self.name} stopped giving pictures.")


def _advice(device: int | str) -> str:
    """Say what was found where the camera should be, and what to do about it."""
    if not sys.platform.startswith("linux"):
        return "Close other programs that use it, allow this one to use it, or try another index."
    path = f"/dev/video{device}" if isinstance(device, int) else device
    present = video_devices()
    if Path(path).exists() and str(Path(path).resolve()) not in present:
        return f"{path} is no camera; facedrive cameras lists those there are."
    if not Path(path).exists() and path not in present:
        found = ", ".join(present) if present else "no camera at all; plug one in"
        return f"{path} does not exist; there is {found}, or use the source demo."
    if not os.access(path, os.R_OK | os.W_OK):
        return f"This user may not use {path}; add them to the group 'video' and log in again."
    if Path(path).is_char_device() and read_camera(Path(path)) is None:
        return f"{path} gives no pictures; facedrive cameras lists the cameras that do."
    return f"{path} exists; close other programs that use it, or try another."


def _there_is(cameras: list[CameraInfo]) -> str:
    named = ", ".join(f"'{each.name}' ({each.path})" for each in cameras)
    return f"there is {named}" if named else "there is none; plug one in"


def video_devices() -> list[str]:
    """Return the paths of the cameras that Linux knows."""
    return sorted(str(path) for path in Path("/dev").glob("video*"))
