"""Part: one named piece of the head with its colours and its 24 displacement fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]
Polygon = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A mesh group; every AU that moves it has an entry in ``offsets``."""

    name: str
    vertices: Array
    """(n, 3) millimetres, head axes."""
    faces: list[Polygon]
    """Triangles and quads, counter-clockwise seen from outside."""
    colours: Array
    """(n, 3) sRGB, 0 to 1."""
    offsets: dict[str, Array] = field(default_factory=dict)
    """AU name to (n, 3) millimetres at weight 1."""


def grid_faces(rows: int, columns: int, *, closed: bool = False) -> list[Polygon]:
    """Quads between ``rows`` rings of ``columns`` points each, numbered row by row."""
    last = columns if closed else columns - 1
    return [
        (
            row * columns + column,
            row * columns + (column + 1) % columns,
            (row + 1) * columns + (column + 1) % columns,
            (row + 1) * columns + column,
        )
        for row in range(rows - 1)
        for column in range(last)
    ]


def fan_faces(ring: list[int], centre: int) -> list[Polygon]:
    """Triangles from each edge of a closed ring to one centre point."""
    return [(a, b, centre) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)]


def flipped(faces: list[Polygon]) -> list[Polygon]:
    """The same faces seen from the other side."""
    return [face[::-1] for face in faces]


def shifted(faces: list[Polygon], by: int) -> list[Polygon]:
    """The same faces over vertices numbered ``by`` higher."""
    return [tuple(vertex + by for vertex in face) for face in faces]


def mirrored_points(points: Array) -> Array:
    """Points or displacements seen in the mirror plane x = 0."""
    return np.asarray(points * np.array([-1.0, 1.0, 1.0]))


def joined(name: str, parts: list[Part]) -> Part:
    """Put pieces into one group, keeping their displacement fields."""
    starts = np.cumsum([0] + [len(part.vertices) for part in parts])
    faces = [
        face
        for part, start in zip(parts, starts, strict=False)
        for face in shifted(part.faces, int(start))
    ]
    aus = sorted({au for part in parts for au in part.offsets})
    offsets = {
        au: np.concatenate([part.offsets.get(au, np.zeros_like(part.vertices)) for part in parts])
        for au in aus
    }
    return Part(
        name,
        np.concatenate([part.vertices for part in parts]),
        faces,
        np.concatenate([part.colours for part in parts]),
        offsets,
    )


def smoothstep(low: float, high: float, value: Any) -> Array:
    """0 below ``low``, 1 above ``high``, a smooth ramp between; ``low`` may exceed ``high``."""
    t = np.clip((np.asarray(value, dtype=np.float64) - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


def bell(points: Array, centre: ArrayLike, radius: ArrayLike) -> Array:
    """Gaussian around a place: 1 at ``centre``, 0.37 at ``radius`` (one number or per axis)."""
    scaled = (points - np.asarray(centre)) / np.asarray(radius)
    return np.asarray(np.exp(-np.sum(scaled * scaled, axis=-1)))
