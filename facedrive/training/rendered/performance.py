"""The performance of the demo clip: every AU by itself, then as people use them together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.rotations import EulerDegrees
from facedrive.training.rendered.sampling import Performance
from facedrive.types import Vector

DURATION = 18.0
"""Seconds; the first and the last half second rest."""

REST = 0.5
SOLO_START, SOLO_STEP = 0.6, 0.52


class Move(NamedTuple):
    """AUs that rise, hold and fall together."""

    aus: tuple[str, ...]
    start: float
    rise: float
    hold: float
    fall: float
    peak: float = 1.0

    def at(self, time: float) -> float:
        """Give the intensity at a time, seconds; the ends are smooth."""
        up = _ease((time - self.start) / self.rise)
        down = _ease((time - self.start - self.rise - self.hold) / self.fall)
        return self.peak * (up - down)


BLINK = ("left_eye_close", "right_eye_close")
SMILE = ("left_lip_corner_pull", "right_lip_corner_pull")
BROWS_UP = ("left_brow_raise", "right_brow_raise")
LIDS_UP = ("left_lid_raise", "right_lid_raise")

SOLOS: tuple[Move, ...] = tuple(
    Move((name,), SOLO_START + SOLO_STEP * index, 0.17, 0.26, 0.17)
    for index, name in enumerate(AU_NAMES)
)

BLINKS: tuple[Move, ...] = tuple(
    Move(BLINK, start, 0.07, 0.03, 0.12) for start in (5.3, 7.6, 9.9, 11.95, 13.9, 15.62)
)

TOGETHER: tuple[Move, ...] = (
    Move(SMILE, 13.2, 0.35, 0.55, 0.35, 0.8),  # a smile that shows teeth
    Move(("upper_lip_raise",), 13.35, 0.3, 0.4, 0.3, 0.35),
    Move(("jaw_drop",), 14.35, 0.1, 0.03, 0.1, 0.45),  # "hello there"
    Move(("lower_lip_depress",), 14.35, 0.12, 0.05, 0.15, 0.5),
    Move(("lip_pucker",), 14.58, 0.12, 0.08, 0.12, 0.8),
    Move(("jaw_drop",), 14.72, 0.1, 0.02, 0.1, 0.3),
    Move(("left_lip_corner_stretch", "right_lip_corner_stretch"), 14.9, 0.12, 0.06, 0.12, 0.5),
    Move(("jaw_drop",), 14.98, 0.1, 0.04, 0.1, 0.35),
    Move(("lower_lip_depress",), 14.95, 0.12, 0.05, 0.15, 0.4),
    Move(("upper_lip_suck", "lower_lip_suck"), 15.22, 0.08, 0.05, 0.08, 0.5),
    Move(BROWS_UP, 14.4, 0.2, 0.4, 0.3, 0.4),
    Move(BROWS_UP, 15.85, 0.14, 0.4, 0.2, 0.95),  # surprise
    Move(LIDS_UP, 15.85, 0.12, 0.4, 0.2, 0.9),
    Move(("jaw_drop",), 15.9, 0.16, 0.35, 0.2, 0.6),
    Move(("left_eye_close",), 16.72, 0.1, 0.2, 0.14),  # a wink
    Move(SMILE[:1], 16.6, 0.2, 0.35, 0.3, 0.85),
    Move(SMILE[1:], 16.6, 0.2, 0.35, 0.3, 0.5),
)

MOVES = SOLOS + BLINKS + TOGETHER

GLANCES: tuple[tuple[float, float, float], ...] = (
    (5.6, 0, 0), (5.66, 2, 16), (6.4, 2, 16), (6.47, 0, 0), (7.8, 0, 0), (7.86, 1, -18),
    (8.6, 1, -18), (8.66, -2, 4), (9.8, -2, 4), (9.86, 14, 0), (10.5, 14, 0), (10.57, -12, 0),
    (11.3, -12, 0), (11.36, 0, -3), (13.0, 0, -3), (13.06, 0, 0),
)  # fmt: skip
"""Key frames of the gaze: seconds, pitch and yaw in degrees; straight lines between them."""


def perform(time: float) -> Performance:
    """Give AUs, what accompanies them, and gaze at a time, seconds."""
    aus = np.zeros(len(AU_NAMES), np.float32)
    for move in MOVES:
        for name in move.aus:
            aus[AU_INDEX[name]] = max(aus[AU_INDEX[name]], move.at(time))
    smiles = {"L": aus[AU_INDEX[SMILE[0]]], "R": aus[AU_INDEX[SMILE[1]]]}
    extras = {f"cheekSquint_{side}": 0.35 * float(smile) for side, smile in smiles.items()}
    return Performance(aus, extras, gaze_at(time))


def gaze_at(time: float) -> Vector:
    """Give (2, 2) radians as ``Sample.gaze``: both eyes on one far point."""
    times, pitches, yaws = zip(*GLANCES, strict=True)
    angles = [np.interp(time, times, pitches), np.interp(time, times, yaws)]
    return np.tile(np.radians(angles), (2, 1)).astype(np.float32)


def head_at(time: float) -> EulerDegrees:
    """Give the head's angles at a time, seconds: slow, small sways that start and end at rest."""
    alive = _ease((time - REST) / 1.5) - _ease((time - DURATION + REST + 1.0) / 1.0)
    return EulerDegrees(
        pitch=float(alive * (2.6 * np.sin(1.1 * time + 0.4) + 1.2 * np.sin(2.3 * time))),
        yaw=float(alive * (6.5 * np.sin(0.75 * time) + 2.0 * np.sin(1.9 * time + 1.0))),
        roll=float(alive * (2.8 * np.sin(0.6 * time + 1.0) + 0.8 * np.sin(1.7 * time))),
    )


def _ease(share: float) -> float:
    """Go from 0 to 1 as ``share`` does, without a jerk at either end."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)
