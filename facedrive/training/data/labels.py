"""Targets for training: the teacher's blendshape scores as FEAFA+ AUs and gaze.

Channels the teacher never raises (cheek puff, nose wrinkle, jaw thrust) are marked unknown:
they get no real signal and are learnt from synthetic faces alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX, AU_NAMES, AUS
from facedrive.errors import DataError
from facedrive.mappings.table import FULL_GAZE_RAD
from facedrive.types import Vector

TEACHER_CHANNELS: dict[str, tuple[str, ...]] = {
    "left_eye_close": ("eyeBlinkLeft",),
    "right_eye_close": ("eyeBlinkRight",),
    "left_lid_raise": ("eyeWideLeft",),
    "right_lid_raise": ("eyeWideRight",),
    "left_brow_lower": ("browDownLeft",),
    "right_brow_lower": ("browDownRight",),
    "left_brow_raise": ("browOuterUpLeft",),
    "right_brow_raise": ("browOuterUpRight",),
    "jaw_drop": ("jawOpen",),
    "jaw_slide_left": ("jawLeft",),
    "jaw_slide_right": ("jawRight",),
    "left_lip_corner_pull": ("mouthSmileLeft",),
    "right_lip_corner_pull": ("mouthSmileRight",),
    "left_lip_corner_stretch": ("mouthStretchLeft",),
    "right_lip_corner_stretch": ("mouthStretchRight",),
    "upper_lip_suck": ("mouthRollUpper",),
    "lower_lip_suck": ("mouthRollLower",),
    "upper_lip_raise": ("mouthUpperUpLeft", "mouthUpperUpRight"),
    "lower_lip_depress": ("mouthLowerDownLeft", "mouthLowerDownRight"),
    "chin_raise": ("mouthShrugLower",),
    "lip_pucker": ("mouthPucker",),
}
"""The mean of these channels is the AU; an AU that is missing here the teacher cannot see."""

GAZE_CHANNELS = (
    ("eyeLookUpLeft", "eyeLookDownLeft"),
    ("eyeLookOutLeft", "eyeLookInLeft"),
    ("eyeLookUpRight", "eyeLookDownRight"),
    ("eyeLookInRight", "eyeLookOutRight"),
)
"""Left pitch and yaw, right pitch and yaw: the first channel less the second."""

NEEDED_CHANNELS = tuple(
    name for names in (*TEACHER_CHANNELS.values(), *GAZE_CHANNELS) for name in names
)

BLIND = tuple(name for name in AU_NAMES if name not in TEACHER_CHANNELS)
"""AUs that the teacher never raises."""

PARAMETRIC_AUS = tuple(name for name in AU_NAMES if name in BLIND or name.startswith("jaw_slide"))
"""AUs that follow the parametric face: the blind ones, and the jaw's slides, of which the teacher
shows at most a tenth when a rendered jaw slides all the way."""


class Targets(NamedTuple):
    """What a model should say about N faces."""

    aus: Vector
    """(N, 24) float32, 0 to 1."""
    known: NDArray[np.bool_]
    """(N, 24) whether that AU has a real label."""
    gaze: Vector
    """(N, 2, 2) float32 radians, as ``Sample.gaze``."""

    def select(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Targets:
        """Return some of the faces."""
        return Targets(self.aus[rows], self.known[rows], self.gaze[rows])

    @property
    def down(self) -> NDArray[np.bool_]:
        """(N,) whether both eyes look down."""
        return np.asarray((self.gaze[..., 0] < 0).all(axis=1))

    @property
    def at_rest(self) -> NDArray[np.bool_]:
        """(N,) whether a face does nothing: no AU, and no look down."""
        return np.asarray((self.aus == 0).all(axis=1) & ~self.down)


def from_teacher(scores: NDArray[np.floating], names: Sequence[str]) -> Targets:
    """Turn (N, C) MediaPipe blendshape scores with (C,) names into targets.

    Raises:
        DataError: if a channel that is needed is not among the names.
    """
    for name in NEEDED_CHANNELS:
        if name not in names:
            raise DataError(f"the teacher's scores have no channel '{name}'; it is needed.")
    channel = dict(zip(names, scores.astype(np.float32).T, strict=True))
    aus = np.zeros((len(scores), len(AUS)), dtype=np.float32)
    known = np.zeros(aus.shape, dtype=np.bool_)
    for name, channels in TEACHER_CHANNELS.items():
        aus[:, AU_INDEX[name]] = np.mean([channel[part] for part in channels], axis=0)
        known[:, AU_INDEX[name]] = True
    gaze = np.empty((len(scores), 4), dtype=np.float32)
    for angle, (plus, minus) in enumerate(GAZE_CHANNELS):
        gaze[:, angle] = channel[plus] - channel[minus]
    gaze = gaze.reshape(-1, 2, 2) * np.float32(FULL_GAZE_RAD)
    return Targets(np.clip(aus, 0, 1), known, gaze)


def rarity(aus: Vector, strength: float) -> NDArray[np.float64]:
    """Return the odds, (N,), of drawing each face: higher for rare, strong expressions.

    Args:
        aus: (N, 24) what the faces do.
        strength: How much oftener, for each spread that a face's most unusual AU is off its mean.
    """
    spread = np.maximum(aus.std(0), 0.02)
    unusual = np.clip((aus - aus.mean(0)) / spread, 0, 6).max(1)
    odds = 1.0 + strength * unusual.astype(np.float64)
    return np.asarray(odds / odds.sum())
