"""A VRM's bones are where Unity's apps have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from facedrive.errors import RigError
from facedrive.rig.humanoid import bone_places

Write = Callable[..., Path]

NODES = [
    {"name": "face", "mesh": 0},
    {"name": "neck", "translation": [0, 0.25, 0.02], "children": [2]},
    {"name": "head", "translation": [0.5, 0.1, -0.03], "children": [3, 4]},
    {"name": "eye.L", "matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0.03, 0.06, 0.04, 1]},
    {"name": "eye.R"},
]


def vrm(write_glb: Write, extension: dict[str, Any]) -> Path:
    def change(document: dict[str, Any]) -> None:
        document["nodes"] = NODES
        document["extensions"] = extension

    return write_glb(change, name="avatar.vrm")


def test_vrm0_turns_z_around(write_glb: Write) -> None:
    bones = [("neck", 1), ("head", 2), ("leftEye", 3), ("rightEye", -1)]
    humanoid = {"humanBones": [{"bone": bone, "node": node} for bone, node in bones]}
    assert bone_places(vrm(write_glb, {"VRM": {"humanoid": humanoid}})) == {
        "Neck": pytest.approx((0, 0.25, -0.02)),
        "Head": pytest.approx((0.5, 0.1, 0.03)),
        "LeftEye": pytest.approx((0.03, 0.06, -0.04)),
    }


def test_vrm1_turns_x_around(write_glb: Write) -> None:
    bones = {"head": {"node": 2}, "leftEye": {"node": 3}, "rightEye": {}}
    extension = {"VRMC_vrm": {"specVersion": "1.0", "humanoid": {"humanBones": bones}}}
    assert bone_places(vrm(write_glb, extension)) == {
        "Head": pytest.approx((-0.5, 0.1, -0.03)),
        "LeftEye": pytest.approx((-0.03, 0.06, 0.04)),
    }


def test_a_file_that_is_no_avatar_is_said_to_be_none(write_glb: Write) -> None:
    with pytest.raises(RigError, match=r"head\.glb has no humanoid bones; give the avatar's \.vrm"):
        bone_places(write_glb())
