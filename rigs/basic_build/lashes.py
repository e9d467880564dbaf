"""The upper lashes: a dark wedge along the lid's edge that sweeps out at the outer corner."""

from __future__ import annotations

import numpy as np

from . import colours as paint
from .head_shape import EYE
from .part import Array, Part, flipped, grid_faces, joined, mirrored_points
from .rings import EYE_STATIONS, INNER_LID_RINGS
from .topology import SkinMesh

COUNT = EYE_STATIONS // 2 + 1
CLOSED_CURL = -0.35
CLOSED_FORWARD_MM = 1.1
LENGTH_MM = (1.2, 3.4)
"""At the inner and at the outer corner."""


def build_lashes(mesh: SkinMesh, poses: dict[str, Array]) -> Part:
    """Both upper lashes, moving with the lids."""
    rest = _wedge(mesh, np.zeros_like(mesh.vertices), 1.0)
    offsets = {}
    for name, pose in poses.items():
        closing = name == "left_eye_close"
        moved = _wedge(mesh, pose, CLOSED_CURL if closing else 1.0) - rest
        moved[:, 2] += CLOSED_FORWARD_MM * closing
        if np.abs(moved).max() > 0.01:
            offsets[name] = moved
    left = _part(rest, offsets)
    twins = {_other_side(name): mirrored_points(moved) for name, moved in offsets.items()}
    right = Part("right", mirrored_points(rest), flipped(left.faces), left.colours, twins)
    return joined("lashes", [left, right])


def _wedge(mesh: SkinMesh, pose: Array, curl: float) -> Array:
    """Points (3 x COUNT, 3): edge, tips, root; ``curl`` 1 bends the tips up, -1 down."""
    moved = mesh.vertices + pose
    edge = moved[mesh.eye[INNER_LID_RINGS, :COUNT]]
    above = moved[mesh.eye[INNER_LID_RINGS + 1, :COUNT]]
    out = edge - EYE
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    station = np.linspace(1.0, 0.0, COUNT)  # 1 at the outer corner
    length = LENGTH_MM[0] + (LENGTH_MM[1] - LENGTH_MM[0]) * station**1.6
    length *= np.clip(8 * (1 - station), 0.35, 1.0) * np.clip(6 * station, 0.05, 1.0)
    up = np.array([0.0, 1.0, 0.0]) * curl
    sideways = np.array([0.75, 0.0, 0.0]) * station[:, None] ** 2
    tips = edge + length[:, None] * (0.62 * out + 0.7 * up + sideways)
    root = edge * 0.3 + above * 0.7 + 0.4 * out
    return np.concatenate([edge + 0.1 * out, tips, root])


def _part(points: Array, offsets: dict[str, Array]) -> Part:
    faces = flipped(grid_faces(3, COUNT))
    return Part("left", points, faces, np.tile(paint.LASH, (len(points), 1)), offsets)


def _other_side(name: str) -> str:
    if name.startswith("left_"):
        return name.replace("left_", "right_", 1)
    return name.replace("right_", "left_", 1)
