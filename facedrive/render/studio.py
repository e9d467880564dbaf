"""One picture a sample: camera, AU bars and avatar, for the window and for recordings alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from facedrive.mappings import match_rig
from facedrive.rig import Rig
from facedrive.types import Frame, Image, Sample

if TYPE_CHECKING:
    from facedrive.render.scene import AvatarRenderer

Layout = Literal["strip", "stage"]
"""strip: camera, bars, avatar side by side; stage: a large avatar, the camera inset."""

AVATAR_SIZE = {"strip": (480, 480), "stage": (560, 560)}
"""Drawn size; the stage is scaled up, so that software OpenGL keeps 25 fps."""


@dataclass
class Studio:
    """Draws samples on a rig. It opens OpenGL on the first picture, in the thread that asks."""

    rig: Rig
    layout: Layout = "strip"
    mirror: bool = False
    """Show as a mirror would; only the picture turns, never the data."""
    names: Path | None = None
    """A TOML table of what the rig calls its targets."""
    _renderer: AvatarRenderer | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._mapping = match_rig(self.rig, self.names)

    def picture(self, sample: Sample, frame: Frame | None, status: str = "") -> Image:
        """Draw one sample: (H, W, 3) uint8 RGB, of one size as long as frames are.

        Raises:
            RenderError: if this machine has no OpenGL.
        """
        from facedrive.render import overlay

        avatar = self.avatar(sample)
        image = None if frame is None else frame.image
        compose = overlay.compose if self.layout == "strip" else overlay.compose_live
        return compose(image, sample, avatar, mirror=self.mirror, status=status)

    def avatar(self, sample: Sample) -> Image:
        """Draw the head alone."""
        if self._renderer is None:
            from facedrive.render.scene import AvatarRenderer

            self._renderer = AvatarRenderer(self.rig, AVATAR_SIZE[self.layout])
        weights = self._mapping.apply(sample.aus, sample.gaze, sample.extras)
        return self._renderer.render(weights, sample.gaze, sample.head.rotation)

    def close(self) -> None:
        """Free the OpenGL context; call it in the thread that drew."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
