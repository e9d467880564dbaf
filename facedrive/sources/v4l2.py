"""What Linux says of its cameras: names, stable paths, formats, sizes and rates, by V4L2's ioctls.

Specification: linux/videodev2.h. A camera has several nodes, of which some give metadata and no
pictures; those are left out.
"""

from __future__ import annotations

import os
import re
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

DEV = Path("/dev")

QUERYCAP, ENUM_FMT = 0x80685600, 0xC0405602
ENUM_FRAMESIZES, ENUM_FRAMEINTERVALS = 0xC02C564A, 0xC034564B

CAPABILITIES = struct.Struct("=16s32s32s3I12x")
FORMAT = struct.Struct("=3I32sI16x")
SIZE = struct.Struct("=9I8x")
INTERVAL = struct.Struct("=11I8x")

VIDEO_CAPTURE, HAS_DEVICE_CAPS = 0x1, 0x80000000
DISCRETE = 1

Ioctl = Callable[[int, int, bytearray], object]


class Mode(NamedTuple):
    """What a camera can give."""

    fourcc: str
    width: int
    height: int
    fps: tuple[float, ...]
    """Rates at this size, highest first."""


class CameraInfo(NamedTuple):
    """One camera."""

    path: str
    """Such as /dev/video0; another after it was plugged in again."""
    name: str
    bus: str
    """Where it is plugged in."""
    stable: str
    """A path that stays: /dev/v4l/by-id/…; empty where there is none."""
    modes: tuple[Mode, ...]


def list_cameras() -> list[CameraInfo]:
    """Return the cameras of this computer that give pictures; none but on Linux."""
    paths = sorted(DEV.glob("video*"), key=lambda path: (len(path.name), path.name))
    return [info for path in paths if (info := read_camera(path)) is not None]


def read_camera(path: Path) -> CameraInfo | None:
    """Return what a node says of its camera; None where it gives no pictures, or may not be opened.

    Opening a node disturbs nobody who reads from it.
    """
    if not sys.platform.startswith("linux"):
        return None
    from fcntl import ioctl

    try:
        node = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return _read(path, node, ioctl)
    except OSError:
        return None
    finally:
        os.close(node)


def find_camera(name: str, cameras: list[CameraInfo]) -> CameraInfo | None:
    """Return the camera of this name, or the first with it in its name; case does not count."""
    wanted = name.casefold()
    same = [each for each in cameras if each.name.casefold() == wanted]
    alike = [each for each in cameras if wanted in each.name.casefold()]
    return next(iter([*same, *alike]), None)


def pick_format(info: CameraInfo, size: tuple[int, int] | None, fps: float | None) -> str | None:
    """Return MJPG where the rate asked for needs it; None where the driver's own format will do."""
    fast = {
        mode.fourcc
        for mode in info.modes
        if size in (None, (mode.width, mode.height))
        and (fps is None or max(mode.fps, default=0.0) >= fps - 0.5)
    }
    plain = fast - {"MJPG"}
    return "MJPG" if "MJPG" in fast and not plain else None


def _read(path: Path, node: int, ioctl: Ioctl) -> CameraInfo | None:
    said = bytearray(CAPABILITIES.size)
    ioctl(node, QUERYCAP, said)
    _, card, bus, _, everything, own = CAPABILITIES.unpack(said)
    if not (own if everything & HAS_DEVICE_CAPS else everything) & VIDEO_CAPTURE:
        return None
    modes = tuple(_modes(node, ioctl))
    if not modes:
        return None
    return CameraInfo(str(path), _text(card), _text(bus), _stable(path), modes)


def _modes(node: int, ioctl: Ioctl) -> Iterator[Mode]:
    for said in _each(node, ENUM_FMT, FORMAT, (VIDEO_CAPTURE, 0, b"", 0), ioctl):
        code = said[4]
        fourcc = code.to_bytes(4, "little").decode("ascii", "replace").strip()
        for width, height in _sizes(node, code, ioctl):
            yield Mode(fourcc, width, height, _rates(node, code, width, height, ioctl))


def _sizes(node: int, code: int, ioctl: Ioctl) -> Iterator[tuple[int, int]]:
    for said in _each(node, ENUM_FRAMESIZES, SIZE, (code, *[0] * 7), ioctl):
        if said[2] != DISCRETE:  # any size up to the largest
            yield said[4], said[7]
            return
        yield said[3], said[4]


def _rates(node: int, code: int, width: int, height: int, ioctl: Ioctl) -> tuple[float, ...]:
    rates = set()
    blank = (code, width, height, *[0] * 7)
    for said in _each(node, ENUM_FRAMEINTERVALS, INTERVAL, blank, ioctl):
        above, below = said[5], said[6]
        rates.add(round(below / above, 2) if above else 0.0)
        if said[4] != DISCRETE:  # any rate up to the highest
            break
    return tuple(sorted(rates, reverse=True))


def _each(
    node: int, request: int, layout: struct.Struct, rest: tuple[object, ...], ioctl: Ioctl
) -> Iterator[tuple[int, ...]]:
    """Ask for entry 0, 1, 2 … until the driver has no more."""
    for index in range(256):
        asked = bytearray(layout.pack(index, *rest))
        try:
            ioctl(node, request, asked)
        except OSError:
            return
        yield layout.unpack(asked)


def _text(raw: bytes) -> str:
    return re.sub(r"[^\x20-\x7e\xa0-\uffff]", "", raw.split(b"\0")[0].decode("utf-8", "replace"))


def _stable(path: Path) -> str:
    for link in sorted((DEV / "v4l" / "by-id").glob("*")):
        if link.resolve() == path.resolve():
            return str(link)
    return ""
