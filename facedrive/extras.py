"""The extras: what a face does that no FEAFA+ AU names, by the ARKit channel that shows it.

They are beside the 24 AUs, never among them. A frown of the mouth or pressed lips have no AU in
FEAFA+; the inner brow and the squint are parts that its AUs do not tell apart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.types import Vector

ARKIT_OF_EXTRA: dict[str, str] = {
    "left_mouth_frown": "mouthFrownLeft",
    "right_mouth_frown": "mouthFrownRight",
    "left_lip_press": "mouthPressLeft",
    "right_lip_press": "mouthPressRight",
    "left_dimple": "mouthDimpleLeft",
    "right_dimple": "mouthDimpleRight",
    "mouth_left": "mouthLeft",
    "mouth_right": "mouthRight",
    "lip_funnel": "mouthFunnel",
    "lips_together": "mouthClose",
    "upper_lip_shrug": "mouthShrugUpper",
    "inner_brow_raise": "browInnerUp",
    "left_eye_squint": "eyeSquintLeft",
    "right_eye_squint": "eyeSquintRight",
}
"""Left and right are the subject's."""

AU_OF_EXTRA: dict[str, dict[str, float]] = {
    "upper_lip_shrug": {"chin_raise": 0.4},
    "inner_brow_raise": {"left_brow_raise": 0.5, "right_brow_raise": 0.5},
    "left_eye_squint": {"left_lip_corner_pull": 0.3, "nose_wrinkle": 0.3},
    "right_eye_squint": {"right_lip_corner_pull": 0.3, "nose_wrinkle": 0.3},
}
"""What goes along with AUs on real faces, at the share given: where a model knows no extras, they
are derived so, and those that are missing here stay at 0."""

SPAN_OF_EXTRA: dict[str, tuple[float, float]] = {
    "left_mouth_frown": (0.02, 0.5), "right_mouth_frown": (0.02, 0.5),
    "left_lip_press": (0.1, 0.7), "right_lip_press": (0.1, 0.7),
    "left_dimple": (0.02, 0.4), "right_dimple": (0.02, 0.4),
    "mouth_left": (0.02, 0.5), "mouth_right": (0.02, 0.4),
    "lip_funnel": (0.01, 0.25), "lips_together": (0.01, 0.15),
    "upper_lip_shrug": (0.02, 0.4), "inner_brow_raise": (0.02, 1.0),
    "left_eye_squint": (0.5, 1.0), "right_eye_squint": (0.5, 1.0),
}  # fmt: skip
"""Where each begins and ends on most faces, on the teacher's scale: it is timid with some, and a
squint begins at half of it."""

EXTRA_NAMES: tuple[str, ...] = tuple(ARKIT_OF_EXTRA)
"""In the order of ``Sample.extras``."""


def _mirrored(name: str) -> str:
    side, other = ("left", "right") if "left" in name else ("right", "left")
    return name.replace(side, other)


EXTRA_INDEX: dict[str, int] = {name: index for index, name in enumerate(EXTRA_NAMES)}

DERIVED = np.zeros((len(EXTRA_NAMES), len(AU_NAMES)), np.float32)
for _extra, _shares in AU_OF_EXTRA.items():
    for _au, _share in _shares.items():
        DERIVED[EXTRA_INDEX[_extra], AU_INDEX[_au]] = _share
"""(E, 24) the same as shares of AUs."""


def derived(aus: Vector) -> Vector:
    """Return the (E,) extras that go along with (24,) AUs, 0 to 1."""
    extras: Vector = np.clip(DERIVED @ aus, 0.0, 1.0)
    return extras


def complete(extras: Vector | None, aus: Vector) -> Vector:
    """Return extras where they are known, else those that go along with (24,) AUs."""
    return derived(aus) if extras is None else extras


EXTRA_MIRROR: NDArray[np.intp] = np.array([EXTRA_NAMES.index(_mirrored(n)) for n in EXTRA_NAMES])
"""The extra that each becomes in a mirror."""
