"""How the left eyelids move: they turn about the eyeball and stay outside it all the way."""

from __future__ import annotations

import numpy as np

from .head_shape import BALL_RADIUS, EYE
from .part import Array, smoothstep
from .rings import (
    CORNER_RAD,
    EYE_STATIONS,
    EYE_TILT_RAD,
    INNER_LID_RINGS,
    lid_direction,
)
from .topology import SkinMesh

FOLLOW = (1.0, 1.0, 1.0, 0.97, 0.88, 0.7, 0.42, 0.16, 0.03, 0.0)
"""How much each ring of ``eye_rings`` turns with the lid's margin."""
CLOSED_RAD = np.radians(-11.0)
"""Where the lids meet below the eye's middle."""
OVERLAP_MM = 1.6
MOST_FORWARD_MM = 5.0
"""How far the upper lid's edge lies over the lower lid's."""
CLEARANCE_MM = (0.3, 0.35, 0.9)
"""Least distance from the eyeball, innermost rings first; the last holds for all others."""


def lid_field(mesh: SkinMesh, upper_rad: Array, lower_rad: Array) -> Array:
    """Offsets (n, 3) for lids whose margins turn by these lifts, (EYE_STATIONS,) radians."""
    offsets = np.zeros_like(mesh.vertices)
    turn = np.where(_is_upper(), upper_rad, lower_rad)
    for ring, ids in enumerate(mesh.eye):
        start = mesh.vertices[ids]
        end = _turned(start, FOLLOW[ring] * turn)
        clearance = CLEARANCE_MM[min(ring, len(CLEARANCE_MM) - 1)]
        moved = FOLLOW[ring] * np.abs(turn) > 1e-6
        end[moved] = _pushed_out(start, end, BALL_RADIUS + clearance)[moved]
        offsets[ids] = end - start
    return offsets


def close_field(mesh: SkinMesh) -> Array:
    """Both lids meet a little below the middle of the eye."""
    lateral, lift = margin_angles(mesh)
    seam = meeting_line(lateral)
    upper = np.minimum(seam - np.radians(3.0) - lift, 0.0)
    offsets = lid_field(mesh, upper, np.maximum(seam + np.radians(0.4) - lift, 0.0))
    return offsets + _overlap(mesh, offsets)


def _overlap(mesh: SkinMesh, closing: Array) -> Array:
    """Bring the closed upper lid's edge to the front of both lids' skin.

    Beside the nose the skin stands out from the eyeball, so the edge has further to come.
    """
    ends = mesh.vertices[mesh.eye] + closing[mesh.eye]  # (rings, stations, 3)
    lateral, _ = margin_angles(mesh)
    shape = np.clip(1 - (lateral / CORNER_RAD) ** 2, 0, 1) ** 0.4 * _is_upper()
    opposite = -np.arange(EYE_STATIONS) % EYE_STATIONS
    skin = ends[INNER_LID_RINGS + 1 : INNER_LID_RINGS + 3, :, 2]
    front = np.maximum(skin, skin[:, opposite]).max(axis=0)
    forward = np.clip(front - ends[INNER_LID_RINGS, :, 2], 0.0, MOST_FORWARD_MM)
    offsets = np.zeros_like(closing)
    for ring, ids in enumerate(mesh.eye):
        offsets[ids, 2] = OVERLAP_MM * FOLLOW[ring] * shape
        if 0 < ring <= INNER_LID_RINGS:
            offsets[ids, 2] += forward * np.sqrt(shape)
    return offsets


def raise_field(mesh: SkinMesh) -> Array:
    """The upper lid uncovers white above the iris."""
    lateral, _ = margin_angles(mesh)
    shape = np.clip(1 - (lateral / CORNER_RAD) ** 2, 0, 1) ** 0.8
    return lid_field(mesh, np.radians(15.0) * shape, np.radians(-3.0) * shape)


def squint_field(mesh: SkinMesh, upper_deg: float, lower_deg: float) -> Array:
    """Narrow the eye: the upper lid down and the lower lid up by these angles."""
    lateral, _ = margin_angles(mesh)
    shape = np.clip(1 - (lateral / CORNER_RAD) ** 2, 0, 1) ** 0.8
    return lid_field(mesh, -np.radians(upper_deg) * shape, np.radians(lower_deg) * shape)


def margin_angles(mesh: SkinMesh) -> tuple[Array, Array]:
    """Lateral angle and lift of the margin's outer edge at each station, radians."""
    return _angles(mesh.vertices[mesh.eye[INNER_LID_RINGS]])


def meeting_line(lateral: Array) -> Array:
    """Lift at which closed lids meet."""
    middle = np.clip(1 - (lateral / (1.03 * CORNER_RAD)) ** 2, 0, 1)
    return np.asarray(CLOSED_RAD * middle + np.sin(lateral) * np.tan(EYE_TILT_RAD))


def lid_mask(mesh: SkinMesh) -> Array:
    """(n,) 0 at both lid margins, 1 outside the eye sockets: keeps other poses off the eyes."""
    mask = np.ones(len(mesh.vertices))
    rings = np.arange(len(mesh.eye))
    for ring, weight in zip(mesh.eye, smoothstep(2.5, len(rings) - 1.0, rings), strict=True):
        mask[ring] = weight
        mask[mesh.mirror[ring]] = weight
    return mask


def _is_upper() -> Array:
    station = np.arange(EYE_STATIONS)
    return np.asarray((station > 0) & (station < EYE_STATIONS // 2))


def _angles(points: Array) -> tuple[Array, Array]:
    local = points - EYE
    radius = np.linalg.norm(local, axis=1)
    return np.arcsin(local[:, 0] / radius), np.arctan2(local[:, 1], local[:, 2])


def _turned(points: Array, by: Array) -> Array:
    lateral, lift = _angles(points)
    radius = np.linalg.norm(points - EYE, axis=1)
    return np.asarray(EYE + radius[:, None] * lid_direction(lateral, lift + by))


def _pushed_out(start: Array, end: Array, radius: float) -> Array:
    """Move ``end`` away from the eye until the straight way there stays outside ``radius``."""
    way = np.linspace(0.0, 1.0, 41)[:, None, None]
    out = end.copy()
    for _ in range(60):
        path = start + way * (out - start)
        depth = radius - np.linalg.norm(path - EYE, axis=-1).min(axis=0)
        out += (
            np.clip(depth, 0.0, 0.5)[:, None]
            * (out - EYE)
            / np.linalg.norm(out - EYE, axis=1, keepdims=True)
        )
    return out
