"""Posed videos as FEAFA's: a protocol of movements, one after the other, each up, held and down."""

from __future__ import annotations

import numpy as np

from facedrive.aus import AU_NAMES, AUS
from facedrive.feafa.simulate.track import (
    FPS,
    Track,
    lay_out,
    sample_blinks,
    sample_gaze_track,
    sample_sway,
)
from facedrive.training.rendered.performance import Move
from facedrive.training.rendered.sampling import PAIRS

Movement = dict[str, float]
"""AUs that move together, and each one's share of the strength."""

MIRROR_OF: dict[str, str] = {au.name: au.mirror for au in AUS}

SYMMETRICAL: tuple[Movement, ...] = (
    *({pair.left: 1.0, pair.right: 1.0} for pair in PAIRS),
    *({au.name: 1.0} for au in AUS if au.side == "both"),
)

ONE_SIDED: tuple[Movement, ...] = tuple({au.name: 1.0} for au in AUS if au.side != "both")


def _both(stem: str, share: float = 1.0) -> Movement:
    return {name: share for name in AU_NAMES if name in (f"left_{stem}", f"right_{stem}")}


COMBINED: tuple[Movement, ...] = (
    _both("lip_corner_pull") | {"upper_lip_raise": 0.5, "jaw_drop": 0.25},  # a laugh
    _both("brow_raise") | _both("lid_raise") | {"jaw_drop": 0.7},  # surprise
    _both("brow_lower") | _both("lip_corner_stretch", 0.4) | {"chin_raise": 0.8},  # sadness
    _both("brow_lower") | _both("lid_raise", 0.5) | {"lower_lip_suck": 0.5},  # anger
    _both("brow_lower", 0.6) | {"nose_wrinkle": 1.0, "upper_lip_raise": 0.8},  # disgust
    _both("brow_raise", 0.8) | _both("lid_raise") | _both("lip_corner_stretch"),  # fear
    _both("eye_close") | {"lip_pucker": 1.0},  # a kiss
    {"upper_lip_suck": 1.0, "lower_lip_suck": 1.0},
    {"upper_lip_raise": 1.0, "lower_lip_depress": 1.0},  # shows all teeth
    _both("brow_raise", 0.7) | {"cheeks_puff": 1.0},
    {"jaw_drop": 0.5, "jaw_slide_left": 1.0},
    {"jaw_drop": 0.5, "jaw_slide_right": 1.0},
    {"jaw_thrust": 1.0, "lower_lip_depress": 0.6},
)

WITHOUT_SIDES = SYMMETRICAL[len(PAIRS) :]

PROTOCOL: tuple[Movement, ...] = SYMMETRICAL + ONE_SIDED + WITHOUT_SIDES + COMBINED
"""What the subjects are asked for, in this order; a video takes up where the last one stopped."""

MOVEMENTS_A_VIDEO = 7
"""By how many movements of the protocol a video starts after the one before it."""

BLINKS_A_MINUTE = 10.0
SWAY_DEG = (2.0, 3.0, 1.5)


def pose(rng: np.random.Generator, number: int, frames: int) -> Track:
    """Draw the performance of the ``number``-th posed video, from 0."""
    seconds = frames / FPS
    moves = sample_blinks(rng, seconds, BLINKS_A_MINUTE)
    time, index = 0.0, number * MOVEMENTS_A_VIDEO
    while time < seconds:
        movement = PROTOCOL[index % len(PROTOCOL)]
        started, time = _act(rng, movement, time)
        moves += started
        index += 1
    return Track(
        lay_out(moves, frames),
        sample_gaze_track(rng, frames, 0.4),
        sample_sway(rng, frames, SWAY_DEG),
    )


def _act(rng: np.random.Generator, movement: Movement, time: float) -> tuple[list[Move], float]:
    """Act one movement, and tell when the next may begin."""
    start = time + rng.uniform(0.1, 0.5)
    rise, hold, fall = rng.uniform([0.35, 0.15, 0.35], [0.8, 0.9, 0.8]).tolist()
    strength = 1.0 if rng.random() < 0.4 else rng.uniform(0.35, 1.0)
    moves = []
    for name, share in _with_mirror(rng, movement).items():
        peak = min(strength * share * rng.uniform(0.92, 1.05), 1.0)
        moves.append(Move((name,), start + rng.uniform(0, 0.07), rise, hold, fall, peak))
    return moves, start + rise + hold + fall


def _with_mirror(rng: np.random.Generator, movement: Movement) -> Movement:
    """Let the other side go a little with it: hardly anybody moves one alone."""
    first = next(iter(movement))
    other = MIRROR_OF[first]
    if len(movement) > 1 or other == first or "jaw" in first or rng.random() < 0.4:
        return movement
    return movement | {other: rng.uniform(0.05, 0.3)}
