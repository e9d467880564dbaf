"""The eyeballs, with iris, pupil and catchlights painted on.

Their rings are the same before and behind, so that the mean of the vertices is the centre.
"""

from __future__ import annotations

import numpy as np

from . import colours as paint
from .head_shape import BALL_RADIUS, EYE
from .part import (
    Array,
    Part,
    Polygon,
    fan_faces,
    flipped,
    grid_faces,
    joined,
    mirrored_points,
)

SEGMENTS = 32
PUPIL_DEG, IRIS_DEG = 14.0, 32.0
RING_DEG = (7.0, 13.5, 14.7, 18.5, 23.0, 27.5, 31.4, 33.2, 39.0, 49.0, 63.0, 78.0)
CATCHLIGHTS = ((-11.5, 12.0, 5.4), (10.5, -12.0, 2.6))
"""Azimuth and elevation of each catchlight, and its radius, degrees."""
CATCHLIGHT_LIFT_MM = 0.12


def build_eye(name: str, side: float) -> Part:
    """One ball; ``side`` is 1 for the left eye, -1 for the right."""
    ball = _ball()
    lights = [_catchlight(*light) for light in CATCHLIGHTS]
    part = joined(name, [ball, *lights])
    centre = EYE if side > 0 else mirrored_points(EYE)
    return Part(name, part.vertices + centre, part.faces, part.colours)


def _ball() -> Part:
    angles = np.radians([*RING_DEG, *(180.0 - deg for deg in reversed(RING_DEG))])
    around = 2 * np.pi * np.arange(SEGMENTS) / SEGMENTS
    polar, turn = np.meshgrid(angles, around, indexing="ij")
    rings = np.stack(
        [np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)],
        axis=-1,
    ).reshape(-1, 3)
    front, back = len(rings), len(rings) + 1
    unit = np.vstack([rings, [0.0, 0.0, 1.0], [0.0, 0.0, -1.0]])
    faces: list[Polygon] = flipped(grid_faces(len(angles), SEGMENTS, closed=True))
    faces += fan_faces(list(range(SEGMENTS)), front)
    faces += flipped(fan_faces(list(range(front - SEGMENTS, front)), back))
    return Part("ball", BALL_RADIUS * unit, faces, _painted(unit))


def _painted(unit: Array) -> Array:
    angle = np.degrees(np.arccos(np.clip(unit[:, 2], -1, 1)))
    turn = np.arctan2(unit[:, 1], unit[:, 0])
    streak = 0.5 + 0.5 * np.cos(np.round(turn / (2 * np.pi) * SEGMENTS) * 2.4)
    light = np.clip(0.5 - 0.55 * np.sin(turn), 0, 1) * np.clip((IRIS_DEG - angle) / 12.0, 0, 1)
    iris = paint.blend(np.tile(paint.IRIS, (len(unit), 1)), paint.IRIS_LIGHT, 0.85 * light)
    iris = paint.blend(iris, paint.IRIS_DARK, 0.18 * streak + 0.35 * np.clip(np.sin(turn), 0, 1))
    iris = paint.blend(iris, paint.IRIS_DARK, np.where(angle > 30.0, 0.85, 0.0))
    shade = np.clip((unit[:, 1] - 0.12) / 0.5, 0, 1) * 0.26
    sclera = paint.blend(np.tile(paint.SCLERA, (len(unit), 1)), paint.LID_SHADE, shade)
    painted = np.where((angle < IRIS_DEG)[:, None], iris, sclera)
    return np.where((angle < PUPIL_DEG)[:, None], paint.PUPIL, painted)


def _catchlight(azimuth_deg: float, elevation_deg: float, radius_deg: float) -> Part:
    """A small white cap, and its twin behind the ball that keeps the mean in the centre."""
    around = 2 * np.pi * np.arange(12) / 12
    caps = [np.zeros((1, 2))]
    for scale in (0.55, 1.0):
        ring = scale * radius_deg * np.column_stack([np.cos(around), np.sin(around)])
        caps.append(ring)
    degrees = np.concatenate(caps) + np.array([azimuth_deg, elevation_deg])
    azimuth, elevation = np.radians(degrees).T
    unit = np.column_stack(
        [
            np.sin(azimuth) * np.cos(elevation),
            np.sin(elevation),
            np.cos(azimuth) * np.cos(elevation),
        ]
    )
    faces = fan_faces(list(range(1, 13)), 0)
    faces += [(1 + a, 13 + a, 13 + (a + 1) % 12, 1 + (a + 1) % 12) for a in range(12)]
    twin = [tuple(v + len(unit) for v in face[::-1]) for face in faces]
    points = (BALL_RADIUS + CATCHLIGHT_LIFT_MM) * np.vstack([unit, -unit])
    return Part("catchlight", points, faces + twin, np.ones_like(points))
