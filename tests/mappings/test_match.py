"""Matching a rig's targets by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.errors import RigError
from facedrive.mappings import coverage, load_mapping, match_rig
from facedrive.rig import Eye, Eyes, Part, Rig, load

FRONT = np.zeros((2, 2), dtype=np.float32)


def rig_with(*targets: str, eyes: bool = False) -> Rig:
    """Return one triangle with these targets."""
    eye = Eye(np.array([0], dtype=np.int32), np.zeros(3, dtype=np.float32))
    return Rig(
        name="head.obj",
        vertices=np.eye(3, dtype=np.float32),
        triangles=np.array([[0, 1, 2]], dtype=np.int32),
        colors=np.ones((3, 4), dtype=np.float32),
        targets=targets,
        offsets=np.ones((len(targets), 3, 3), dtype=np.float32),
        parts=(Part("skin", slice(0, 1)),),
        smooth=np.arange(3, dtype=np.int32),
        eyes=Eyes(eye, eye) if eyes else None,
    )


def weights(rig: Rig, **aus: float) -> dict[str, float]:
    """Return the weights that are not 0 for these AUs."""
    vector = np.zeros(len(AU_NAMES), dtype=np.float32)
    for name, value in aus.items():
        vector[AU_INDEX[name]] = value
    values = match_rig(rig).apply(vector, FRONT)
    return {n: round(float(v), 4) for n, v in zip(rig.targets, values, strict=True) if v}


@pytest.mark.parametrize("name", ["jaw_drop", "JawDrop", "JAW-DROP", "blendShape1.jaw_drop"])
def test_targets_match_au_names_whatever_their_case_and_punctuation(name: str) -> None:
    assert weights(rig_with(name), jaw_drop=0.7) == {name: 0.7}


@pytest.mark.parametrize("name", ["eyeBlinkLeft", "EyeBlink_L", "eyeBlink.L", "eye_blink_left"])
def test_targets_match_arkit_names_in_every_common_spelling(name: str) -> None:
    assert weights(rig_with(name), left_eye_close=1.0) == {name: 1.0}
    assert weights(rig_with(name), right_eye_close=1.0) == {}


def test_a_channel_that_the_rig_splits_drives_both_halves() -> None:
    rig = rig_with("cheekPuff_L", "cheekPuff_R")
    assert weights(rig, cheeks_puff=1.0) == {"cheekPuff_L": 1.0, "cheekPuff_R": 1.0}


def test_au_names_come_before_arkit_names() -> None:
    rig = rig_with("jawOpen", "jaw_drop", "mouthPucker")
    assert weights(rig, jaw_drop=1.0, lip_pucker=1.0) == {
        "jaw_drop": 1.0,
        "mouthPucker": 1.0,
    }


def test_arkit_names_come_before_vrm_presets() -> None:
    rig = rig_with("A", "Fun", "jawOpen")
    assert weights(rig, jaw_drop=1.0, left_lip_corner_pull=1.0) == {
        "jawOpen": 1.0,
        "Fun": 0.5,
    }


def test_one_channel_under_two_spellings_drives_the_first_only() -> None:
    assert weights(rig_with("JawOpen", "jawOpen"), jaw_drop=1.0) == {"JawOpen": 1.0}


def test_gaze_drives_targets_only_where_there_are_no_eyeballs() -> None:
    gaze = np.full((2, 2), 1.0, dtype=np.float32)
    rest = np.zeros(len(AU_NAMES), dtype=np.float32)
    names = ("eyeLookUpLeft", "jawOpen")
    assert match_rig(rig_with(*names)).apply(rest, gaze).tolist() == [1.0, 0.0]
    assert match_rig(rig_with(*names, eyes=True)).apply(rest, gaze).tolist() == [
        0.0,
        0.0,
    ]


def test_no_known_target_lists_those_of_the_rig() -> None:
    with pytest.raises(RigError, match=r"head\.obj has no target that facedrive knows, only x, y"):
        match_rig(rig_with("x", "y"))


def test_no_known_target_says_what_to_do_however_long_names_are() -> None:
    with pytest.raises(RigError) as caught:
        match_rig(rig_with(*(f"{number:02d} {'x' * 60}" for number in range(40))))
    assert len(str(caught.value)) < 300


def test_coverage_names_what_moves_and_what_does_not() -> None:
    found = coverage(rig_with("jawOpen", "eyeBlink_L", "eyeLookUpLeft", "tongueOut", "hat"))
    assert found.covered == ("left_eye_close", "jaw_drop")
    assert len(found.covered) + len(found.uncovered) == len(AU_NAMES)
    assert found.gaze == "targets"
    assert found.unused == ("tongueOut", "hat")


def test_a_derived_share_alone_is_no_coverage() -> None:
    found = coverage(rig_with("jawOpen", "cheekSquintLeft"))
    assert "left_lip_corner_pull" not in found.covered


def test_all_aus_are_covered_by_arkit_names_and_by_our_own() -> None:
    for names in (load_mapping("arkit").channels, AU_NAMES):
        assert coverage(rig_with(*names)).uncovered == ()


def test_a_third_party_arkit_rig_shows_every_au(shared: Path) -> None:
    found = coverage(load(shared / "rigs" / "ict_arkit.glb"))
    assert found.uncovered == ()
    assert found.gaze == "targets"


@pytest.mark.slow
def test_a_head_of_the_character_generator_shows_every_au(shared: Path) -> None:
    _check_valid(shared / "rigs" / "valid" / "Black_F_1.glb")


@pytest.mark.slow
def test_every_valid_head_shows_every_au(shared: Path) -> None:
    heads = sorted((shared / "rigs" / "valid").glob("*.glb"))
    assert len(heads) == 21
    spellings = {target_names(head): head for head in heads}  # one head of each is looked at
    assert len(spellings) == 2
    for head in spellings.values():
        _check_valid(head)


def target_names(path: Path) -> tuple[str, ...]:
    """Read a GLB's names without its meshes."""
    data = path.read_bytes()
    content = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
    return tuple(
        name for mesh in content["meshes"] for name in mesh.get("extras", {}).get("targetNames", ())
    )


