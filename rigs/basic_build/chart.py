"""The flat chart of the head: azimuth around a spine and a height along it, in millimetres.

Rays leave the spine, tilting down below the chin and coming level again along the neck, so
that every chart point meets the skin once.
"""

from __future__ import annotations

import numpy as np

from .head_shape import head_distance
from .part import Array
from .sdf import trace

AROUND_MM = 70.0
"""Chart millimetres for one radian of azimuth."""
BACK = float(np.pi * AROUND_MM)
TOP, BOTTOM = 8.0, 300.0
_HEIGHTS = np.array([0.0, 130.0, 215.0, 300.0])
_ELEVATIONS = np.radians([90.0, 0.0, -52.0, -6.0])
_SPINE_Y = np.array([22.0, 22.0, -6.0, -160.0])
_SPINE_Z = -4.0


def to_skin(chart: Array) -> Array:
    """Chart points (n, 2) to skin points (n, 3)."""
    azimuth = chart[:, 0] / AROUND_MM
    elevation, spine_y = _ray(chart[:, 1])
    level = np.cos(elevation)
    outward = np.column_stack([np.sin(azimuth) * level, np.sin(elevation), np.cos(azimuth) * level])
    origin = np.column_stack([np.zeros(len(chart)), spine_y, np.full(len(chart), _SPINE_Z)])
    return trace(head_distance, origin + 150.0 * outward, -outward)


def to_chart(points: Array) -> Array:
    """Points near the skin (n, 3) to chart points (n, 2)."""
    z = points[:, 2] - _SPINE_Z
    distance = np.hypot(points[:, 0], z)
    low, high = np.full(len(points), TOP), np.full(len(points), BOTTOM)
    for _ in range(50):
        middle = (low + high) / 2
        elevation, spine_y = _ray(middle)
        above = spine_y + distance * np.tan(elevation) > points[:, 1]
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.column_stack([np.arctan2(points[:, 0], z) * AROUND_MM, (low + high) / 2])


def _ray(height: Array) -> tuple[Array, Array]:
    elevation = np.interp(height, _HEIGHTS, _ELEVATIONS)
    return elevation, np.interp(height, _HEIGHTS, _SPINE_Y)
