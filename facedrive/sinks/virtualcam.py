"""Virtual camera: the avatar as a camera to choose in Discord, Zoom, Meet and browsers.

pyvirtualcam hands pictures to a device that another program made: v4l2loopback on Linux, OBS on
Windows and macOS.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import cv2
import numpy as np

from facedrive.errors import SinkError
from facedrive.options import Size, option
from facedrive.sinks.packages import need
from facedrive.types import Frame, Image, Sample

if TYPE_CHECKING:
    from facedrive.mappings import Mapping
    from facedrive.render.scene import AvatarRenderer

INSTALL = (
    "on Linux: sudo apt install v4l2loopback-dkms && sudo modprobe v4l2loopback exclusive_caps=1; "
    "on Windows and macOS: install OBS, and start its virtual camera once."
)

LARGEST = 4096
"""Pixels of a side."""


@dataclass
class CameraSink:
    """Draws the avatar before a background, and gives it to a virtual camera.

    Behind a live source it draws in a thread of its own, and drops what it has no time for.
    """

    slow: ClassVar = True

    path: str = ""
    """The device, such as /dev/video10 or OBS Virtual Camera; the first where left out."""
    size: Size = Size(1280, 720)
    """Of the picture; both sides even."""
    fps: float = option(30.0, low=1, high=120)
    """What the device is told; pictures come as the tracker gives them."""
    background: str = "#3a424e"
    """A colour such as #00b140, a picture's path, or blur: the camera's own picture, blurred."""
    rig: Path | None = None
    """The avatar: .obj, .gltf, .glb or .vrm; ours where left out."""
    detail: int = option(560, low=64, high=LARGEST)
    """Rows that the avatar is drawn at, and scaled up from: more wants a graphics card."""

    def __post_init__(self) -> None:
        from facedrive.render.behind import Behind

        need("pyvirtualcam", "virtualcam")
        if self.size.width % 2 or self.size.height % 2 or max(self.size) > LARGEST:
            raise SinkError(f"camera: size {self.size}; sides must be even, {LARGEST} at most.")
        self._renderer: AvatarRenderer | None = None
        self._behind = Behind(self.background, self.size)
        self._mapping = self._read_rig()
        self._device = self._open_device()

    def send(self, sample: Sample, frame: Frame | None) -> None:
        """Draw one sample, and give the picture to the device.

        Raises:
            SinkError: if the device is gone.
            RenderError: if this machine has no OpenGL.
        """
        picture = self.picture(sample, None if frame is None else frame.image)
        try:
            self._device.send(picture)
        except (RuntimeError, OSError) as error:
            raise SinkError(f"camera: {self._device.device} is gone: {error}.") from error

    def picture(self, sample: Sample, camera: Image | None) -> Image:
        """Draw one sample, (H, W, 3) RGB, before the background."""
        from facedrive.render.scene import over

        weights = self._mapping.apply(sample.aus, sample.gaze, sample.extras)
        cut = self._open_renderer().cut_out(weights, sample.gaze, sample.head.rotation)
        if cut.shape[:2] != (self.size.height, self.size.width):
            cut = np.asarray(cv2.resize(cut, self.size, interpolation=cv2.INTER_LINEAR), np.uint8)
        return over(cut, self._behind.picture(camera))

    def close(self) -> None:
        """Free the device and OpenGL; called in the thread that drew."""
        if self._renderer is not None:
            self._renderer.close()
        self._device.close()

    def _read_rig(self) -> Mapping:
        from facedrive.mappings import match_rig
        from facedrive.rig import default_rig, load

        self._rig = load(self.rig or default_rig())
        return match_rig(self._rig)

    def _open_renderer(self) -> AvatarRenderer:
        """Open OpenGL with the first picture, in the thread that draws."""
        if self._renderer is None:
            from facedrive.render.scene import AvatarRenderer

            rows = min(self.detail, self.size.height)
            drawn = round(rows * self.size.width / self.size.height), rows
            self._renderer = AvatarRenderer(self._rig, drawn)
        return self._renderer

    def _open_device(self) -> Any:
        import pyvirtualcam

        width, height = self.size
        try:
            return pyvirtualcam.Camera(width, height, self.fps, device=self.path or None)
        except RuntimeError as error:
            asked = f" at {self.path}" if self.path else ""
            reason = str(error).strip().partition(". ")[0]  # what it advises then is said better
            raise SinkError(f"camera: no virtual camera{asked} ({reason}). {INSTALL}") from error
