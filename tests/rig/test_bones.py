"""Bones of a face, by their names."""

from __future__ import annotations

import pytest

from facedrive.rig.bones import role_of


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Head", "head"),
        ("mixamorig:Head", "head"),
        ("Bip01 Head", "head"),
        ("CC_Base_Head", "head"),
        ("J_Bip_C_Head", "head"),
        ("頭", "head"),
        ("HeadTop_End", None),
        ("Forehead", None),
        ("HeadEnd_end", None),
        ("Jaw", "jaw"),
        ("CC_Base_JawRoot", "jaw"),
        ("Bip01 MJaw", "jaw"),
        ("jaw_master", "jaw"),
        ("UpperJaw", None),
        ("Jaw_end", None),
        ("lid.T.L", "left_upper_lid"),
        ("lid.B.R", "right_lower_lid"),
        ("LeftEyelidUpper", "left_upper_lid"),
        ("eyelid_lower_r", "right_lower_lid"),
        ("Bip01 LUpperEyelid", "left_upper_lid"),
        ("Solid_L", None),
        ("LeftEye", None),
    ],
)
def test_a_bone_is_known_by_its_name(name: str, role: str | None) -> None:
    assert role_of(name) == role
