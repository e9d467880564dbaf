"""The edge loops around the left eye and the mouth, as points: lids and lips are sculpted here."""

from __future__ import annotations

import numpy as np

from .head_shape import (
    BALL_RADIUS,
    EYE,
    LID_RADIUS,
    MOUTH_HALF_WIDTH,
    MOUTH_Y,
    front_surface,
)
from .part import Array

EYE_STATIONS = 40
"""Points around the eye, from the outer corner over the upper lid."""
UPPER_LID_RAD, LOWER_LID_RAD, CORNER_RAD = np.radians([30.5, 27.5, 48.0])
EYE_TILT_RAD = np.radians(4.0)
EYE_SPREAD = (0.07, 0.15, 0.26, 0.4, 0.57, 0.77, 1.0)
EYE_OVAL_MM = (28.0, 24.5)
INNER_LID_RINGS = 2
"""Rings that make the lid's thickness; the next one is the margin's outer edge."""

MOUTH_STATIONS = 25
"""Points along half the mouth: upper middle, left corner, lower middle."""
CORNER_STATION = MOUTH_STATIONS // 2
INNER_LIP_RINGS = 3
LIP_PROFILE = (  # how far from contact line to border, how far forward
    (0.0, 0.22),
    (0.07, 0.62),
    (0.22, 0.93),
    (0.46, 1.0),
    (0.74, 0.66),
    (1.0, 0.0),
)
CONTACT_RING = INNER_LIP_RINGS
BORDER_RING = INNER_LIP_RINGS + len(LIP_PROFILE) - 1
MOUTH_SPREAD = (0.12, 0.3, 0.6, 1.0)


def lid_direction(lateral: Array, lift: Array) -> Array:
    """Unit vectors from the eyeball's centre; ``lift`` turns about the x axis, in radians."""
    return np.stack(
        [
            np.sin(lateral),
            np.cos(lateral) * np.sin(lift),
            np.cos(lateral) * np.cos(lift),
        ],
        axis=-1,
    )


def lid_opening(scale: float = 1.0) -> tuple[Array, Array]:
    """Lateral angle and lift of the lid margin at each station, radians."""
    turn = 2 * np.pi * np.arange(EYE_STATIONS) / EYE_STATIONS
    lateral = scale * CORNER_RAD * np.cos(turn)
    height = np.where(np.sin(turn) >= 0, UPPER_LID_RAD, LOWER_LID_RAD)
    lift = scale * height * np.sin(turn) * np.abs(np.sin(turn)) ** 0.12
    return lateral, lift + np.sin(lateral) * np.tan(EYE_TILT_RAD)


def eye_rings() -> Array:
    """(rings, EYE_STATIONS, 3) around the left eye, from behind the lid to the socket's rim."""
    margin = lid_direction(*lid_opening(1.0))
    behind = lid_direction(*lid_opening(1.3))
    inner = [EYE + (BALL_RADIUS + 0.9) * behind, EYE + (BALL_RADIUS + 1.2) * margin]
    edge = EYE + LID_RADIUS * lid_direction(*lid_opening(1.03))
    turn = 2 * np.pi * np.arange(EYE_STATIONS) / EYE_STATIONS
    oval = EYE[:2] + np.column_stack([EYE_OVAL_MM[0] * np.cos(turn), EYE_OVAL_MM[1] * np.sin(turn)])
    outer = [front_surface(edge[:, :2] * (1 - t) + oval * t) for t in EYE_SPREAD]
    return np.stack([*inner, edge, *outer])


def mouth_rings() -> Array:
    """(rings, MOUTH_STATIONS, 3) for x >= 0, from inside the mouth to the cheek."""
    turn = np.pi / 2 - np.pi * np.arange(MOUTH_STATIONS) / (MOUTH_STATIONS - 1)
    across = np.cos(turn)
    across[[0, -1]] = 0.0
    upper = np.where(np.arange(MOUTH_STATIONS) < CORNER_STATION, 1.0, -1.0)
    upper[CORNER_STATION] = 0.0
    contact = np.column_stack([MOUTH_HALF_WIDTH * across, contact_height(across) - 0.03 * upper])
    border = _border(across, upper)
    lips = [_lip_ring(contact, border, across, t, f) for t, f in LIP_PROFILE]
    inner = _inner_rings(lips[0], across, upper)
    oval = np.column_stack(
        [35.0 * across, MOUTH_Y + np.where(upper > 0, 13.0, 20.0) * np.sin(turn)]
    )
    outer = [front_surface(border * (1 - t) + oval * t) for t in MOUTH_SPREAD]
    return np.stack([*inner, *lips, *outer])


def contact_height(across: Array) -> Array:
    """Height of the line where the lips meet, at 0 (middle) to 1 (corner)."""
    return np.asarray(MOUTH_Y + 4.4 * np.abs(across) ** 2.2 - 0.6 * np.exp(-((across / 0.25) ** 2)))


def _border(across: Array, upper: Array) -> Array:
    full = np.sqrt(np.clip(1 - across**2, 0, 1))
    bow = 5.6 * full**0.9 - 1.1 * np.exp(-((across / 0.13) ** 2))
    height = np.where(upper > 0, bow, -7.6 * full)
    return np.column_stack([(MOUTH_HALF_WIDTH + 1.3) * across, contact_height(across) + height])


def _lip_ring(contact: Array, border: Array, across: Array, t: float, forward: float) -> Array:
    points = front_surface(contact * (1 - t) + border * t)
    lower = np.arange(MOUTH_STATIONS) > CORNER_STATION
    depth = np.where(lower, 5.4, 4.4) * (0.12 + 0.88 * np.clip(1 - across**2, 0, 1) ** 0.6)
    points[:, 2] += depth * forward
    return points


def _inner_rings(contact: Array, across: Array, upper: Array) -> list[Array]:
    rings = []
    for x_scale, rise, back in ((0.96, 9.0, 6.5), (0.97, 4.5, 4.6), (0.985, 1.2, 2.4)):
        ring = contact * np.array([x_scale, 1.0, 1.0])
        ring[:, 1] += upper * rise * np.clip(1 - across**2, 0, 1) ** 0.4
        ring[:, 2] -= back
        rings.append(ring)
    return rings
