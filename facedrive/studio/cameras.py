"""What the page offers of cameras: their names, and the sizes, rates and formats of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from facedrive.options import Size
from facedrive.sources.camera import video_devices
from facedrive.sources.v4l2 import CameraInfo, list_cameras

USUAL_SIZES = (Size(320, 240), Size(640, 480), Size(1280, 720), Size(1920, 1080))
USUAL_RATES = (15.0, 30.0, 60.0)
"""What is offered of a camera that does not say what it can."""


class Offer(NamedTuple):
    """What can be asked of a camera."""

    sizes: tuple[Size, ...]
    """The smallest first."""
    rates: tuple[float, ...]
    """Frames a second, the lowest first."""
    formats: tuple[str, ...]
    """Four letters each."""


def cameras() -> dict[str, str]:
    """Return this computer's cameras: how a setting names each, and how people do."""
    named = {each.path: f"{each.name} ({each.path})" for each in list_cameras()}
    return named or {path: path for path in video_devices()}


def chosen(what: str, known: Sequence[str]) -> str | None:
    """Return which of the known cameras a setting means, if any: it may be a number."""
    path = f"/dev/video{what}" if what.isdecimal() else what
    return path if path in known else None


def offer(info: CameraInfo | None, size: Size | None = None) -> Offer:
    """Return what a camera offers; rates and formats are those at a size, where one is chosen."""
    if info is None or not info.modes:
        return Offer(USUAL_SIZES, USUAL_RATES, ())
    sizes = {Size(each.width, each.height) for each in info.modes}
    at = [each for each in info.modes if size is None or (each.width, each.height) == size]
    rates = {rate for each in at for rate in each.fps}
    return Offer(tuple(sorted(sizes)), tuple(sorted(rates)),
                 tuple(dict.fromkeys(each.fourcc for each in at)))  # fmt: skip
