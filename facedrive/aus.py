"""The one table of the 24 FEAFA+ action units; every other list of AUs is computed from it.

Source: Gan et al., "FEAFA+: An Extended Well-Annotated Dataset for Facial Expression
Analysis and 3D Facial Animation", 2021, Table 2. Left and right are the subject's.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Side = Literal["left", "right", "both"]
Region = Literal["eye", "brow", "jaw", "mouth", "cheek", "nose"]


class ActionUnit(NamedTuple):
    """One row of the paper's Table 2."""

    number: int
    """FEAFA+ number, 1 to 24; its index in every vector is one less."""
    name: str
    """Our name for it: CSV column, OSC address, ONNX metadata, morph target."""
    facs: str
    """The FACS action unit (AU) or action descriptor (AD) that it is or is half of."""
    side: Side
    region: Region
    mirror: str
    """The AU that this one becomes in a mirror; itself where it is symmetrical."""


AUS: tuple[ActionUnit, ...] = (
    ActionUnit(1, "left_eye_close", "AU43", "left", "eye", "right_eye_close"),
    ActionUnit(2, "right_eye_close", "AU43", "right", "eye", "left_eye_close"),
    ActionUnit(3, "left_lid_raise", "AU5", "left", "eye", "right_lid_raise"),
    ActionUnit(4, "right_lid_raise", "AU5", "right", "eye", "left_lid_raise"),
    ActionUnit(5, "left_brow_lower", "AU4", "left", "brow", "right_brow_lower"),
    ActionUnit(6, "right_brow_lower", "AU4", "right", "brow", "left_brow_lower"),
    ActionUnit(7, "left_brow_raise", "AU2", "left", "brow", "right_brow_raise"),
    ActionUnit(8, "right_brow_raise", "AU2", "right", "brow", "left_brow_raise"),
    ActionUnit(9, "jaw_drop", "AU26", "both", "jaw", "jaw_drop"),
    ActionUnit(10, "jaw_slide_left", "AD30", "left", "jaw", "jaw_slide_right"),
    ActionUnit(11, "jaw_slide_right", "AD30", "right", "jaw", "jaw_slide_left"),
    ActionUnit(12, "left_lip_corner_pull", "AU12", "left", "mouth", "right_lip_corner_pull"),
    ActionUnit(13, "right_lip_corner_pull", "AU12", "right", "mouth", "left_lip_corner_pull"),
    ActionUnit(
        14,
        "left_lip_corner_stretch",
        "AU20",
        "left",
        "mouth",
        "right_lip_corner_stretch",
    ),
    ActionUnit(
        15,
        "right_lip_corner_stretch",
        "AU20",
        "right",
        "mouth",
        "left_lip_corner_stretch",
    ),
    ActionUnit(16, "upper_lip_suck", "AU28", "both", "mouth", "upper_lip_suck"),
    ActionUnit(17, "lower_lip_suck", "AU28", "both", "mouth", "lower_lip_suck"),
    ActionUnit(18, "jaw_thrust", "AD29", "both", "jaw", "jaw_thrust"),
    ActionUnit(19, "upper_lip_raise", "AU10", "both", "mouth", "upper_lip_raise"),
    ActionUnit(20, "lower_lip_depress", "AU16", "both", "mouth", "lower_lip_depress"),
    ActionUnit(21, "chin_raise", "AU17", "both", "mouth", "chin_raise"),
    ActionUnit(22, "lip_pucker", "AU18", "both", "mouth", "lip_pucker"),
    ActionUnit(23, "cheeks_puff", "AD34", "both", "cheek", "cheeks_puff"),
    ActionUnit(24, "nose_wrinkle", "AU9", "both", "nose", "nose_wrinkle"),
)

AU_NAMES: tuple[str, ...] = tuple(au.name for au in AUS)

AU_INDEX: dict[str, int] = {name: index for index, name in enumerate(AU_NAMES)}
"""Position of an AU, by name, in every (24,) vector."""

MIRROR: NDArray[np.intp] = np.array([AU_INDEX[au.mirror] for au in AUS])
"""``aus[..., MIRROR]`` are the AUs of the mirrored face."""
