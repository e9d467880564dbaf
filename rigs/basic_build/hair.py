"""The hair: a cap on the skull and tapered locks combed over it from a side parting."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import colours as paint
from .brows import _smooth
from .head_shape import head_distance
from .part import Array, Part, fan_faces, flipped, grid_faces, joined
from .sdf import trace

CENTRE = np.array([0.0, 30.0, -10.0])
CAP_COLUMNS, CAP_ROWS = 64, 14
HAIRLINE_DEG = np.array(
    [
        *[(0, 38), (30, 35), (52, 24), (68, 4), (76, -16), (84, -20), (92, -10), (104, -6)],
        *[(116, -14), (130, -36), (150, -48), (180, -50)],
    ]
)
"""Azimuth from the front and the elevation where hair begins, degrees."""
LOBES = 15
"""Strands of the cap, and points of its hem, around the head."""


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
        ((35, 58), (25, 45), (14, 33), (2, 24), (-9, 20)),
        (4, 14, 13, 10, 11),
        (5, 10, 11, 8, 0.6),
        6.0,
    ),
    Lock(
        ((32, 64), (16, 50), (-2, 36), (-19, 24), (-33, 17)),
        (4, 17, 17, 12, 11),
        (7, 13, 14, 10, 0.6),
        7.5,
    ),
    Lock(
        ((28, 72), (6, 60), (-18, 44), (-39, 27), (-52, 11)),
        (4, 19, 20, 13, 10),
        (8, 15, 16, 11, 0.6),
        8.5,
    ),
    Lock(
        ((22, 80), (-10, 68), (-38, 52), (-60, 29), (-69, 0)),
        (4, 19, 20, 14, 8),
        (9, 17, 18, 12, 0.6),
        8.5,
    ),
    Lock(
        ((10, 86), (-46, 73), (-68, 54), (-82, 25), (-85, -12)),
        (4, 18, 19, 15, 7),
        (9, 18, 19, 13, 0.6),
        8.0,
    ),
    Lock(
        ((37, 62), (46, 50), (53, 36), (57, 22), (55, 9)),
        (4, 15, 14, 10, 10),
        (6, 11, 12, 8, 0.6),
        6.5,
    ),
    Lock(
        ((35, 73), (55, 61), (67, 43), (73, 21), (70, -5)),
        (4, 18, 18, 12, 8),
        (8, 14, 15, 10, 0.6),
        8.0,
    ),
    Lock(
        ((38, 82), (78, 69), (88, 48), (90, 20), (84, -12)),
        (4, 18, 19, 15, 7),
        (9, 17, 18, 13, 0.6),
        8.0,
    ),
    Lock(
        ((60, 86), (30, 80), (2, 74), (-16, 64), (-22, 54)),
        (9, 17, 21, 22, 24),
        (6, 10, 11, 8, 0.6),
        6.0,
    ),
)
STATIONS = 13
_TURN = 2 * np.pi * np.arange(8) / 8
SECTION = np.column_stack([np.cos(_TURN), np.sin(_TURN) * np.where(np.sin(_TURN) > 0, 1.0, 0.5)])
"""A lock's cross-section: fractions of its half width and of its thickness."""


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
    """Grooved like strands that swirl from the crown, with a pointed hem of some thickness."""
    azimuth = 360.0 * np.arange(CAP_COLUMNS) / CAP_COLUMNS - 180.0
    line = np.interp(np.abs(azimuth), HAIRLINE_DEG[:, 0], HAIRLINE_DEG[:, 1])
    rings, shades = [], []
    for down in np.linspace(0.03, 1.0, CAP_ROWS - 1):
        strand = np.abs(np.sin(np.radians(azimuth * LOBES / 2 + 50.0 * down)))
        hem = 7.0 * (0.5 - strand) * down**3 * np.clip(np.abs(azimuth) / 60 - 0.8, 0, 1)
        lift = 13.0 + 2.0 * np.sin(np.pi * down) - 5.5 * down**3
        lift = lift - 3.2 * (1 - strand) ** 1.5 * np.clip(down * 2.5, 0, 1)
        rings.append(skull_points(azimuth, 90 + (line - 90) * down + hem, lift))
        shades.append(np.clip(0.30 * strand - 0.1 + 0.25 * down, 0, 1))
    rings.append(skull_points(azimuth, line + 4.0, np.full(CAP_COLUMNS, -2.0)))
    shades.append(np.zeros(CAP_COLUMNS))
    top = np.array([[0.0, rings[0][:, 1].mean() + 0.5, rings[0][:, 2].mean()]])
    points = np.concatenate([*rings, top])
    faces = flipped(grid_faces(CAP_ROWS, CAP_COLUMNS, closed=True))
    faces += fan_faces(list(range(CAP_COLUMNS)), len(points) - 1)
    shade = np.append(np.concatenate(shades), 0.1)
    hue = _painted(points, shade)
    return Part("cap", points, faces, hue)


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
    ridge = np.tile(np.clip(SECTION[:, 1], -0.5, 1.0), STATIONS)
    shade = 0.5 * np.repeat(along, len(SECTION)) + 0.3 * ridge
    return Part("lock", points, faces, _painted(points, shade))


def _painted(points: Array, shade: Array) -> Array:
    """Lighter where ``shade`` (n,) is high, with a band of gloss around the crown."""
    local = points - CENTRE
    rise = np.degrees(np.arcsin(local[:, 1] / np.linalg.norm(local, axis=1)))
    gloss = 0.5 * np.exp(-(((rise - 57.0) / 7.0) ** 2))
    amount = np.clip(shade + gloss, 0.0, 1.0)
    return paint.blend(np.tile(paint.HAIR, (len(points), 1)), paint.HAIR_LIGHT, amount)