def _check_valid(path: Path) -> None:
    rig = load(path)
    assert rig.head is not None
    found = coverage(rig)
    assert (path.name, found.uncovered) == (path.name, ())
    assert found.gaze == "eyeballs"
    assert set(found.tables) == {"Autodesk Character Generator"}


def test_a_target_that_moves_nothing_leaves_its_au_to_the_next_name() -> None:
    rig = rig_with("jaw_drop", "jawOpen", "vrc.v_aa")
    rig.offsets[:2] = 0
    assert weights(rig, jaw_drop=1.0) == {"vrc.v_aa": 1.0}
    found = coverage(rig)
    assert found.empty == ("jaw_drop", "jawOpen")
    assert found.tables == {"Oculus and VRChat visemes": ("vrc.v_aa",)}


def test_targets_that_all_move_nothing_are_said_to() -> None:
    rig = rig_with("jawOpen", "jawLeft")
    rig.offsets[:] = 0
    with pytest.raises(RigError, match="none of its 2 targets moves anything"):
        match_rig(rig)


def test_a_table_of_the_user_comes_first(tmp_path: Path) -> None:
    table = tmp_path / "mine.toml"
    table.write_text('not_driven = ["mouthPucker"]\n[weights]\nBig = { jaw_drop = 0.5 }\n')
    matched = match_rig(rig_with("jawOpen", "Big", "mouthPucker"), table)
    assert matched.matrix[:, AU_INDEX["jaw_drop"]].tolist() == [0.0, 0.5, 0.0]
    assert matched.not_driven == ("jawOpen", "mouthPucker")
