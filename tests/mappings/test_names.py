"""The names that rigs give their targets, by convention."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedrive.aus import AU_NAMES
from facedrive.errors import MappingError
from facedrive.mappings.names import CONVENTIONS, conventions, plain, spellings
from facedrive.mappings.table import INPUTS

TABLES = dict(zip(("au", *CONVENTIONS), conventions(), strict=True))


def driven_by(convention: str, name: str) -> dict[str, float]:
    """Return the inputs that drive a target of this name."""
    found = TABLES[convention].find(spellings(name))
    if found is None:
        return {}
    row = TABLES[convention].rows[found[0].name]
    return {key: round(float(share), 3) for key, share in zip(INPUTS, row, strict=True) if share}


@pytest.mark.parametrize(
    "name",
    ["jawOpen", "JawOpen", "jaw_open", "JAWOPEN", "jaw-open", "jawOpen.001", "Wolf3D_Head_jawOpen",
     "A25_Jaw_Open", "blendShape1.jawOpen", "Head.jaw_open.002", "mesh_0_jawOpen"],
)  # fmt: skip
def test_arkit_in_every_spelling(name: str) -> None:
    assert driven_by("arkit", name) == {"jaw_drop": 1.0}


@pytest.mark.parametrize(
    "name",
    ["eyeBlinkLeft", "eyeBlink_L", "EyeBlink.L", "eyeblinkl", "LeftEyeBlink", "L_eyeBlink",
     "A14_Eye_Blink_Left", "Wolf3D_Head_eyeBlinkLeft", "eyeBlink_L.001"],
)  # fmt: skip
def test_a_side_in_every_spelling(name: str) -> None:
    assert driven_by("arkit", name) == {"left_eye_close": 1.0}


@pytest.mark.parametrize(
    ("convention", "name", "inputs"),
    [
        ("arkit", "browInnerUp", {"inner_brow_raise": 1.0}),
        ("arkit", "cheekPuff_R", {"cheeks_puff": 1.0}),
        ("unified", "EyeClosedRight", {"right_eye_close": 1.0}),
        ("unified", "MouthCornerPullLeft", {"left_lip_corner_pull": 1.0}),
        ("unified", "LipSuckUpper", {"upper_lip_suck": 1.0}),
        ("character_generator", "h_expressions.LeyeClose_h", {"left_eye_close": 1.0}),
        ("character_generator", "h_expressions.RRbrowUp_h", {"right_brow_raise": 1.0}),
        ("character_generator", "h_teeth.t_MouthOpen_h", {"jaw_drop": 1.0}),
        ("sranipal", "Eye_Left_Blink", {"left_eye_close": 1.0}),
        ("sranipal", "Eye_Right_Left", {"gaze_right_in": 1.0}),
        ("sranipal", "Mouth_Pout", {"lip_pucker": 1.0}),
        ("cc4", "Brow_Drop_L", {"left_brow_lower": 1.0}),
        ("cc4", "Eye_L_Look_R", {"gaze_left_in": 1.0}),
        ("cc4", "Mouth_Roll_In_Upper_R", {"upper_lip_suck": 1.0}),
        ("makehuman", "LeftUpperLidClosed", {"left_eye_close": 1.0}),
        ("makehuman", "ChinForward", {"jaw_thrust": 1.0}),
        ("facs", "facs_AU_12_L", {"left_lip_corner_pull": 1.0}),
        ("facs", "AU26", {"jaw_drop": 1.0}),
        ("daz", "facs_bs_MouthSmileLeft_div2", {"left_lip_corner_pull": 1.0}),
        ("daz", "eCTRLEyesClosedR", {"right_eye_close": 1.0}),
        ("vroid", "Face.M_F00_000_00_Fcl_EYE_Close_L", {"left_eye_close": 1.0}),
        ("vrm1", "blinkRight", {"right_eye_close": 1.0}),
        ("vrm0", "Blink_L", {"left_eye_close": 1.0}),
        ("mmd", "まばたき", {"left_eye_close_and_right_eye_close": 1.0}),
        ("mmd", "あ", {"jaw_drop": 1.0, "jaw_drop_and_lip_pucker": -1.0}),
        ("mmd", "お", {"jaw_drop_and_lip_pucker": 1.0}),
        ("mmd", "にこり", {"left_brow_raise": 0.5, "right_brow_raise": 0.5}),
        (
            "mmd",
            "ウィンク２右",
            {"right_eye_close": 1.0, "left_eye_close_and_right_eye_close": -1.0},
        ),
        ("visemes", "vrc.v_aa", {"jaw_drop": 1.0, "jaw_drop_and_lip_pucker": -1.0}),
        ("visemes", "viseme_PP", {"upper_lip_suck": 0.5, "lower_lip_suck": 0.5}),
        ("visemes", "vrc.blink_left", {"left_eye_close": 1.0}),
    ],
)
def test_a_name_drives_what_its_convention_says(
    convention: str, name: str, inputs: dict[str, float]
) -> None:
    assert driven_by(convention, name) == inputs


@pytest.mark.parametrize("name", ["Hat_o", "jawOpen_fix", "A01_Hat", "", "...", "A"])
def test_other_names_are_no_arkit(name: str) -> None:
    assert driven_by("arkit", name) == {}


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_every_table_has_a_title_and_drives_something(convention: str) -> None:
    table = TABLES[convention]
    assert table.title
    assert any(row[: len(AU_NAMES)].any() for row in table.rows.values())


def test_half_and_full_width_letters_are_the_same() -> None:
    assert plain("ｳｨﾝｸ２右") == plain("ウィンク2右")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("weight = 1", "no key 'weight'; there are extends"),
        ("title = 'x'", r"has no \[weights\]"),
        ("extends = 'arkitt'", "no table 'arkitt'"),
        ("weights = 3", "'weights' must be a table"),
        ("suffixes = [3]\n[weights]\nx = {}", "'suffixes' must be a list"),
        ("[weights]\nBig = { jaw_dorp = 1 }", "jaw_dorp"),
        ("[weights]\nBig = { jaw_drop = 99 }", "no weight"),
        ("[[[", "no TOML"),
    ],
)
def test_a_table_of_names_that_is_wrong_is_refused(tmp_path: Path, text: str, message: str) -> None:
    table = tmp_path / "mine.toml"
    table.write_text(text)
    with pytest.raises(MappingError, match=message):
        conventions(table)
