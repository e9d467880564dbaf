"""Signed distances of the solids that the head is modelled from, and how they blend."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .part import Array

Point = tuple[float, float, float]
Field = Callable[[Array], Array]
"""(..., 3) points to (...,) signed distances in millimetres, negative inside."""


def ellipsoid(p: Array, centre: Point, radii: Point) -> Array:
    """First-order distance to an axis-aligned ellipsoid."""
    local = p - np.asarray(centre)
    r = np.asarray(radii)
    k0 = np.linalg.norm(local / r, axis=-1)
    k1 = np.linalg.norm(local / (r * r), axis=-1)
    return np.asarray(k0 * (k0 - 1.0) / np.maximum(k1, 1e-9))


def sphere(p: Array, centre: Point, radius: float) -> Array:
    """Distance to a ball."""
    return np.asarray(np.linalg.norm(p - np.asarray(centre), axis=-1) - radius)


def capsule(p: Array, a: Point, b: Point, radius_a: float, radius_b: float) -> Array:
    """Distance to a rod whose radius changes evenly from ``a`` to ``b``."""
    start, along = np.asarray(a), np.asarray(b) - np.asarray(a)
    t = np.clip((p - start) @ along / (along @ along), 0.0, 1.0)
    nearest = start + t[..., None] * along
    return np.asarray(np.linalg.norm(p - nearest, axis=-1) - radius_a - t * (radius_b - radius_a))


def union(a: Array, b: Array, k: float) -> Array:
    """Join two solids with a fillet of about ``k`` millimetres."""
    h = np.maximum(k - np.abs(a - b), 0.0) / k
    return np.asarray(np.minimum(a, b) - h * h * h * k / 6.0)


def carve(a: Array, b: Array, k: float) -> Array:
    """Take ``b`` out of ``a``, rounding the rim by about ``k`` millimetres."""
    return -union(-a, b, k)


def trace(field: Field, start: Array, direction: Array, steps: int = 160) -> Array:
    """Walk from outside along ``direction`` to the surface; (n, 3) points on it."""
    points, going = start.copy(), np.arange(len(start))
    for _ in range(steps):
        before = points[going]
        points[going] = before + direction[going] * (0.7 * field(before))[:, None]
        going = going[(points[going] != before).any(axis=1)]  # who has arrived stays
    return points
