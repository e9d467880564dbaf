"""The jaw: a hinge near the ears, and how much of it each point of the skin follows."""

from __future__ import annotations

import numpy as np

from .head_shape import CHIN, MOUTH_Y
from .part import Array, Mask, smoothstep
from .rings import BORDER_RING, CORNER_STATION
from .spread import Spread
from .topology import SkinMesh

HINGE = np.array([0.0, -6.0, 2.0])
DROP_RAD = np.radians(21.0)
SLIDE_MM, THRUST_MM = 9.5, 9.0


def jaw_weights(mesh: SkinMesh, spread: Spread) -> Array:
    """(n,) 0 for the skull, 1 for the chin; the lips part between them."""
    p = mesh.vertices
    across = np.linspace(0.0, 1.0, CORNER_STATION + 1)
    upper = 0.40 * smoothstep(0.45, 1.05, across)
    lower = 1.0 - 0.62 * smoothstep(0.35, 1.05, across) ** 1.3
    lower[-1] = upper[-1]
    stations = np.concatenate([upper, lower[-2::-1]])
    lips = mesh.mouth[: BORDER_RING + 1]
    still = np.flatnonzero(_above_jaw(p) | (p[:, 1] < -118.0) | (p[:, 2] < -32.0))
    chin = np.flatnonzero((p[:, 1] < CHIN[1] + 4.0) & (p[:, 1] > CHIN[1] - 20.0) & (p[:, 2] > 30.0))
    at = np.concatenate([lips.ravel(), mesh.mirror[lips].ravel(), still, chin])
    lip_values = np.tile(stations, len(lips))
    values = np.concatenate([lip_values, lip_values, np.zeros(len(still)), np.ones(len(chin))])
    field = spread.field(at, values[:, None])[:, 0]
    return np.clip((field + field[mesh.mirror]) / 2, 0.0, 1.05)


def _above_jaw(p: Array) -> Mask:
    """Which points lie above the line from under the nose to above the ear."""
    return np.asarray(p[:, 1] > MOUTH_Y + 17.0 + np.maximum(0.25 * (60.0 - p[:, 2]), -2.0))


def drop(points: Array, weights: Array) -> Array:
    """Offsets of points that follow the opening jaw by ``weights`` (n,)."""
    local = points - HINGE
    sine, cosine = np.sin(DROP_RAD), np.cos(DROP_RAD)
    y = cosine * local[:, 1] - sine * local[:, 2]
    z = sine * local[:, 1] + cosine * local[:, 2]
    turned = np.column_stack([local[:, 0], y, z])
    return np.asarray(weights[:, None] * (turned - local))


def slide_left(points: Array, weights: Array) -> Array:
    """Offsets of points that follow the jaw to the subject's left."""
    return np.asarray(weights[:, None] * np.array([SLIDE_MM, 0.6, 0.0]) + 0.0 * points)


def thrust(points: Array, weights: Array) -> Array:
    """Offsets of points that follow the jaw forward."""
    return np.asarray(weights[:, None] * np.array([0.0, -0.8, THRUST_MM]) + 0.0 * points)
