"""Crops without a well placed face: what a follower sees when its face has left.

Cut from the photographs beside, within and across the faces, turned on their heads, cut to pieces
and covered; and made of nothing: flat, graded, blurred and noisy, as walls and covered lenses are.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.stats.splits import People
from facedrive.trackers.align import crop_matrix, warp_square
from facedrive.trackers.patch import chain
from facedrive.training.data.photographs import Photographs
from facedrive.types import CropSpec, Image

Random = np.random.Generator


def faceless_crops(photographs: Photographs, people: People, crop: CropSpec, count: int,
                   seed: int) -> Image:  # fmt: skip
    """Make crops that are no crops of a face.

    Args:
        photographs: What most are cut from.
        people: Whose, as ``Photographs.rows_of``.
        crop: How a face would be cut.
        count: How many.
        seed: The same seed makes the same crops.

    Returns:
        (count, S, S) uint8.
    """
    random = np.random.default_rng(seed)
    rows = random.choice(photographs.rows_of(people), count)
    made = np.empty((count, crop.size, crop.size), np.uint8)
    for index, row in enumerate(rows):
        if random.random() < 0.15:
            made[index] = paint_nothing(crop.size, random)
            continue
        picture, points_px = photographs.read(int(row)), photographs.points_px[row]
        made[index] = spoil(picture, points_px, crop, random)
    return made


def spoil(picture: Image, points_px: NDArray[np.floating], crop: CropSpec, random: Random) -> Image:
    """Cut a picture of a face, with (68, 2) landmarks, so that no face can be read off the crop."""
    kind = _KINDS[random.integers(len(_KINDS))]
    return kind(picture, crop_matrix(points_px, crop), crop.size, random)


def tear(picture: Image, points_px: NDArray[np.floating], crop: CropSpec, random: Random) -> Image:
    """Cut a picture of a face with much around it, in pieces or turned on its head."""
    kind = _in_pieces if random.random() < 0.5 else _on_its_head
    return kind(picture, crop_matrix(points_px, crop), crop.size, random)


Matrix = NDArray[np.float64]


def around(side: int, turn: float, scale: float, right: float, down: float) -> Matrix:
    """Give the (2, 3) similarity that turns, scales and shifts a square around its middle."""
    cos, sin, middle = math.cos(turn) * scale, math.sin(turn) * scale, (side - 1) / 2
    linear = np.array([[cos, -sin], [sin, cos]])
    shift = np.array([middle, middle]) - linear @ [middle, middle] + [right * side, down * side]
    return np.column_stack([linear, shift])


def _beside(picture: Image, matrix: Matrix, side: int, random: Random) -> Image:
    """Cut where half of the face or more is outside."""
    angle, far = random.uniform(0, 2 * math.pi), random.uniform(0.5, 1.1)
    moved = around(side, random.normal(0, 0.2), random.uniform(0.7, 1.5),
                    far * math.cos(angle), far * math.sin(angle))  # fmt: skip
    return warp_square(picture, chain(moved, matrix), side)


def _within(picture: Image, matrix: Matrix, side: int, random: Random) -> Image:
    """Cut a part of the face alone, at any turn."""
    scale = random.uniform(2.2, 5.0)
    right, down = random.uniform(-0.4, 0.4, 2) * scale
    moved = around(side, random.uniform(-math.pi, math.pi), scale, right, down)
    return warp_square(picture, chain(moved, matrix), side)


def _far(picture: Image, matrix: Matrix, side: int, random: Random) -> Image:
    """Cut the face with far too much around it."""
    right, down = random.uniform(-0.25, 0.25, 2)
    moved = around(side, random.normal(0, 0.3), random.uniform(0.2, 0.42), right, down)
    return warp_square(picture, chain(moved, matrix), side)


def _on_its_head(picture: Image, matrix: Matrix, side: int, random: Random) -> Image:
    """Turn the face by 75 degrees or more."""
    turn = random.choice([-1, 1]) * random.uniform(math.radians(75), math.pi)
    moved = around(side, turn, random.uniform(0.8, 1.2), *random.uniform(-0.1, 0.1, 2))
    return warp_square(picture, chain(moved, matrix), side)


def _in_pieces(picture: Image, matrix: Matrix, side: int, random: Random) -> Image:
    """Cut the face to tiles, and lay them anew."""
    face, tiles = warp_square(picture, matrix, side), int(random.choice([2, 4, 8]))
    size = side // tiles
    parts = face.reshape(tiles, size, tiles, size).swapaxes(1, 2).reshape(-1, size, size)
    parts = random.permutation(parts)
    laid = parts.reshape(tiles, tiles, size, size).swapaxes(1, 2).reshape(side, side)
    return np.ascontiguousarray(laid)


def _covered(picture: Image, matrix: Matrix, side: int, random: Random) -> Image:
    """Cover three quarters of the face or more, by something soft or hard."""
    face = warp_square(picture, matrix, side)
    hard = np.zeros((side, side), np.float32)
    hard[: round(random.uniform(0.75, 1.1) * side)] = 1.0
    turned = np.ascontiguousarray(np.rot90(hard, int(random.integers(4))))
    cover = np.asarray(cv2.GaussianBlur(turned, (0, 0), random.uniform(0.5, 12)), np.float32)
    over = paint_nothing(side, random).astype(np.float32)
    return _as_picture(face * (1 - cover) + over * cover)


def paint_nothing(side: int, random: Random) -> Image:
    """Paint a wall, a gradient, clouds, stripes or noise."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    angle = random.uniform(0, 2 * math.pi)
    ramp = np.cos(angle) * x + np.sin(angle) * y
    grain = random.standard_normal((side, side)).astype(np.float32)
    clouds = np.asarray(cv2.GaussianBlur(grain, (0, 0), random.uniform(1, 24)), np.float32)
    clouds = clouds / max(float(clouds.std()), 1e-6)
    stripes = np.sign(np.sin(ramp * random.uniform(3, 40) + random.uniform(0, 6)))
    strengths = random.exponential(1.0, 3) * random.choice([0, 1], 3) * [30, 30, 25]
    noise = random.standard_normal((side, side)) * random.uniform(0, 10)
    level = random.uniform(5, 250)
    painted = level + strengths[0] * ramp + strengths[1] * clouds + strengths[2] * stripes + noise
    return _as_picture(painted)


