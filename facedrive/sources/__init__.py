"""Where frames come from; ``open_source`` turns what the user typed into a Source."""

from __future__ import annotations

import logging
from pathlib import Path

from facedrive.errors import SourceError
from facedrive.stages import Source

__all__ = ["open_source"]

log = logging.getLogger(__name__)

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff"})


def open_source(
    spec: str,
    *,
    fourcc: str | None = None,
    fps: float | None = None,
    size: tuple[int, int] | None = None,
) -> Source:
    """Choose the source that ``spec`` names.

    Args:
        spec: a camera index (``0``), a device (``/dev/video0``), a video file, an image or a
            folder of them, a stream's URL, or ``demo``.
        fourcc: pixel format to ask a camera for, such as ``MJPG``.
        fps: rate to ask a camera for, or that images are taken at.
        size: width and height to ask a camera for.

    Raises:
        SourceError: if there is no such thing. A camera or video is opened, and may fail, only
            when its first frame is read.
    """
    if spec.isdecimal() or spec.startswith("/dev/"):
        from facedrive.sources.camera import Camera

        device = int(spec) if spec.isdecimal() else spec
        return Camera(device, fourcc=fourcc, size=size, fps=fps)
    _mention_ignored(spec, fourcc=fourcc, size=size)
    if _is_images(spec):
        from facedrive.sources.images import Images

        return Images(Path(spec)) if fps is None else Images(Path(spec), fps=fps)
    _mention_ignored(spec, fps=fps)
    return _open_video(spec)


def _open_video(spec: str) -> Source:
    from facedrive.sources.demo import open_demo
    from facedrive.sources.video import VideoFile, VideoStream

    if spec == "demo":
        return open_demo()
    if "://" in spec:
        return VideoStream(spec)
    if not Path(spec).exists():
        raise SourceError(
            f"no file '{spec}'; a source is a camera index (0), a device (/dev/video0), "
            "a video file, a folder of images, a stream URL, or 'demo'."
        )
    return VideoFile(Path(spec))


def _is_images(spec: str) -> bool:
    path = Path(spec)
    return path.is_dir() or (path.suffix.lower() in IMAGE_SUFFIXES and path.exists())


def _mention_ignored(spec: str, **options: object) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        log.warning("%s: %s not used; only a camera takes that", spec, " and ".join(given))
