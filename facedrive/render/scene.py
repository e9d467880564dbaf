"""The avatar's picture: weights, gaze and head rotation in, RGB out, no display needed."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

from facedrive.errors import RenderError
from facedrive.render.context import current, open_context
from facedrive.render.morph import Morpher
from facedrive.render.paint import Painter
from facedrive.render.pose import Neck, turn_eyes
from facedrive.rig.model import Rig
from facedrive.types import Image, Vector

if TYPE_CHECKING:
    from facedrive.render.passes import Passes

SAMPLES = 4
"""Samples a pixel: smooth edges."""


class AvatarRenderer:
    """Draws one rig off-screen; a context manager. Any one thread at a time may use it."""

    def __init__(
        self, rig: Rig, size: tuple[int, int] = (512, 512), samples: int = SAMPLES
    ) -> None:
        """Open a context and frame the head; ``size`` is width and height in pixels.

        Raises:
            RenderError: if this machine has no OpenGL.
        """
        self._rig = rig
        self._morpher = Morpher(rig)
        self._painter = Painter(rig)
        self._neck = Neck(rig)
        self._backdrop = backdrop(size)
        self._context = open_context()
        self._passes: Passes | None = None
        with current(self._context):
            # Imported late: it binds PyOpenGL to the platform that was chosen.
            from facedrive.render.passes import Passes

            self._passes = Passes(rig, size, samples)

    def render(self, weights: Vector, gaze: Vector, head_rotation: Vector) -> Image:
        """Draw one frame before the studio's wall: (H, W, 3) uint8 RGB; see ``cut_out``."""
        return over(self.cut_out(weights, gaze, head_rotation), self._backdrop)

    def cut_out(self, weights: Vector, gaze: Vector, head_rotation: Vector) -> Image:
        """Draw one frame: (H, W, 4) uint8, colour premultiplied by alpha, until the next is drawn.

        Args:
            weights: (T,) float32 in the order of ``rig.targets``.
            gaze: (2, 2) float32 radians, as ``Sample.gaze``; ignored without eyeballs, whose
                rigs have it among their weights.
            head_rotation: (4,) unit quaternion x, y, z, w, as ``Head.rotation``.
        """
        if self._passes is None:
            raise RenderError(f"the renderer of {self._rig.name} is closed; open another.")
        vertices, normals = self._morpher.vertices(weights), self._morpher.normals()
        if self._rig.eyes is not None:
            vertices, normals = vertices.copy(), normals.copy()
            turn_eyes(self._rig.eyes, vertices, normals, gaze)
        vertices, normals = self._neck.bend(vertices, normals, head_rotation)
        with current(self._context):
            return self._passes.draw(vertices, normals, self._painter.paint(weights))

    def close(self) -> None:
        """Free the context; may be called twice."""
        if self._passes is not None:
            with current(self._context):
                self._passes.close()
            self._passes = None
            self._context.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def backdrop(size: tuple[int, int]) -> Image:
    """Paint the studio wall, (H, W, 3) uint8: lighter behind the head, darker to the corners."""
    width, height = size
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    glow = np.exp(-(x**2 + (y + 0.15) ** 2) / 1.1)[..., None]
    dark, light = np.array([34, 39, 54.0]), np.array([112, 126, 152.0])
    # A little noise hides the steps of so slow a gradient.
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (height, width, 1))
    painted: Image = np.round(dark + (light - dark) * glow + noise).astype(np.uint8)
    return painted


def over(picture: Image, behind: Image) -> Image:
    """Lay (H, W, 4), premultiplied by alpha, over (H, W, 3)."""
    *channels, alpha = cv2.split(np.ascontiguousarray(picture))
    clear = cv2.merge([cv2.bitwise_not(alpha)] * 3)
    laid = cv2.add(cv2.merge(channels), cv2.multiply(behind, clear, scale=1 / 255))
    return np.asarray(laid, dtype=np.uint8)
