"""Tells which surfaces are closed, so that their inside is never seen and need not be drawn.

Exporters mark whole bodies as double-sided; drawn so, a VALID head takes software OpenGL half as
long again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facedrive.rig.model import Part, Rig, weld_unit

OPEN_EDGES = 0.01
"""Of the edges: fewer of a body with holes for its eyes end at one triangle, more of hair do."""


def single_sided(rig: Rig) -> tuple[Part, ...]:
    """Return the rig's parts, those that are opaque and closed no longer double-sided."""
    if not any(part.double_sided and not part.transparent for part in rig.parts):
        return rig.parts
    places = np.round(rig.vertices / weld_unit(rig.vertices), 6)
    _, points = np.unique(places, axis=0, return_inverse=True)
    points = points.reshape(-1).astype(np.int64)
    return tuple(
        replace(part, double_sided=False)
        if part.double_sided
        and not part.transparent
        and open_edges(points[rig.triangles[part.triangles]]) < OPEN_EDGES
        else part
        for part in rig.parts
    )


def open_edges(triangles: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> float:
    """Return the share of the edges of (f, 3) triangles that belong to one triangle only."""
    if not len(triangles):
        return 1.0
    edges = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    keys = edges[:, 0] * (int(triangles.max()) + 1) + edges[:, 1]
    _, counts = np.unique(keys, return_counts=True)
    return float((counts == 1).mean())
