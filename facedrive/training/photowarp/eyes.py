"""The eyes of a photograph, turned behind lids that move: no sheet, so they are set in anew.

A sheet stretches what lies between the lids with them: it squeezes an iris where a lid would cover
it, and leaves every eye looking where it was photographed looking. So each eye is taken out of the
photograph, completed beneath its lids, turned, and set behind the lids where they came to lie.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.training.photowarp.sheet import BRIGHTEST, DARKEST, Picture, Warped
from facedrive.types import Image, Vector

Points = NDArray[np.float32]


class Eye(NamedTuple):
    """Mesh points of an eye."""

    lids: tuple[int, ...]
    """Around the opening, the outer corner first, the inner one in the middle."""
    iris: tuple[int, ...]
    """Its centre, then four points on its edge."""
    below: tuple[int, ...]
    """Skin in the eye's light."""


LEFT = Eye(
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    tuple(range(473, 478)),
    (448, 449, 450, 451, 452),
)
RIGHT = Eye(
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    tuple(range(468, 473)),
    (228, 229, 230, 231, 232),
)

EYEBALL = 2.05
"""Radius of an eyeball over its iris's: 12 mm over 5.9."""

ZOOM = 3
"""Pixels of a completed eye to one of the photograph's."""

REACH = 2.6
"""Half the side of a completed eye, in widths of the eye's opening over two."""

LID_PX = 0.7
"""Of the photograph, along the lids: lashes and shadow, which stay with the lids."""

LIMBUS = 0.95
"""Radius of what is filled as iris, over the iris's: what lies farther out is white already."""

SOFT_PX = 0.5
"""Of the photograph, by which a completed eye is blurred: its parts meet in an edge."""

LEAST_OPEN = 0.7
"""Height of an opening, in radii of the iris, from which an eye shows enough to be turned."""


class Patch(NamedTuple):
    """An eye without lids, as far as it can be told."""

    picture: Picture
    """(S, S) grey levels; the iris's centre in the middle."""
    radius: float
    """Of the iris, pixels of the photograph."""


