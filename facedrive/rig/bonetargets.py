"""Makes targets of bones: a jaw that drops and slides, lids that close, for rigs without morphs.

A bone's turn by a fixed angle is taken as straight offsets; a jaw's lips are then 2 % too near to
its joint when it is half open.
"""

from __future__ import annotations

import math

import numpy as np

from facedrive.mappings.names import BONE
from facedrive.rig.model import Bone, Floats
from facedrive.rotations import matrix_from_euler

JAW_DROP_RAD = math.radians(22.0)
"""How far a jaw turns that is wide open."""
JAW_SLIDE, JAW_THRUST = 0.10, 0.08
"""How far a jaw slides, of its length from the joint to the chin: about 10 and 8 mm."""
UPPER_LID_RAD, LOWER_LID_RAD = math.radians(38.0), math.radians(8.0)
"""How far lids turn about the middle of the eye until they meet."""


def bone_targets(bones: dict[str, Bone], vertices: Floats) -> dict[str, Floats]:
    """Return (V, 3) offsets by name for the bones of ``bones.ROLES`` that there are.

    The names are those of the table ``bones.toml``.
    """
    made: dict[str, Floats] = {}
    if "jaw" in bones:
        made |= _jaw(bones["jaw"], vertices)
    for side in ("left", "right"):
        lids = {"upper": UPPER_LID_RAD, "lower": -LOWER_LID_RAD}
        found = {which: bones.get(f"{side}_{which}_lid") for which in lids}
        turned = [_turned(bone, vertices, lids[which]) for which, bone in found.items() if bone]
        if turned:
            made[f"{BONE}{side}_eye_close"] = np.asarray(np.sum(turned, axis=0, dtype=np.float32))
    return made


def _jaw(bone: Bone, vertices: Floats) -> dict[str, Floats]:
    length = float(np.linalg.norm(vertices[bone.share > 0.5] - bone.pivot, axis=1).max(initial=0))
    ways = {
        "jaw_slide_left": (JAW_SLIDE, 0, 0),
        "jaw_slide_right": (-JAW_SLIDE, 0, 0),
        "jaw_thrust": (0, 0, JAW_THRUST),
    }
    slides: dict[str, Floats] = {
        f"{BONE}{name}": bone.share[:, None] * np.array(way, np.float32) * np.float32(length)
        for name, way in ways.items()
    }
    return {f"{BONE}jaw_drop": _turned(bone, vertices, JAW_DROP_RAD), **slides}


def _turned(bone: Bone, vertices: Floats, angle: float) -> Floats:
    """Return what a turn forward and down by ``angle`` adds to each vertex."""
    turn = matrix_from_euler(-angle, 0.0).astype(np.float32) - np.eye(3, dtype=np.float32)
    offsets: Floats = (bone.share[:, None] * ((vertices - bone.pivot) @ turn.T)).astype(np.float32)
    return offsets
