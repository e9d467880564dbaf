"""The sculpture: the bald head as a signed distance field, and where eyes and mouth sit on it."""

from __future__ import annotations

import numpy as np

from .part import Array
from .sdf import capsule, carve, ellipsoid, sphere, trace, union

EYE = np.array([33.5, 2.0, 46.0])
"""Centre of the left eyeball; the right one mirrors it."""
BALL_RADIUS = 20.0
LID_RADIUS = 22.3
"""Radius of the lids' outer surface about the eyeball's centre."""
MOUTH_Y = -52.0
"""Height at which the lips meet."""
MOUTH_HALF_WIDTH = 21.0


def head_distance(p: Array) -> Array:
    """Distance to the skin, without lips and ears; (..., 3) to (...,) mm."""
    soft = p.copy()
    soft[..., 0] = np.sqrt(p[..., 0] ** 2 + 1.0)
    solid = _skull_and_jaw(soft)
    solid = _eye_region(solid, soft)
    solid = _nose(solid, soft)
    return union(solid, _neck(p), 22.0)


def _skull_and_jaw(p: Array) -> Array:
    solid = ellipsoid(p, (0, 34, -14), (76, 74, 86))
    solid = union(solid, ellipsoid(p, (0, -12, 12), (67, 62, 60)), 30.0)
    solid = union(solid, ellipsoid(p, (0, -56, 34), (46, 38, 36)), 26.0)  # jaw
    solid = union(solid, sphere(p, (4, -82, 50), 13.0), 24.0)  # chin
    solid = union(solid, sphere(p, (36, -28, 40), 28.0), 18.0)  # cheek
    solid = union(solid, ellipsoid(p, (0, -50, 44), (30, 24, 26)), 16.0)  # muzzle
    return union(solid, ellipsoid(p, (0, 34, 40), (58, 24, 30)), 22.0)  # brow


def _eye_region(solid: Array, p: Array) -> Array:
    x, y, z = (float(value) for value in EYE)
    solid = carve(solid, ellipsoid(p, (x + 1, y, z + 16), (22, 17, 13)), 14.0)
    return union(solid, sphere(p, (x, y, z), LID_RADIUS), 5.0)


def _nose(solid: Array, p: Array) -> Array:
    solid = union(solid, capsule(p, (0, 10, 62), (0, -18, 77), 5.0, 6.5), 12.0)
    solid = union(solid, sphere(p, (1.2, -23, 79), 9.2), 8.0)
    solid = union(solid, sphere(p, (9.5, -26, 72), 6.0), 6.0)
    return carve(solid, ellipsoid(p, (5.2, -32, 77), (3.0, 3.0, 4.0)), 3.0)


def _neck(p: Array) -> Array:
    return capsule(p, (0, -50, -16), (0, -190, -24), 35.0, 38.0)


def front_surface(xy: Array) -> Array:
    """Points of the skin seen from the front at (n, 2) x, y; (n, 3)."""
    start = np.column_stack([xy, np.full(len(xy), 130.0)])
    return trace(head_distance, start, np.tile([0.0, 0.0, -1.0], (len(xy), 1)))