def turn_eyes(
    warped: Warped, photograph: Image, points: Points, moved: Points, turn: Vector
) -> Warped:
    """Set a photograph's eyes into the picture that its sheet was bent to.

    Args:
        warped: That picture.
        photograph: (H, W) uint8.
        points: (478, 2 or more) the photograph's mesh, pixels.
        moved: (468, 2 or more) where its skin went.
        turn: (2, 2) radians by which the eyes turn, laid out as ``Sample.gaze``.

    Returns:
        The picture with its eyes turned, but for those that were all but closed.
    """
    across = points[LEFT.lids[0], :2] - points[RIGHT.lids[0], :2]
    across = across / max(float(np.linalg.norm(across)), 1e-6)
    up = np.array([across[1], -across[0]], np.float32)
    picture = warped.picture.astype(np.float32)
    for eye, (pitch, yaw) in zip((LEFT, RIGHT), turn, strict=True):
        patch = _complete(photograph, points[:, :2], eye)
        if patch is None:
            continue
        shift = EYEBALL * patch.radius * (np.sin(yaw) * across + np.sin(pitch) * up)
        light = _light(warped.picture, moved, eye) / _light(photograph, points, eye)
        place = _place(patch, points, moved, eye, shift)
        bright = np.float32(np.clip(light, DARKEST, BRIGHTEST))
        seen = cv2.warpAffine(patch.picture * bright, place, picture.shape[::-1],
                              flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
        picture += _opening(picture.shape, moved[eye.lids, :2]) * (seen - picture)
    return Warped(np.clip(np.round(picture), 0, 255).astype(np.uint8), warped.inside)


def _complete(photograph: Image, points: Points, eye: Eye) -> Patch | None:
    """Take an eye out of a photograph and complete it; None if it shows too little."""
    lids, centre = points[list(eye.lids)], points[eye.iris[0]]
    radius = float(np.linalg.norm(points[list(eye.iris[1:])] - centre, axis=1).mean())
    width = float(np.linalg.norm(lids[0] - lids[len(lids) // 2]))
    height = cv2.contourArea(lids) / max(width, 1e-6)
    if height < LEAST_OPEN * radius:
        return None
    half = int(np.ceil(REACH * width / 2)) * ZOOM
    to_patch = np.array([[ZOOM, 0, half - ZOOM * centre[0]], [0, ZOOM, half - ZOOM * centre[1]]])
    size = (2 * half + 1, 2 * half + 1)
    seen = np.asarray(cv2.warpAffine(photograph, to_patch, size, flags=cv2.INTER_CUBIC,
                                     borderMode=cv2.BORDER_REPLICATE), np.uint8)  # fmt: skip
    opening, iris = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    cv2.fillPoly(opening, [np.round(ZOOM * (lids - centre) + half).astype(np.int32)], 1)
    cv2.circle(iris, (half, half), round(LIMBUS * radius * ZOOM), 1, -1)
    known = cv2.erode(opening, _disc(LID_PX * ZOOM)) > 0
    # An iris is round: what a lid covers of it is seen on the other side.
    mirrored = (iris > 0) & ~known & known[::-1, ::-1]
    seen, known = np.where(mirrored, seen[::-1, ::-1], seen), known | mirrored
    round_iris, white = (_nearest(seen, known & (iris == inside)) for inside in (1, 0))
    filled = np.where(iris > 0, round_iris, white).astype(np.float32)
    soft = cv2.GaussianBlur(filled, (0, 0), SOFT_PX * ZOOM)
    return Patch(np.asarray(soft, np.float32), radius)


def _nearest(picture: Image, known: NDArray[np.bool_]) -> Image:
    """Fill a picture with what is nearest of what is known."""
    if not known.any():
        return picture
    unknown = np.where(known, 0, 1).astype(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(
        unknown, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    values = np.zeros(int(nearest.max()) + 1, np.uint8)
    values[nearest[known]] = picture[known]
    return np.asarray(values[nearest], np.uint8)


def _place(
    patch: Patch, points: Points, moved: Points, eye: Eye, shift: Vector
) -> NDArray[np.float64]:
    """Give the (2, 3) matrix from a completed eye to the new picture, turned by ``shift``."""
    corners = [eye.lids[0], eye.lids[len(eye.lids) // 2]]
    (a, b), (new_a, new_b) = points[corners, :2].astype(float), moved[corners, :2].astype(float)
    old, new = complex(*(b - a)), complex(*(new_b - new_a))
    ratio = new / old if abs(old) > 1e-6 else 1.0 + 0j
    turn = np.array([[ratio.real, -ratio.imag], [ratio.imag, ratio.real]])
    corner = points[eye.iris[0], :2] + shift - (len(patch.picture) - 1) / 2 / ZOOM
    return np.column_stack([turn / ZOOM, turn @ (corner - (a + b) / 2) + (new_a + new_b) / 2])


def _opening(shape: tuple[int, ...], lids: Points) -> Picture:
    """Give (H, W) how much of each pixel lies between the lids."""
    mask = np.zeros(shape, np.float32)
    corners = np.round(lids * 256).astype(np.int32)
    cv2.fillPoly(mask, [corners], 1.0, lineType=cv2.LINE_AA, shift=8)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), LID_PX), np.float32)


def _light(picture: Image, points: Points, eye: Eye) -> float:
    """Give the brightness of the skin below an eye."""
    height, width = picture.shape
    places = points[list(eye.below), :2].round().astype(int)
    x, y = np.clip(places[:, 0], 0, width - 1), np.clip(places[:, 1], 0, height - 1)
    return float(picture[y, x].mean()) + 1.0


def _disc(radius: float) -> NDArray[np.uint8]:
    side = 2 * round(radius) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
