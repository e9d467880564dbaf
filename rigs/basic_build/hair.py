"""The hair: a cap on the skull and tapered locks combed over it from a side parting."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import colours as paint
from .brows import _smooth
from .head_shape import head_distance
from .part import Array, Part, flipped, fan_faces, grid_faces, joined
from .sdf import trace

CENTRE = np.array([0.0, 30.0, -10.0])
CAP_COLUMNS, CAP_ROWS = 44, 11
HAIRLINE_DEG = np.array(
    [
        [0, 47],
        [30, 43],
        [55, 26],
        [72, 2],
        [80, -20],
        [88, -20],
        [97, 0],
        [112, -2],
        [128, -32],
        [150, -50],
        [180, -52],
    ]
)
"""Azimuth from the front and the elevation where hair begins, degrees."""


class Lock(NamedTuple):
    """One lock of hair, root first."""

    path_deg: tuple[tuple[float, float], ...]
    """Azimuth (to the left) and elevation about the skull's centre."""
    lift_mm: tuple[float, ...]
    width_mm: tuple[float, ...]
    """Half widths."""
    thick_mm: float


LOCKS = (
    Lock(
        ((22, 76), (2, 60), (-22, 44), (-44, 26), (-58, 8)),
        (8, 15, 15, 9, 3),
        (8, 15, 16, 10, 0.6),
        7.0,
    ),
    Lock(
        ((24, 70), (14, 55), (-4, 42), (-24, 32), (-40, 22)),
        (7, 13, 14, 11, 7),
        (6, 11, 12, 8, 0.6),
        6.0,
    ),
    Lock(
        ((20, 80), (-20, 66), (-50, 46), (-68, 20), (-76, -8)),
        (8, 15, 15, 9, 3),
        (10, 17, 17, 11, 0.6),
        7.0,
    ),
    Lock(
        ((15, 84), (-50, 72), (-80, 46), (-92, 18), (-92, -8)),
        (8, 14, 14, 11, 5),
        (10, 19, 19, 12, 0.6),
        7.0,
    ),
    Lock(
        ((24, 74), (40, 58), (54, 40), (62, 22), (64, 4)),
        (7, 13, 13, 8, 3),
        (8, 13, 13, 9, 0.6),
        6.0,
    ),
    Lock(
        ((26, 78), (58, 62), (76, 42), (80, 16), (80, -10)),
        (8, 14, 14, 8, 3),
        (9, 16, 17, 10, 0.6),
        7.0,
    ),
    Lock(
        ((40, 84), (88, 66), (100, 42), (98, 16), (94, -8)),
        (8, 14, 14, 11, 5),
        (10, 18, 18, 12, 0.6),
        7.0,
    ),
    Lock(
        ((90, 80), (120, 50), (122, 18), (122, -16), (118, -38)),
        (8, 13, 13, 9, 4),
        (10, 22, 24, 17, 0.6),
        7.0,
    ),
    Lock(
        ((150, 80), (150, 50), (152, 16), (154, -22), (152, -50)),
        (8, 13, 14, 10, 5),
        (10, 24, 26, 19, 0.6),
        7.0,
    ),
    Lock(
        ((-170, 80), (-178, 50), (180, 14), (-178, -26), (178, -56)),
        (8, 14, 15, 11, 6),
        (10, 24, 26, 19, 0.6),
        7.0,
    ),
    Lock(
        ((-110, 80), (-150, 54), (-152, 16), (-154, -22), (-152, -50)),
        (8, 13, 14, 10, 5),
        (10, 24, 26, 19, 0.6),
        7.0,
    ),
    Lock(
        ((-80, 80), (-118, 50), (-122, 18), (-122, -16), (-118, -38)),
        (8, 13, 13, 9, 4),
        (10, 22, 24, 17, 0.6),
        7.0,
    ),
)
STATIONS = 13
SECTION = np.array(
    [[-1.0, -0.3], [-0.7, 0.55], [0.0, 1.0], [0.7, 0.55], [1.0, -0.3], [0.0, -0.6]]
)


def build_hair() -> Part:
    """Cap and locks."""
    return joined("hair", [_cap(), *(_lofted(lock) for lock in LOCKS)])


def skull_points(azimuth_deg: Array, elevation_deg: Array, lift_mm: Array) -> Array:
    """(n, 3) points that far above the skull's skin."""
    azimuth, elevation = np.radians(azimuth_deg), np.radians(elevation_deg)
    outward = np.column_stack(
        [
            np.sin(azimuth) * np.cos(elevation),
            np.sin(elevation),
            np.cos(azimuth) * np.cos(elevation),
        ]
    )
    skin = trace(head_distance, CENTRE + 220.0 * outward, -outward)
    return np.asarray(skin + lift_mm[:, None] * outward)


def _cap() -> Part:
    azimuth = 360.0 * np.arange(CAP_COLUMNS) / CAP_COLUMNS - 180.0
    line = np.interp(np.abs(azimuth), HAIRLINE_DEG[:, 0], HAIRLINE_DEG[:, 1])
    down = np.linspace(0.04, 1.0, CAP_ROWS)
    rings = [
        skull_points(
            azimuth,
            90 + (line - 90) * t,
            np.full(CAP_COLUMNS, 10.5 * (1 - t**5) - 1.2 * t**5),
        )
        for t in down
    ]
    top = np.array([[0.0, rings[0][:, 1].mean() + 0.8, rings[0][:, 2].mean()]])
    points = np.concatenate([*rings, top])
    faces = grid_faces(CAP_ROWS, CAP_COLUMNS, closed=True)
    faces += flipped(fan_faces(list(range(CAP_COLUMNS)), len(points) - 1))
    return Part("cap", points, flipped(faces), np.tile(paint.HAIR, (len(points), 1)))


def _lofted(lock: Lock) -> Part:
    along = np.linspace(0.0, 1.0, STATIONS)
    knots = np.linspace(0.0, 1.0, len(lock.path_deg))
    path = np.array(lock.path_deg, dtype=float)
    path[:, 0] = np.degrees(np.unwrap(np.radians(path[:, 0])))
    azimuth, elevation = (_smooth(along, knots, path[:, k]) for k in range(2))
    lift = _smooth(along, knots, np.array(lock.lift_mm, dtype=float))
    width = np.maximum(_smooth(along, knots, np.array(lock.width_mm, dtype=float)), 0.4)
    spine = skull_points(azimuth, elevation, lift)
    tangent = np.gradient(spine, axis=0)
    outward = spine - CENTRE
    across = np.cross(outward, tangent)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    normal = np.cross(tangent, across)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    thick = lock.thick_mm * np.minimum(width / width.max() * 1.3, 1.0)
    rows = [
        spine + place * width[:, None] * across + height * thick[:, None] * normal
        for place, height in SECTION
    ]
    points = np.stack(rows, axis=1).reshape(-1, 3)  # station by station
    faces = grid_faces(STATIONS, len(SECTION), closed=True)
    return Part("lock", points, faces, _painted(along, len(points)))


def _painted(along: Array, count: int) -> Array:
    per_station = paint.blend(
        np.tile(paint.HAIR, (len(along), 1)), paint.HAIR_LIGHT, 0.55 * along
    )
    ridge = np.array([0.0, 0.15, 0.3, 0.15, 0.0, 0.0])
    colours = np.repeat(per_station, len(SECTION), axis=0)
    return paint.blend(colours, paint.HAIR_LIGHT, np.tile(ridge, count // len(SECTION)))
