"""The eyebrows: a solid stroke on each brow that tapers to the tail."""

from __future__ import annotations

import numpy as np

from . import colours as paint
from .follow import followed
from .head_shape import front_surface
from .part import Array, Part, flipped, grid_faces, joined, mirrored_points
from .topology import SkinMesh

SPINE_XY = np.array(
    [[12.5, 30.5], [21.0, 32.4], [31.0, 33.6], [41.0, 33.0], [49.0, 29.6], [54.5, 25.0]]
)
HALF_HEIGHT = np.array([3.4, 4.0, 4.0, 3.6, 2.7, 0.9])
ALONG = np.concatenate([[0.0, 0.012, 0.035, 0.07], np.linspace(0.12, 1.0, 12)])
STATIONS = len(ALONG)
SECTION = np.array([[-1.0, -1.2], [-0.75, 1.0], [0.0, 1.7], [0.75, 1.0], [1.0, -1.2]])
"""Across the stroke: fraction of its half height, and millimetres above the skin."""


def build_brows(mesh: SkinMesh, poses: dict[str, Array]) -> Part:
    """Both brows, moving with the skin."""
    left = _left_brow()
    right = Part("right", mirrored_points(left.vertices), flipped(left.faces), left.colours)
    both = joined("brows", [left, right])
    moved = followed(both.vertices, mesh.vertices, poses)
    return Part("brows", both.vertices, both.faces, both.colours, moved)


def _left_brow() -> Part:
    along = ALONG
    knots = np.linspace(0.0, 1.0, len(SPINE_XY))
    spine = np.column_stack([_smooth(along, knots, SPINE_XY[:, k]) for k in range(2)])
    half = _smooth(along, knots, HALF_HEIGHT) * np.sqrt(
        1 - (1 - np.clip(along / 0.1, 0.02, 1)) ** 2
    )
    tangent = np.gradient(spine, along, axis=0)
    across = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    rows = []
    for place, lift in SECTION:
        skin = front_surface(spine + place * half[:, None] * across)
        outward = skin / np.linalg.norm(skin, axis=1, keepdims=True)
        taper = np.clip(half / 2.0, 0.35, 1.0)[:, None]
        rows.append(skin + lift * taper * (0.6 * outward + np.array([0.0, 0.0, 0.4])))
    points = np.stack(rows)  # (sections, stations, 3)
    faces = grid_faces(len(SECTION), STATIONS)
    return Part(
        "left",
        points.reshape(-1, 3),
        faces,
        np.tile(paint.BROW, (points[..., 0].size, 1)),
    )


def _smooth(at: Array, knots: Array, values: Array) -> Array:
    """A cubic through evenly spaced values, by Catmull and Rom."""
    padded = np.concatenate([[2 * values[0] - values[1]], values, [2 * values[-1] - values[-2]]])
    cell = np.minimum((at / knots[1]).astype(int), len(values) - 2)
    t = at / knots[1] - cell
    a, b, c, d = (padded[cell + k] for k in range(4))
    return np.asarray(
        b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    )
