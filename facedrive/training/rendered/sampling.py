"""What the synthetic faces do: sparse, plausible mixtures in which every AU is often active."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.training.rendered.face import DISTRACTORS
from facedrive.types import Vector


class Pair(NamedTuple):
    """Two AUs that are one movement on two sides."""

    left: str
    right: str
    both: float
    """Probability that both sides move, about equally."""
    single: float
    """Probability, for each side, that it moves alone."""


PAIRS: tuple[Pair, ...] = (
    Pair("left_eye_close", "right_eye_close", 0.17, 0.05),
    Pair("left_lid_raise", "right_lid_raise", 0.2, 0.03),
    Pair("left_brow_lower", "right_brow_lower", 0.19, 0.04),
    Pair("left_brow_raise", "right_brow_raise", 0.2, 0.05),
    Pair("left_lip_corner_pull", "right_lip_corner_pull", 0.2, 0.06),
    Pair("left_lip_corner_stretch", "right_lip_corner_stretch", 0.2, 0.06),
)

SINGLES: dict[str, float] = {
    "jaw_drop": 0.3,
    "jaw_slide_left": 0.24,
    "jaw_slide_right": 0.24,
    "upper_lip_suck": 0.4,
    "lower_lip_suck": 0.32,
    "jaw_thrust": 0.2,
    "upper_lip_raise": 0.34,
    "lower_lip_depress": 0.3,
    "chin_raise": 0.28,
    "lip_pucker": 0.44,
    "cheeks_puff": 0.24,
    "nose_wrinkle": 0.22,
}
"""Probability that each AU without sides moves, before ``EXCLUSIVE`` takes some away."""

EXCLUSIVE: tuple[tuple[str, str], ...] = (
    ("left_eye_close", "left_lid_raise"),
    ("right_eye_close", "right_lid_raise"),
    ("left_brow_lower", "left_brow_raise"),
    ("right_brow_lower", "right_brow_raise"),
    ("jaw_slide_left", "jaw_slide_right"),
    ("upper_lip_suck", "upper_lip_raise"),
    ("lower_lip_suck", "lower_lip_depress"),
    ("lip_pucker", "upper_lip_suck"),
    ("lip_pucker", "lower_lip_suck"),
    ("lip_pucker", "left_lip_corner_pull"),
    ("lip_pucker", "right_lip_corner_pull"),
    ("lip_pucker", "left_lip_corner_stretch"),
    ("lip_pucker", "right_lip_corner_stretch"),
    ("cheeks_puff", "jaw_drop"),
    ("cheeks_puff", "upper_lip_raise"),
    ("lower_lip_depress", "chin_raise"),
    ("nose_wrinkle", "upper_lip_suck"),
)
"""Pairs of which at most one moves: the same skin cannot go both ways."""

SECOND_YIELDS = 0.68
"""How often the second of a pair gives way: lip pucker, in many pairs, would else be rare."""

TRACE_SHARE = 0.15
"""Share of the resting AUs that stir a little, as real faces never quite rest."""


FEW_SHARE = 0.25
"""Share of the faces that make one to three movements only, so that each is also seen alone."""

DISTRACTED = 0.07
"""Probability of each expression that belongs to no AU."""


class Performance(NamedTuple):
    """What one face does in one picture."""

    aus: Vector
    """(24,)."""
    extras: dict[str, float]
    """Expressions without an AU."""
    gaze: Vector
    """(2, 2) radians as ``Sample.gaze``."""


def sample_performance(rng: np.random.Generator) -> Performance:
    """Draw the AUs, the distractors and the gaze of one picture."""
    aus = sample_aus(rng)
    return Performance(aus, _sample_extras(rng, aus), sample_gaze(rng))


def sample_aus(rng: np.random.Generator) -> Vector:
    """Draw (24,) AUs."""
    aus = np.zeros(len(AU_NAMES), np.float32)
    if rng.random() < 0.04:
        return aus
    if rng.random() < FEW_SHARE:
        _move_few(rng, aus)
    else:
        _move_many(rng, aus)
    stirring = (aus == 0) & (rng.random(len(aus)) < TRACE_SHARE)
    aus[stirring] = rng.uniform(0, 0.2, int(stirring.sum()))
    _exclude(rng, aus)
    return aus


def sample_gaze(rng: np.random.Generator) -> Vector:
    """Draw (2, 2) radians: both eyes on one point, most of the time nearly ahead."""
    pitch = np.clip(rng.normal(0, 0.16), -0.42, 0.42)
    yaw = np.clip(rng.normal(0, 0.24), -0.6, 0.6)
    convergence = rng.uniform(0, 0.05)
    gaze = np.array([[pitch, yaw - convergence], [pitch, yaw + convergence]])
    return np.asarray(gaze + rng.normal(0, 0.01, (2, 2)), np.float32)


def _move_many(rng: np.random.Generator, aus: Vector) -> None:
    for pair in PAIRS:
        aus[[AU_INDEX[pair.left], AU_INDEX[pair.right]]] = _sample_pair(rng, pair)
    for name, probability in SINGLES.items():
        if rng.random() < probability:
            aus[AU_INDEX[name]] = _intensity(rng)


def _move_few(rng: np.random.Generator, aus: Vector) -> None:
    """Move one to three of the pairs and singles, each as likely as any other."""
    moves = [*PAIRS, *SINGLES]
    for index in rng.choice(len(moves), int(rng.integers(1, 4)), replace=False):
        move = moves[index]
        if isinstance(move, Pair):
            strength = _intensity(rng)
            aus[[AU_INDEX[move.left], AU_INDEX[move.right]]] = strength
        else:
            aus[AU_INDEX[move]] = _intensity(rng)


def _sample_pair(rng: np.random.Generator, pair: Pair) -> tuple[float, float]:
    draw = rng.random()
    if draw < pair.both:
        strength = _intensity(rng)
        left, right = np.clip(strength + rng.normal(0, 0.07, 2), 0, 1)
        return float(left), float(right)
    if draw < pair.both + pair.single:
        return _intensity(rng), 0.0
    if draw < pair.both + 2 * pair.single:
        return 0.0, _intensity(rng)
    return 0.0, 0.0


def _intensity(rng: np.random.Generator) -> float:
    """Draw how strongly an active AU moves: anything, full strength rather often."""
    return 1.0 if rng.random() < 0.1 else float(rng.uniform(0.25, 1.0))


def _exclude(rng: np.random.Generator, aus: Vector) -> None:
    """Silence one of each exclusive pair, more often the second."""
    for index in rng.permutation(len(EXCLUSIVE)):
        first, second = (AU_INDEX[name] for name in EXCLUSIVE[index])
        if aus[first] > 0 and aus[second] > 0:
            aus[second if rng.random() < SECOND_YIELDS else first] = 0


def _sample_extras(rng: np.random.Generator, aus: Vector) -> dict[str, float]:
    extras = {
        name: float(rng.uniform(0, most))
        for name, most in DISTRACTORS.items()
        if rng.random() < DISTRACTED
    }
    for side in ("left", "right"):
        smile = float(aus[AU_INDEX[f"{side}_lip_corner_pull"]])
        if rng.random() < 0.5:
            extras[f"cheekSquint_{side[0].upper()}"] = smile * float(rng.uniform(0.2, 0.7))
            extras[f"eyeSquint_{side[0].upper()}"] = smile * float(rng.uniform(0, 0.5))
    return extras
