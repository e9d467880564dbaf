"""Lets what lies on the skin (brows) move with the skin below it."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from .part import Array

NEIGHBOURS = 8


def followed(points: Array, skin: Array, poses: dict[str, Array]) -> dict[str, Array]:
    """Offsets of ``points`` (m, 3) from those of the skin vertices nearest to them."""
    distance, nearest = cKDTree(skin).query(points, k=NEIGHBOURS)
    weights = 1.0 / (distance + 1.0) ** 2
    weights /= weights.sum(axis=1, keepdims=True)
    moved = {}
    for name, offsets in poses.items():
        follow = np.einsum("mk,mkc->mc", weights, offsets[nearest])
        if np.abs(follow).max() > 0.01:
            moved[name] = follow
    return moved
