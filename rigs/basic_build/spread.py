"""Biharmonic interpolation: what some vertices do, carried smoothly over the rest of the skin.

Botsch and Kobbelt, "An Intuitive Framework for Real-Time Freeform Modeling", 2004.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from .part import Array, Index, Polygon

TENSION_MM = 4.0
"""Fields swing beyond their given values over about this length; bending alone overshoots."""


class Spread:
    """Solves for the smoothest field on one mesh that takes given values at given vertices."""

    def __init__(self, vertices: Array, faces: list[Polygon]) -> None:
        triangles = np.array([(f[0], f[i], f[i + 1]) for f in faces for i in range(1, len(f) - 1)])
        laplacian, area = _laplacian(vertices, triangles)
        bending = laplacian @ sparse.diags(1.0 / area) @ laplacian
        self._energy = (bending + laplacian / TENSION_MM**2).tocsc()

    def field(self, at: Index, values: Array) -> Array:
        """The field (n, k) that is ``values`` (m, k) at vertices ``at`` (m,)."""
        at, first = np.unique(at, return_index=True)
        known = np.asarray(values, dtype=np.float64)[first]
        free = np.setdiff1d(np.arange(self._energy.shape[0]), at)
        rows = self._energy[free]
        result = np.empty((self._energy.shape[0], known.shape[1]))
        result[at] = known
        result[free] = splu(rows[:, free].tocsc()).solve(-(rows[:, at] @ known))
        return result


def _laplacian(vertices: Array, triangles: Index) -> tuple[sparse.csc_matrix, Array]:
    """Cotangent Laplacian and the area that belongs to each vertex."""
    count = len(vertices)
    rows, columns, weights = [], [], []
    area = np.full(count, 1e-3)
    for corner in range(3):
        apex, a, b = (triangles[:, (corner + k) % 3] for k in range(3))
        u, v = vertices[a] - vertices[apex], vertices[b] - vertices[apex]
        twice_area = np.linalg.norm(np.cross(u, v), axis=1) + 1e-6
        cotangent = np.clip(np.sum(u * v, axis=1) / twice_area, 0.02, 20.0) / 2
        rows += [a, b]
        columns += [b, a]
        weights += [cotangent, cotangent]
        np.add.at(area, apex, twice_area / 6)
    pairs = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
    adjacency = sparse.csc_matrix(pairs, shape=(count, count))
    return sparse.diags(np.asarray(adjacency.sum(axis=1)).ravel()) - adjacency, area
