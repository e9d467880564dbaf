"""Spontaneous videos as DISFA's: now and then something faint, AUs that belong together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from facedrive.feafa.simulate.track import (
    FPS,
    Track,
    lay_out,
    sample_blinks,
    sample_gaze_track,
    sample_sway,
)
from facedrive.training.rendered.performance import Move


class Event(NamedTuple):
    """AUs that go together without being asked to."""

    a_minute: float
    seconds: tuple[float, float]
    """Shortest and longest."""
    most: float
    """The strongest that it gets; most are a quarter of that."""
    shares: dict[str, float]
    """Each AU's share of the strength."""
    loose: dict[str, float] = {}  # noqa: RUF012 - a NamedTuple's default, never changed
    """AUs that come along to a share that is drawn each time, up to this."""


EVENTS: tuple[Event, ...] = (
    Event(9, (1.0, 5.0), 1.0, {"left_lip_corner_pull": 1.0, "right_lip_corner_pull": 1.0},
          {"upper_lip_raise": 0.8, "lower_lip_depress": 0.7, "jaw_drop": 0.3}),
    Event(1, (0.7, 2.5), 0.7, {"left_lip_corner_pull": 1.0}, {"upper_lip_raise": 0.3}),
    Event(1, (0.7, 2.5), 0.7, {"right_lip_corner_pull": 1.0}, {"upper_lip_raise": 0.3}),
    Event(4, (0.6, 3.0), 1.0, {"left_brow_raise": 1.0, "right_brow_raise": 1.0},
          {"left_lid_raise": 0.9, "right_lid_raise": 0.9}),
    Event(2, (0.5, 2.0), 0.8, {"left_lid_raise": 1.0, "right_lid_raise": 1.0}),
    Event(4, (0.8, 4.0), 1.0, {"left_brow_lower": 1.0, "right_brow_lower": 1.0},
          {"nose_wrinkle": 0.3, "left_eye_close": 0.3, "right_eye_close": 0.3}),
    Event(7, (0.3, 1.5), 0.9, {"jaw_drop": 0.6, "lower_lip_depress": 0.7},
          {"upper_lip_raise": 0.4}),
    Event(4, (0.5, 2.5), 0.9, {"upper_lip_raise": 0.8, "lower_lip_depress": 0.8}),
    Event(2.5, (0.6, 2.5), 1.0, {"upper_lip_suck": 0.8, "lower_lip_suck": 1.0}),
    Event(3, (0.6, 3.0), 0.9, {"chin_raise": 1.0}, {"lower_lip_suck": 0.3}),
    Event(1.5, (0.5, 2.5), 0.7, {"left_lip_corner_stretch": 1.0, "right_lip_corner_stretch": 1.0}),
    Event(1.5, (0.5, 2.0), 0.9, {"lip_pucker": 1.0}),
    Event(2, (0.6, 3.0), 0.9, {"nose_wrinkle": 1.0, "upper_lip_raise": 0.7},
          {"left_brow_lower": 0.7, "right_brow_lower": 0.7}),
    Event(0.7, (0.5, 1.5), 0.8, {"jaw_slide_left": 1.0}),
    Event(0.7, (0.5, 1.5), 0.8, {"jaw_slide_right": 1.0}),
    Event(0.7, (0.5, 2.0), 0.8, {"jaw_thrust": 1.0}),
    Event(0.7, (0.6, 2.0), 0.9, {"cheeks_puff": 1.0}),
)  # fmt: skip
"""From what the paper's section 3.3 says of relabelled DISFA: AUs 1, 2, 12, 13, 19 and 20 are
common, 10, 11, 18 and 23 rare; low values; 14 and 15 never above 0.75; lid raises go with brow
raises, bared teeth with smiles."""

BLINKS_A_MINUTE = 20.0
SWAY_DEG = (3.0, 5.0, 2.5)
FAINT = (1.4, 3.6)
"""Of the beta distribution of strengths: mean 0.28."""


def happen(rng: np.random.Generator, frames: int) -> Track:
    """Draw the performance of one spontaneous video."""
    seconds = frames / FPS
    moves = sample_blinks(rng, seconds, BLINKS_A_MINUTE)
    for event in EVENTS:
        for start in rng.uniform(-1, seconds, rng.poisson(event.a_minute * (seconds + 1) / 60)):
            moves += _happen_once(rng, event, float(start))
    return Track(
        lay_out(moves, frames),
        sample_gaze_track(rng, frames, 0.8),
        sample_sway(rng, frames, SWAY_DEG),
    )


def _happen_once(rng: np.random.Generator, event: Event, start: float) -> list[Move]:
    duration = rng.uniform(*event.seconds)
    rise, fall = duration * rng.uniform(0.2, 0.4), duration * rng.uniform(0.25, 0.45)
    strength = event.most * rng.beta(*FAINT)
    together = rng.random()
    loose = {name: most * together for name, most in event.loose.items()}
    return [
        Move(
            (name,), start, rise, duration - rise - fall, fall,
            min(strength * share * rng.uniform(0.85, 1.15), event.most),
        )
        for name, share in (event.shares | loose).items()
    ]  # fmt: skip
