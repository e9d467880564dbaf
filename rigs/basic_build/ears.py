"""The ears: a bowl with a rolled rim, set into the sides of the head."""

from __future__ import annotations

import numpy as np

from . import colours as paint
from .part import Array, Part, fan_faces, flipped, grid_faces, joined, mirrored_points

STATIONS = 22
PLACE = np.array([69.0, -4.0, -8.0])
PROFILE = (  # size of the ring, height above the ear's plane, mm
    (0.16, -3.5),
    (0.34, -2.5),
    (0.50, 2.0),
    (0.64, 3.2),
    (0.78, 1.6),
    (0.90, 4.2),
    (0.99, 4.8),
    (1.03, 2.6),
    (0.94, -0.5),
    (0.62, -8.0),
)
TURN_RAD = np.radians(28.0)
"""How far the ear's plane opens to the front."""


def build_ears() -> Part:
    """Both ears."""
    points = _left_ear()
    rings = len(PROFILE)
    faces = grid_faces(rings, STATIONS, closed=True)
    faces += flipped(fan_faces(list(range(STATIONS)), rings * STATIONS))
    hue = _painted(rings)
    left = Part("left", points, flipped(faces), hue)
    right = Part("right", mirrored_points(points), faces, hue)
    return joined("ears", [left, right])


def _left_ear() -> Array:
    turn = 2 * np.pi * np.arange(STATIONS) / STATIONS
    back = np.cos(turn) * np.where(np.cos(turn) > 0, 15.5, 9.5) * (1 + 0.18 * np.sin(turn))
    up = np.sin(turn) * np.where(np.sin(turn) > 0, 23.0, 24.0)
    rings = []
    for size, height in PROFILE:
        lobe = np.clip(-np.sin(turn), 0, 1) ** 2 * (1.4 if size > 0.6 else 0.0)
        front = np.clip(-np.cos(turn), 0, 1) ** 2 * (5.0 if height > 0 else 0.0)
        rings.append(np.column_stack([height - front - lobe * 0.8, size * up, -size * back]))
    local = np.concatenate([*rings, [[PROFILE[0][1] - 1.0, 0.0, 0.0]]])
    cosine, sine = np.cos(TURN_RAD), np.sin(TURN_RAD)
    x = cosine * local[:, 0] - sine * local[:, 2]
    z = sine * local[:, 0] + cosine * local[:, 2]
    return np.asarray(PLACE + np.column_stack([x, local[:, 1] + 0.12 * z, z]))


def _painted(rings: int) -> Array:
    hollow = np.array([max(0.0, 1 - size / 0.5) for size, _ in PROFILE] + [1.0])
    rim = np.array([0.30 if height > 4 else 0.0 for _, height in PROFILE] + [0.0])
    tone = paint.blend(np.tile(paint.SKIN, (rings + 1, 1)), paint.BLUSH, 0.12 + rim)
    tone = paint.blend(tone, paint.LID_SHADE, 0.7 * hollow)
    return np.concatenate([np.repeat(tone[:-1], STATIONS, axis=0), tone[-1:]])
