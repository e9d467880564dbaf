"""Where frames come from; ``open_source`` turns what the user typed into a Source."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from facedrive.errors import SourceError
from facedrive.files import is_there
from facedrive.options import Size, option
from facedrive.registry import Registry, is_dotted
from facedrive.sources.turned import PictureOptions
from facedrive.stages import Source

__all__ = ["SOURCES", "SourceOptions", "open_source", "open_turned"]

log = logging.getLogger(__name__)

SOURCES: Registry[Source] = Registry(
    "source",
    {
        "camera": "facedrive.sources.camera:Camera",
        "images": "facedrive.sources.images:Images",
        "stream": "facedrive.sources.video:VideoStream",
        "video": "facedrive.sources.video:VideoFile",
    },
    ("live", "frames"),
    SourceError,
)

IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".webp", ".tif", ".tiff", ".avif", ".heic", ".heif"}
)


@dataclass(frozen=True)
class SourceOptions:
    """Where the frames come from."""

    what: str = option("0", flag="--source", metavar="WHAT")
    """Camera's index, name or /dev/video…, video file, image folder, stream URL, demo, or a
    plug-in."""
    fourcc: str | None = option(None, flag="--fourcc", metavar="CODE")
    """Pixel format to ask a camera for, such as MJPG; the driver's where left out."""
    fps: float | None = option(None, flag="--fps", unit="frames a second", low=0.01, high=10_000)
    """Rate to ask a camera for, or that images are taken at."""
    size: Size | None = option(None, flag="--size", metavar="WxH", unit="pixels")
    """Frame size to ask a camera for."""
    open_s: float = option(10.0, unit="s", low=0.1, high=600)
    """How long a stream may take to answer."""
    read_s: float = option(5.0, unit="s", low=0.1, high=600)
    """How long a stream may be silent before it counts as lost."""
    stall_s: float = option(0.25, unit="s", low=0.01, high=60)
    """Silence of a camera or stream after which the face eases to neutral; longer where its
    pictures come more rarely."""
    wait: bool = option(False, flag="--wait")
    """Wait for a camera or stream that is not there yet."""
    picture: PictureOptions = option(PictureOptions())


def open_turned(options: SourceOptions) -> Source:
    """Choose the source that the options name; turn its pictures, or tell of a face on its side.

    Raises:
        SourceError: as ``open_source``.
    """
    from facedrive.sources.turned import Turned

    return Turned(open_source(options), options.picture, options.what)


def open_source(source: str | Path | SourceOptions) -> Source:
    """Choose the source that ``source`` names.

    A camera or video is opened, and may fail, only when its first frame is read.

    Args:
        source: a camera's index (``0``), device (``/dev/video0``) or name, a video file, an image
            or a folder of them, a stream's URL, ``demo``, or
            ``package.module:Class?option=value``; or all of the options, of which those of
            ``picture`` are left to ``open_turned``.

    Raises:
        SourceError: if there is no such thing.
    """
    if not isinstance(source, SourceOptions):
        source = SourceOptions(str(source))
    kind, given = _choose(source)
    if is_dotted(kind.partition("?")[0]):
        return SOURCES.open(kind, **given)
    taken = _drop_missing(given)
    _mention_ignored(source, taken)
    return SOURCES.open(kind, **taken)


def _choose(source: SourceOptions) -> tuple[str, dict[str, object]]:
    """Return which of ``SOURCES`` is meant, and what it is given."""
    what, path = source.what, Path(source.what)
    if is_dotted(what.partition("?")[0]) and not is_there(path):
        return what, _drop_missing({"fps": source.fps, "size": source.size})
    if what.isdecimal() or what.startswith("/dev/"):
        return _camera(source, int(what) if what.isdecimal() else what)
    if what == "demo":
        return "video", {"path": _demo_clip()}
    if "://" in what and not is_there(path):
        patience: dict[str, object] = {"open_s": source.open_s, "read_s": source.read_s}
        return "stream", {"url": what, "wait": source.wait} | patience
    if not is_there(path) and _is_camera(what):
        return _camera(source, what)
    if not is_there(path):
        raise SourceError(
            f"no file '{what}'; a source is a camera index (0), a device (/dev/video0), "
            "a camera's name (facedrive cameras), a video file, a folder of images, a stream URL, "
            "'demo', or package.module:Class."
        )
    if path.is_dir() or path.suffix.lower() in IMAGE_SUFFIXES:
        return "images", {"path": path, "fps": source.fps}
    return "video", {"path": path}


def _camera(source: SourceOptions, device: int | str) -> tuple[str, dict[str, object]]:
    return "camera", {"device": device, "fourcc": source.fourcc, "size": source.size,
                      "fps": source.fps, "wait": source.wait}  # fmt: skip


def _is_camera(name: str) -> bool:
    from facedrive.sources.v4l2 import find_camera, list_cameras

    return bool(name.strip()) and find_camera(name, list_cameras()) is not None


def _demo_clip() -> Path:
    from facedrive.sources.demo import open_demo

    return open_demo().path


def _drop_missing(given: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in given.items() if value is not None}


def _mention_ignored(source: SourceOptions, taken: dict[str, object]) -> None:
    asked: dict[str, object]
    asked = {"fourcc": source.fourcc, "fps": source.fps, "size": source.size}
    ignored = [name for name in _drop_missing(asked) if name not in taken]
    if ignored:
        names = ", ".join(ignored)
        log.warning("%s: %s: not used; only a camera takes that", source.what, names)
