"""The sculpture: the bald head as a signed distance field, and where eyes and mouth sit on it."""

from __future__ import annotations

import numpy as np

from .part import Array
from .sdf import capsule, carve, ellipsoid, sphere, trace, union

EYE = np.array([34.0, 0.0, 44.5])
"""Centre of the left eyeball; the right one mirrors it."""
BALL_RADIUS = 21.0
LID_RADIUS = 23.3
"""Radius of the lids' outer surface about the eyeball's centre."""
NOSE_TIP = np.array([0.0, -17.0, 86.0])
CHEEK = np.array([46.0, -20.0, 55.0])
"""The left cheek's apple."""
BROW_Y = 31.0
MOUTH_Y = -43.5
"""Height at which the lips meet."""
MOUTH_HALF_WIDTH = 20.0
CHIN = np.array([0.0, -70.0, 63.0])


def head_distance(p: Array) -> Array:
    """Distance to the skin, without lips and ears; (..., 3) to (...,) mm."""
    soft = p.copy()
    soft[..., 0] = np.sqrt(p[..., 0] ** 2 + 1.0)
    solid = _skull_and_jaw(soft)
    solid = _eye_region(solid, soft)
    solid = _nose(solid, soft)
    return union(solid, _neck(p), 30.0)


def _skull_and_jaw(p: Array) -> Array:
    solid = ellipsoid(p, (0, 36, -14), (76, 74, 86))
    solid = union(solid, ellipsoid(p, (0, -8, 12), (69, 60, 60)), 34.0)
    solid = union(solid, ellipsoid(p, (0, -40, 26), (53, 42, 44)), 34.0)  # jaw
    solid = union(solid, sphere(p, (4, -71, 48), 13.5), 26.0)  # chin
    solid = union(solid, sphere(p, (36, -24, 36), 29.0), 24.0)  # cheek
    solid = union(solid, ellipsoid(p, (0, -42, 44), (28, 23, 25)), 16.0)  # muzzle
    return union(solid, ellipsoid(p, (0, 34, 38), (58, 26, 27)), 30.0)  # brow


def _eye_region(solid: Array, p: Array) -> Array:
    x, y, z = (float(value) for value in EYE)
    solid = carve(solid, ellipsoid(p, (x + 3, y + 4, z + 25), (22, 16, 9)), 16.0)
    return union(solid, sphere(p, (x, y, z), LID_RADIUS), 8.0)


def _nose(solid: Array, p: Array) -> Array:
    solid = union(solid, capsule(p, (0, 8, 61), (0, -13, 74), 5.0, 6.0), 13.0)
    solid = union(solid, sphere(p, (1.0, -17.5, 77.5), 8.8), 8.0)
    solid = union(solid, sphere(p, (8.6, -20.5, 70.5), 5.6), 6.0)
    return carve(solid, ellipsoid(p, (4.8, -26, 75), (2.9, 2.7, 3.8)), 4.5)


def _neck(p: Array) -> Array:
    return capsule(p, (0, -40, -16), (0, -190, -22), 33.0, 36.0)


def front_surface(xy: Array) -> Array:
    """Points of the skin seen from the front at (n, 2) x, y; (n, 3)."""
    start = np.column_stack([xy, np.full(len(xy), 130.0)])
    return trace(head_distance, start, np.tile([0.0, 0.0, -1.0], (len(xy), 1)))


def skin_normal(points: Array) -> Array:
    """Outward unit normals of the distance field at (n, 3)."""
    step = 0.05
    gradient = np.stack(
        [head_distance(points + axis) - head_distance(points - axis) for axis in np.eye(3) * step],
        axis=1,
    )
    return np.asarray(gradient / np.maximum(np.linalg.norm(gradient, axis=1, keepdims=True), 1e-9))


def onto_skin(points: Array, above_mm: Array | float = 0.0) -> Array:
    """Move points near the skin along its normal until they are ``above_mm`` over it."""
    for _ in range(3):
        points = points - (head_distance(points) - above_mm)[:, None] * skin_normal(points)
    return points
