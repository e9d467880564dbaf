"""Mapping tables: those that ship, and what is said about bad ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedrive.aus import AU_INDEX, AU_NAMES, MIRROR
from facedrive.errors import MappingError
from facedrive.mappings import (
    BUILT_IN,
    FULL_GAZE_DEG,
    GAZE_INPUTS,
    Mapping,
    gaze_inputs,
    load_mapping,
)
from facedrive.mappings.table import standard_of

FRONT = np.zeros((2, 2), dtype=np.float32)
REST = np.zeros(len(AU_NAMES), dtype=np.float32)


def _only(name: str, value: float = 1.0) -> np.ndarray:
    aus = REST.copy()
    aus[AU_INDEX[name]] = value
    return aus


def _driven(mapping: Mapping, aus: np.ndarray, gaze: np.ndarray = FRONT) -> dict[str, float]:
    values = mapping.apply(aus, gaze)
    return {n: float(v) for n, v in zip(mapping.channels, values, strict=True) if v}


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_resting_face_drives_nothing(name: str) -> None:
    assert _driven(load_mapping(name), REST) == {}


@pytest.mark.parametrize("name", BUILT_IN)
def test_channels_stay_between_0_and_1_whatever_comes(name: str) -> None:
    mapping = load_mapping(name)
    for aus, gaze in ((REST + 9, FRONT + 9), (REST - 9, FRONT - 9)):
        values = mapping.apply(aus, gaze)
        assert values.dtype == np.float32
        assert values.shape == (len(mapping.channels),)
        assert values.min() >= 0
        assert values.max() <= 1


def test_arkit_has_its_52_channels_in_apples_order() -> None:
    channels = load_mapping("arkit").channels
    assert len(channels) == 52
    places = {0: "eyeBlinkLeft", 7: "eyeBlinkRight", 14: "jawForward", 18: "mouthClose"}
    places |= {
        41: "browDownLeft",
        46: "cheekPuff",
        49: "noseSneerLeft",
        51: "tongueOut",
    }
    assert {place: channels[place] for place in places} == places


@pytest.mark.parametrize("au", AU_NAMES)
def test_every_au_drives_an_arkit_channel_in_full(au: str) -> None:
    assert max(_driven(load_mapping("arkit"), _only(au)).values()) == 1.0


@pytest.mark.parametrize("au", [name for name in AU_NAMES if not name.endswith("eye_close")])
def test_every_au_but_the_eyelids_drives_a_unified_expression_in_full(au: str) -> None:
    assert max(_driven(load_mapping("unified"), _only(au)).values()) == 1.0


@pytest.mark.parametrize("name", BUILT_IN)
@given(values=st.lists(st.floats(0, 1, width=32), min_size=24, max_size=24))
def test_a_mirrored_face_gives_mirrored_channels(name: str, values: list[float]) -> None:
    mapping = load_mapping(name)
    aus = np.array(values, dtype=np.float32)
    turned = dict(zip(mapping.channels, mapping.apply(aus[MIRROR], FRONT), strict=True))
    for channel, value in zip(mapping.channels, mapping.apply(aus, FRONT), strict=True):
        assert turned[_other_side(channel)] == pytest.approx(float(value), abs=1e-6)


def _other_side(channel: str) -> str:
    winks = {"ウィンク２": "ｳｨﾝｸ２右", "ｳｨﾝｸ２右": "ウィンク２"}
    if channel in winks:
        return winks[channel]
    pairs = {"Left": "Right", "Right": "Left", "_L": "_R", "_R": "_L"}
    for ending, other in pairs.items():
        if channel.endswith(ending):
            return channel.removesuffix(ending) + other
    return channel


def test_looking_to_the_subjects_left_is_out_for_the_left_eye() -> None:
    out, inwards = np.radians([FULL_GAZE_DEG["out"], FULL_GAZE_DEG["in"]])
    gaze = np.array([[0, out], [0, inwards / 2]], dtype=np.float32)
    driven = _driven(load_mapping("arkit"), REST, gaze)
    assert driven == {
        "eyeLookOutLeft": pytest.approx(1.0),
        "eyeLookInRight": pytest.approx(0.5),
    }


def test_looking_up_is_up_and_further_than_full_is_full() -> None:
    gaze = np.array([[2.0, 0], [-2.0, 0]], dtype=np.float32)
    named = dict(zip(GAZE_INPUTS, gaze_inputs(gaze), strict=True))
    assert {name for name, value in named.items() if value == 1} == {
        "gaze_left_up",
        "gaze_right_down",
    }


@pytest.mark.parametrize(
    ("name", "vowels"), [("vrm0", "AUO"), ("vrm1", ("aa", "ou", "oh")), ("mmd", "あうお")]
)
@pytest.mark.parametrize(
    ("jaw", "pucker", "expected"),
    [(0.8, 0, (0.8, 0, 0)), (0, 0.6, (0, 0.6, 0)), (0.8, 0.6, (0.2, 0, 0.6)), (1, 1, (0, 0, 1))],
)
def test_a_mouth_that_is_open_and_round_says_o(
    name: str, vowels: str, jaw: float, pucker: float, expected: tuple[float, float, float]
) -> None:
    mapping = load_mapping(name)
    driven = _driven(mapping, _only("jaw_drop", jaw) + _only("lip_pucker", pucker))
    assert tuple(driven.get(vowel, 0) for vowel in vowels) == pytest.approx(expected, abs=1e-6)


class TestAUsersChanges:
    """A file that changes rows of a table that ships."""

    @pytest.fixture
    def write(self, tmp_path: Path) -> Callable[[str], Path]:
        def write(text: str) -> Path:
            path = tmp_path / "my.toml"
            path.write_text(text)
            return path

        return write

    def test_rows_that_are_named_change_and_the_others_stay(
        self, write: Callable[[str], Path]
    ) -> None:
        arkit = load_mapping("arkit")
        mine = load_mapping(
            write("extends = 'arkit'\nnot_driven = ['cheekPuff']\n"
                  "[weights]\njawOpen = { jaw_drop = 0.5 }\n")
        )  # fmt: skip
        assert mine.channels == arkit.channels
        assert set(mine.not_driven) == {*arkit.not_driven, "cheekPuff"}
        assert _driven(mine, _only("jaw_drop")) == {"jawOpen": 0.5}
        assert _driven(mine, _only("lip_pucker")) == {"mouthPucker": 1.0}

    def test_a_channel_in_a_row_stands_for_its_own_row(self, write: Callable[[str], Path]) -> None:
        mine = load_mapping(
            write("extends = 'arkit'\n[weights]\njawOpen = { jaw_drop = 0.5 }\n"
                  "mouthClose = { jawOpen = 0.5, mouthPucker = 1, jaw_drop = 0.1 }\n")
        )  # fmt: skip
        assert _driven(mine, _only("jaw_drop"))["mouthClose"] == pytest.approx(0.35)
        assert _driven(mine, _only("lip_pucker"))["mouthClose"] == 1

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                "[weights]\njawOpne = { jaw_drop = 1 }",
                "no channel 'jawOpne' in arkit; did you mean",
            ),
            ("[weights]\nx = { jaw_drop = 1 }", "no channel 'x' in arkit; facedrive/mappings has"),
            ("not_driven = ['x']", "no channel 'x' in arkit"),
            ("not_driven = ['jawOpen']\n[weights]\njawOpen = {}", "pick one"),
            ("channels = ['jawOpen']\n[weights]\njawOpen = {}", "leave the key out"),
            ("", r"no \[weights\]"),
            (
                "[weights]\njawOpen = { mouthClose = 1 }\nmouthClose = { jawOpen = 1 }",
                "jawOpen > mouthClose > jawOpen is a cycle",
            ),
            ("[weights]\njawOpen = { jawOpen = 1 }", "jawOpen > jawOpen is a cycle"),
        ],
    )
    def test_a_bad_change_is_refused_with_the_reason(
        self, write: Callable[[str], Path], text: str, message: str
    ) -> None:
        with pytest.raises(MappingError, match=message):
            load_mapping(write("extends = 'arkit'\n" + text))

    def test_a_table_that_extends_none_is_refused(self, write: Callable[[str], Path]) -> None:
        with pytest.raises(MappingError, match="no table 'mine'; there are arkit, mmd, unified"):
            load_mapping(write("extends = 'mine'\n"))

    @pytest.mark.parametrize(
        ("text", "standard"),
        [
            ("extends = 'vrm1'\nnot_driven = ['aa']", "vrm1"),
            ("[weights]\nEyeSquintLeft = { nose_wrinkle = 1 }", "unified"),
            ("[weights]\njawOpen = { jaw_drop = 1 }", "arkit"),
        ],
    )
    def test_it_is_for_the_table_that_has_its_channels(
        self, write: Callable[[str], Path], text: str, standard: str
    ) -> None:
        assert standard_of(write(text)) == standard

    def test_channels_of_no_table_are_refused(self, write: Callable[[str], Path]) -> None:
        with pytest.raises(MappingError, match="no channel 'mine' in arkit or mmd or unified"):
            standard_of(write("[weights]\nmine = { jaw_drop = 1 }"))


def test_the_rows_are_the_channels_where_a_file_lists_none(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[weights]\nmouth = { jaw_drop = 0.5 }\n")
    mapping = load_mapping(path)
    assert mapping.channels == ("mouth",)
    assert _driven(mapping, _only("jaw_drop")) == {"mouth": 0.5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"no \[weights\]"),
        ("[weights", "is no TOML table"),
        (
            "[weights]\na = { jaw_dorp = 1 }",
            "no action unit 'jaw_dorp'. Did you mean jaw_drop\\?",
        ),
        (
            "channels = ['a']\n[weights]\nb = { jaw_drop = 1 }",
            "no channel 'b'; there are a.",
        ),
        ("channels = ['a']\n[weights]\n", "says nothing about 'a'"),
        ("channels = ['a', 'a']\n[weights]\n", "lists 'a' twice"),
        ("channels = 'a'\n[weights]\n", "must be a list"),
        ("channels = ['a']\nnot_driven = ['a']\n[weights]\na = {}", "pick one"),
        ("[weights]\na = { jaw_drop = nan }", "jaw_drop = nan is no weight"),
        ("[weights]\na = { jaw_drop = inf }", "jaw_drop = inf is no weight"),
        ("[weights]\na = { jaw_drop = 2.5 }", "from -2 to 2"),
        ("[weights]\na = { jaw_drop = true }", "jaw_drop = True is no weight"),
        ("[weights]\na = { jaw_drop = 'x' }", "jaw_drop = 'x' is no weight"),
        ("[weights]\na = 1.0", "a must be like"),
    ],
)
def test_a_bad_table_is_refused_with_the_reason(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(MappingError, match=message):
        load_mapping(path)


def test_an_unknown_mapping_lists_those_there_are() -> None:
    with pytest.raises(
        MappingError, match=r"no mapping 'arkti'; there are arkit, mmd, unified, vrm0"
    ):
        load_mapping("arkti")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MappingError, match="is no TOML table"):
        load_mapping(path)
