"""What the overlay is drawn with: palette, text, rounded shapes, fitted pictures. All in RGB."""

from __future__ import annotations

import math
from functools import cache
from typing import Literal, NamedTuple

import cv2
import numpy as np

from facedrive.types import Image, Vector

Color = tuple[int, int, int]
Align = Literal["left", "center", "right"]

BACKGROUND: Color = (15, 18, 26)
PANEL: Color = (21, 25, 35)
TRACK: Color = (37, 43, 58)
TEXT: Color = (226, 231, 241)
DIM: Color = (126, 136, 158)
GREEN: Color = (96, 211, 148)
AMBER: Color = (255, 190, 92)
RED: Color = (255, 92, 98)
TEAL: Color = (84, 198, 214)
WHITE: Color = (240, 250, 252)

SHIFT = 4
"""OpenCV draws at 1/16 pixel with this many fractional bits."""


class Rect(NamedTuple):
    """A rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float


class Fit(NamedTuple):
    """How a picture was fitted into another: point p went to ``p * scale + offset``."""

    scale: float
    offset: tuple[float, float]
    mirrored_width: int | None
    """Width of the whole where it was mirrored then, else None."""

    def place(self, points: Vector) -> Vector:
        """Map (n, 2) points of the picture."""
        placed = (points * self.scale + self.offset).astype(np.float32)
        if self.mirrored_width is not None:
            placed[:, 0] = self.mirrored_width - placed[:, 0]
        return placed


def canvas(width: int, height: int, color: Color = BACKGROUND) -> Image:
    """Make an empty picture."""
    made: Image = np.full((height, width, 3), color, dtype=np.uint8)
    return made


def text(
    image: Image,
    words: str,
    at: tuple[float, float],
    size: int,
    color: Color = TEXT,
    weight: int = 400,
    align: Align = "left",
) -> None:
    """Write one line; ``at`` is on its baseline, ``weight`` is 400 regular to 700 bold."""
    font = _font()
    shift = {"left": 0.0, "center": 0.5, "right": 1.0}[align]
    x = at[0] - shift * text_width(words, size, weight) if shift else at[0]
    cv2.putText(image, words, (round(x), round(at[1])), color, font, size, weight)


def text_width(words: str, size: int, weight: int = 400) -> int:
    """Measure one line in pixels."""
    box = cv2.getTextSize((0, 0), words, (0, 0), _font(), size, weight)
    return int(box[0] + box[2])


def bar(image: Image, rect: Rect, color: Color) -> None:
    """Fill a rectangle with round ends, at fractions of a pixel."""
    radius = min(rect.width, rect.height) / 2
    x, x_end = _inside(rect.x, rect.width, image.shape[1])
    y, y_end = _inside(rect.y, rect.height, image.shape[0])
    # Distance of pixel centres to the outline: OpenCV's small circles are polygons.
    across = np.abs(np.arange(x, x_end) + 0.5 - rect.x - rect.width / 2) - rect.width / 2 + radius
    along = np.abs(np.arange(y, y_end) + 0.5 - rect.y - rect.height / 2) - rect.height / 2 + radius
    distance = np.hypot(np.maximum(across, 0.0), np.maximum(along, 0.0)[:, None]) - radius
    cover = np.clip(0.5 - distance, 0.0, 1.0)[..., None].astype(np.float32)
    place = image[y:y_end, x:x_end]
    place[:] = np.rint(place + (np.array(color, np.float32) - place) * cover)


def disc(image: Image, at: tuple[float, float], radius: float, color: Color) -> None:
    """Fill a circle."""
    bar(image, Rect(at[0] - radius, at[1] - radius, 2 * radius, 2 * radius), color)


def dots(image: Image, points: Vector, radius: float, color: Color) -> None:
    """Fill a small circle at each of (n, 2) points; those outside the picture are left out."""
    reach = int(radius) + 2
    height, width = image.shape[:2]
    base = np.floor(points).astype(np.intp)
    steps = np.arange(-reach, reach + 1)
    xs, ys = base[:, 0, None, None] + steps, base[:, 1, None, None] + steps[:, None]
    xs, ys = np.broadcast_arrays(xs, ys)
    away = np.hypot(xs + 0.5 - points[:, 0, None, None], ys + 0.5 - points[:, 1, None, None])
    seen = (away < radius + 0.5) & (xs >= 0) & (xs < width) & (ys >= 0) & (ys < height)
    cover = np.clip(radius + 0.5 - away[seen], 0.0, 1.0).astype(np.float32)[:, None]
    behind = image[ys[seen], xs[seen]]
    image[ys[seen], xs[seen]] = np.rint(behind + (np.array(color, np.float32) - behind) * cover)


def curve(
    image: Image, points: Vector, color: Color, closed: bool = False, thickness: int = 1
) -> None:
    """Join (n, 2) points smoothly-edged."""
    # For OpenCV whole numbers are the middles of pixels.
    fixed = np.round((points - 0.5) * (1 << SHIFT)).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(image, [fixed], closed, color, thickness, cv2.LINE_AA, SHIFT)


def fitted(picture: Image, width: int, height: int, mirror: bool) -> tuple[Image, Fit]:
    """Fit a picture of any size into ``width`` by ``height``, over a dim blur of itself."""
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)
    x, y = (width - size[0]) // 2, (height - size[1]) // 2
    made = _blurred(scaled, width, height) if (x or y) else np.empty((height, width, 3), np.uint8)
    made[y : y + size[1], x : x + size[0]] = scaled
    if mirror:
        cv2.flip(made, 1, dst=made)
    return made, Fit(scale, (x, y), width if mirror else None)


def inset(image: Image, picture: Image, at: tuple[int, int], radius: int) -> None:
    """Lay a picture with round corners over another."""
    x, y = at
    height, width = picture.shape[:2]
    place = image[y : y + height, x : x + width]
    mask = _round_mask(width, height, radius)
    place[:] = (place + (picture.astype(np.float32) - place) * mask).astype(np.uint8)


def badge(image: Image, words: str, color: Color, at: tuple[float, float]) -> float:
    """Draw a dark pill with a coloured dot and words; return its width."""
    height, size = 26, 13
    width = text_width(words, size, 500) + 40
    x, y = at
    pill = np.s_[int(y) : int(y) + height, int(x) : int(x) + width]
    behind = image[pill]
    dark = (behind * 0.25 + np.array(BACKGROUND) * 0.75).astype(np.uint8)
    inset(image, dark, (int(x), int(y)), height // 2)
    disc(image, (x + 16, y + height / 2), 4.5, color)
    text(image, words, (x + 28, y + height / 2 + 4.5), size, TEXT, 500)
    return float(width)


def _inside(start: float, length: float, limit: int) -> tuple[int, int]:
    """Return the first and the end of the pixels that a span touches."""
    first, end = math.floor(start), math.ceil(start + length)
    return min(max(first, 0), limit), min(max(end, 0), limit)


def _blurred(picture: Image, width: int, height: int) -> Image:
    """Spread a dim, blurred copy of a picture over ``width`` by ``height``."""
    few = cv2.resize(picture, (12, 9), interpolation=cv2.INTER_AREA)
    dim = cv2.addWeighted(few, 0.3, few, 0.0, 4)
    return np.asarray(cv2.resize(dim, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


@cache
def _font() -> cv2.FontFace:
    return cv2.FontFace("sans")


@cache
def _round_mask(width: int, height: int, radius: int) -> Vector:
    """Return (height, width, 1) float32, 1 inside the rounded rectangle."""
    scale = 4
    mask = np.zeros((height * scale, width * scale), np.uint8)
    reach = radius * scale
    right, bottom = width * scale - reach, height * scale - reach
    cv2.rectangle(mask, (reach, 0), (right - 1, height * scale), 255, cv2.FILLED)
    cv2.rectangle(mask, (0, reach), (width * scale, bottom - 1), 255, cv2.FILLED)
    for center in ((reach, reach), (right, reach), (reach, bottom), (right, bottom)):
        cv2.circle(mask, center, reach, 255, cv2.FILLED)
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    return (small.astype(np.float32) / 255.0)[..., None]
