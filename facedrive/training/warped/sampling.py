"""What a photographed face is made to do: some AUs more, some less, a slightly other head."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.training.data.labels import PARAMETRIC_AUS
from facedrive.training.rendered.face import DISTRACTORS, FaceModel
from facedrive.training.rendered.sampling import DISTRACTED, sample_aus
from facedrive.training.warped.flow import Deformation
from facedrive.types import Vector

KEPT = (0.15, 0.8)
"""Share of the AUs drawn that the face is made to do; the rest stay as photographed."""

RARE = (
    "left_lid_raise", "right_lid_raise", "jaw_slide_left", "jaw_slide_right", "jaw_thrust",
    "cheeks_puff", "nose_wrinkle",
)  # fmt: skip
"""AUs that photographs hardly show: always done when drawn."""

RELAXED = 0.3
"""Probability that an AU of the photograph is taken back, at least in part."""

OTHER_SHAPE = 0.4
"""Standard deviation of the identity weights added."""


class Manner(NamedTuple):
    """How the faces of a set are bent."""

    still: float
    """Probability that a face does nothing but what was photographed."""
    usual: float
    """Probability, of the others, that it does nothing that no photograph teaches. A network that
    sees rare movements among strong ones only takes any strong one for rare."""
    rest: float
    """Standard deviation of where jaw and cheeks rest, in AUs: nobody's lie in the middle."""
    turn_deg: tuple[float, float, float]
    """Standard deviation of pitch, yaw and roll added; the far side has nothing to show beyond."""


IN_OWN_SKIN = Manner(still=0.0, usual=0.0, rest=0.0, turn_deg=(3.0, 4.0, 3.0))
IN_OTHER_SKIN = Manner(still=0.25, usual=0.5, rest=0.12, turn_deg=(6.0, 9.0, 3.0))

OPEN_MOUTH = 0.06
"""Gap of the lips, in eye distances, from which a jaw may drop further: closed lips would tear."""


def sample_deformation(
    rng: np.random.Generator,
    model: FaceModel,
    aus: Vector,
    mouth_gap: float,
    manner: Manner = IN_OWN_SKIN,
) -> tuple[Deformation, Vector]:
    """Draw what a face is made to do.

    Args:
        rng: Decides.
        model: Whose expressions bend it.
        aus: (24,) what the photograph shows, as far as the teacher sees it.
        mouth_gap: Gap of the lips over the distance of the eyes.
        manner: Of the set that it is for.

    Returns:
        The deformation, and (24,) the AUs that it adds.
    """
    added, change, extras = _sample_expression(rng, aus, mouth_gap, manner)
    shape = rng.normal(0, OTHER_SHAPE, len(model.identities)) * (rng.random() < 0.6)
    turn = np.radians(rng.normal(0, manner.turn_deg)) * (rng.random() < 0.6)
    if _happens(rng, manner.still):
        added, change = np.zeros_like(added), np.zeros_like(change)
        extras.clear()
    if manner.rest:
        change = change + _sample_rest(rng, manner.rest)
    weights = model.weights(change.astype(np.float32), extras)
    return Deformation(weights, shape.astype(np.float32), np.asarray(turn, np.float32)), added


def _sample_expression(
    rng: np.random.Generator, aus: Vector, mouth_gap: float, manner: Manner
) -> tuple[Vector, Vector, dict[str, float]]:
    """Draw (24,) AUs to add, (24,) changes with those taken back, and expressions without an AU."""
    added = sample_aus(rng)
    kept = rng.random(len(AU_NAMES)) < rng.uniform(*KEPT)
    kept[[AU_INDEX[name] for name in RARE]] = True
    added *= kept
    added *= 1 - aus
    added[AU_INDEX["jaw_drop"]] *= min(mouth_gap / OPEN_MOUTH, 1.0) ** 2
    if _happens(rng, manner.usual):
        added[[AU_INDEX[name] for name in PARAMETRIC_AUS]] = 0
    relaxed = (rng.random(len(AU_NAMES)) < RELAXED) & (added == 0)
    change = added - relaxed * aus * rng.random(len(AU_NAMES))
    extras = {
        name: float(rng.uniform(0, most))
        for name, most in DISTRACTORS.items()
        if rng.random() < DISTRACTED
    }
    return added, change, extras


def _sample_rest(rng: np.random.Generator, spread: float) -> Vector:
    """Draw (24,) where somebody's jaw and cheeks rest: no movement, so no label has it."""
    aside, ahead, full = rng.normal(0, spread, 3)
    rest = np.zeros(len(AU_NAMES), np.float32)
    rest[AU_INDEX["jaw_slide_left"]] = max(aside, 0)
    rest[AU_INDEX["jaw_slide_right"]] = max(-aside, 0)
    rest[AU_INDEX["jaw_thrust"]] = ahead
    rest[AU_INDEX["cheeks_puff"]] = full
    return rest


def _happens(rng: np.random.Generator, probability: float) -> bool:
    """Draw whether something happens; what never does draws nothing."""
    return probability > 0 and bool(rng.random() < probability)
