"""Weights to vertices and normals, over only the part of the rig that moves.

`facedrive bench` times the vertices with every target on, which is the worst case. Exact smooth
normals take some times as long as those. Adding up precomputed normal offsets would be faster, and
wrong by 50 degrees at the lips when jaw, pucker and chin act together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facedrive.rig.model import Floats, Rig
from facedrive.types import Vector

Ints = NDArray[np.intp]


class Morpher:
    """Applies weights to one rig; the arrays that it returns are its own, overwritten each time."""

    def __init__(self, rig: Rig) -> None:
        self._moving = rig.moving
        self._base = rig.vertices[self._moving].ravel()
        self._moves = rig.offsets[:, self._moving].reshape(len(rig.targets), -1)
        self._moved, self._move = np.empty_like(self._base), np.empty_like(self._base)
        self._vertices = rig.vertices.copy()
        self._ring = _Ring(rig, self._moving)
        self._normals = smooth_normals(rig, rig.vertices)

    def vertices(self, weights: Vector) -> Floats:
        """Return (V, 3) float32 for (T,) weights; offsets simply add up."""
        self._moved[:] = self._base
        # Few targets of a hundred are on at once. Not np.dot: BLAS would wake its threads, and
        # wait for them 20 ms on a busy machine.
        for target in np.flatnonzero(weights):
            np.multiply(self._moves[target], weights[target], out=self._move)
            self._moved += self._move
        self._vertices[self._moving] = self._moved.reshape(-1, 3)
        return self._vertices

    def normals(self) -> Floats:
        """Return (V, 3) float32 unit normals of the vertices last asked for."""
        self._ring.update(self._vertices, self._normals)
        return self._normals


class _Ring:
    """The triangles around the moving vertices, sorted so that each normal is one short sum."""

    def __init__(self, rig: Rig, moving: Ints) -> None:
        corners = rig.smooth[rig.triangles]
        moved = _members(rig.smooth[moving], len(rig.vertices))
        # A triangle that moves turns the normals of all its corners, and each of those is the
        # sum over all triangles around it.
        points = _members(corners[moved[corners].any(axis=1)], len(rig.vertices))
        near = points[corners].any(axis=1)
        self._a, self._b, self._c = np.ascontiguousarray(rig.triangles[near].T)
        self._order, self._starts, ids = _grouped(corners[near], points)
        self._vertices = np.flatnonzero(points[rig.smooth])
        self._rows = np.searchsorted(ids, rig.smooth[self._vertices])

    def update(self, vertices: Floats, normals: Floats) -> None:
        """Write the normals of this ring of vertices."""
        if not len(self._vertices):
            return
        facing = facets(vertices, self._a, self._b, self._c)
        sums = np.add.reduceat(facing.take(self._order, axis=0), self._starts)
        normals[self._vertices] = unit(sums).take(self._rows, axis=0)


def smooth_normals(rig: Rig, vertices: Floats) -> Floats:
    """Compute (V, 3) unit normals, weighted by area, shared where ``rig.smooth`` says so."""
    corners = rig.smooth[rig.triangles]
    order, starts, ids = _grouped(corners, np.ones(len(vertices), dtype=bool))
    facing = facets(vertices, *rig.triangles.T)
    sums = np.zeros_like(vertices)
    sums[ids] = np.add.reduceat(facing[order], starts)
    return unit(sums)[rig.smooth]


def facets(
    vertices: Floats, a: NDArray[np.integer], b: NDArray[np.integer], c: NDArray[np.integer]
) -> Floats:
    """Return (F, 3) normals of triangles, as long as twice their area."""
    origin = vertices.take(a, axis=0)
    first = vertices.take(b, axis=0) - origin
    second = vertices.take(c, axis=0) - origin
    normals = np.empty_like(origin)
    for axis, (u, v) in enumerate(((1, 2), (2, 0), (0, 1))):
        # Four times as fast as np.cross.
        np.subtract(first[:, u] * second[:, v], first[:, v] * second[:, u], out=normals[:, axis])
    return normals


def unit(vectors: Floats) -> Floats:
    """Scale (n, 3) to length 1; those without length look forward."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    none = lengths == 0
    if none.any():
        vectors[none], lengths[none] = (0.0, 0.0, 1.0), 1.0
    vectors /= lengths[:, None]
    return vectors


def _members(points: NDArray[np.integer], count: int) -> NDArray[np.bool_]:
    mask = np.zeros(count, dtype=bool)
    mask[points.ravel()] = True
    return mask


def _grouped(corners: NDArray[np.integer], wanted: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
    """Sort triangles by the points at their corners, for ``np.add.reduceat``.

    Returns:
        Triangles in that order, where each point's run starts, and the points.
    """
    flat = corners.ravel()
    kept = np.flatnonzero(wanted[flat])
    kept = kept[np.argsort(flat[kept], kind="stable")]
    ids, starts = np.unique(flat[kept], return_index=True)
    return kept // 3, starts, ids.astype(np.intp)