def paint_clutter(side: int, random: Random) -> Image:
    """Paint letters, blobs and strokes, with rims and shades: what looks like a face to some."""
    picture = paint_nothing(side, random)
    for _ in range(random.integers(2, 9)):
        shape = np.zeros((side, side), np.uint8)
        _SHAPES[random.integers(len(_SHAPES))](shape, random)
        rim = cv2.dilate(shape, np.ones((3, 3), np.uint8), iterations=int(random.integers(1, 5)))
        picture = _laid(picture, np.asarray(rim, np.uint8), random)
        picture = _laid(picture, shape, random)
    blurred = cv2.GaussianBlur(picture, (0, 0), random.uniform(0.4, 2.5))
    return np.asarray(blurred if random.random() < 0.7 else picture, np.uint8)


def _laid(picture: Image, shape: Image, random: Random) -> Image:
    """Lay a shape over a picture, its edge soft or hard, in a tone that rises to one side."""
    cover = cv2.GaussianBlur(shape, (0, 0), random.uniform(0.4, 4)).astype(np.float32) / 255
    first, last = random.uniform(0, 255, 2)
    ramp = np.linspace(first, last, len(shape), dtype=np.float32)
    tone = ramp[:, None] if random.random() < 0.5 else ramp[None]
    return _as_picture(np.asarray(picture * (1 - cover) + tone * cover, np.float32))


def _letters(shape: Image, random: Random) -> None:
    side = len(shape)
    word = "".join(chr(each) for each in random.integers(48, 123, random.integers(1, 6)))
    place = tuple(random.integers(0, side, 2).tolist())
    size = side / random.uniform(25, 120)
    cv2.putText(shape, word, place, int(random.integers(8)), size, 255,
                max(int(size * random.uniform(2, 9)), 1), cv2.LINE_AA)  # fmt: skip


def _blob(shape: Image, random: Random) -> None:
    side = len(shape)
    axes = (int(each) for each in side * random.uniform(0.04, 0.35, 2))
    middle = tuple(random.integers(0, side, 2).tolist())
    width = -1 if random.random() < 0.6 else int(random.integers(2, side // 12))
    cv2.ellipse(shape, middle, tuple(axes), random.uniform(0, 360), 0, random.uniform(120, 360),
                255, width, cv2.LINE_AA)  # fmt: skip


def _stroke(shape: Image, random: Random) -> None:
    side = len(shape)
    points = random.integers(0, side, (int(random.integers(2, 6)), 1, 2)).astype(np.int32)
    cv2.polylines(shape, [points], bool(random.random() < 0.4), 255,
                  int(random.integers(2, side // 8)), cv2.LINE_AA)  # fmt: skip


_SHAPES: tuple[Callable[[Image, Random], None], ...] = (_letters, _letters, _blob, _stroke)


def _as_picture(levels: NDArray[np.floating]) -> Image:
    return np.asarray(np.clip(levels, 0, 255), np.uint8)


_KINDS: tuple[Callable[[Image, Matrix, int, Random], Image], ...] = (
    _beside, _beside, _within, _far, _on_its_head, _in_pieces, _covered,
)  # fmt: skip
