"""What a photographed face is made to do: some AUs more, some less, a slightly other head."""

from __future__ import annotations

import numpy as np

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.training.photowarp.flow import Move
from facedrive.training.synth.face import DISTRACTORS, FaceModel
from facedrive.training.synth.sampling import DISTRACTED, sample_aus
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

OTHER_TURN_DEG = (3.0, 4.0, 3.0)
"""Standard deviation of pitch, yaw and roll added; the far side has nothing to show beyond."""

OPEN_MOUTH = 0.06
"""Gap of the lips, in eye distances, from which a jaw may drop further: closed lips would tear."""


def sample_move(
    rng: np.random.Generator, model: FaceModel, aus: Vector, mouth_gap: float
) -> tuple[Move, Vector]:
    """Draw a movement for a face.

    Args:
        rng: Decides.
        model: Whose expressions move it.
        aus: (24,) what the photograph shows, as far as the teacher sees it.
        mouth_gap: Gap of the lips over the distance of the eyes.

    Returns:
        The movement, and (24,) the AUs that it adds.
    """
    added = sample_aus(rng)
    kept = rng.random(len(AU_NAMES)) < rng.uniform(*KEPT)
    kept[[AU_INDEX[name] for name in RARE]] = True
    added *= kept
    added *= 1 - aus
    added[AU_INDEX["jaw_drop"]] *= min(mouth_gap / OPEN_MOUTH, 1.0) ** 2
    relaxed = (rng.random(len(AU_NAMES)) < RELAXED) & (added == 0)
    change = added - relaxed * aus * rng.random(len(AU_NAMES))
    extras = {
        name: float(rng.uniform(0, most))
        for name, most in DISTRACTORS.items()
        if rng.random() < DISTRACTED
    }
    shape = rng.normal(0, OTHER_SHAPE, len(model.identities)) * (rng.random() < 0.6)
    turn = np.radians(rng.normal(0, OTHER_TURN_DEG)) * (rng.random() < 0.6)
    weights = model.weights(change.astype(np.float32), extras)
    return Move(weights, shape.astype(np.float32), np.asarray(turn, np.float32)), added
