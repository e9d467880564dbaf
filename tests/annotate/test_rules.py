"""What cannot be is marked, by rules that people may change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedrive.annotate.keys import Key
from facedrive.annotate.rules import DEFAULT_RULES, check_labels, load_rules
from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.errors import DataError


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (tmp_path / "rules.toml").write_text(DEFAULT_RULES)
    return tmp_path / "rules.toml"


def test_what_cannot_be_is_found_with_its_frames(rules: Path) -> None:
    labels = np.zeros((20, 24))
    labels[5:8, AU_INDEX["left_eye_close"]] = 0.5
    labels[6:12, AU_INDEX["left_lid_raise"]] = 0.4
    labels[15:, AU_INDEX["jaw_drop"]] = 0.9
    labels[3, [AU_INDEX["jaw_slide_left"], AU_INDEX["jaw_slide_right"]]] = 0.1
    found = [(each.kind, each.aus, each.first, each.last)
             for each in check_labels(load_rules(rules), labels)]  # fmt: skip
    assert found == [
        ("both", ("jaw_slide_left", "jaw_slide_right"), 3, 3),
        ("both", ("left_eye_close", "left_lid_raise"), 6, 7),
        ("jump", ("jaw_drop",), 14, 15),
    ]


def test_what_nobody_has_said_anything_of_is_found(rules: Path) -> None:
    tracks = {name: {0: Key(0, 0.1)} for name in AU_NAMES if name != "chin_raise"}
    tracks["jaw_drop"] = {0: Key(0, 0.1, machine=True)}
    found = check_labels(load_rules(rules), np.zeros((9, 24)), tracks)
    assert sorted(each.aus[0] for each in found) == ["chin_raise", "jaw_drop"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[rule]]\nkind = "both"\naus = ["jaw_drip", "chin_raise"]', "no action unit 'jaw_drip'"),
        ('[[rule]]\nkind = "twice"\naus = []', "rule 1: no kind of rule 'twice'"),
        ('[[rule]]\nkind = "both"\naus = ["jaw_drop"]', "both takes two aus, not 1"),
        ('[[rule]]\nkind = "jump"\naus = ["*"]\nabove = 2', "above is 2; it must be from 0 to 1"),
        ('[[rule]]\nkind = "jump"\nover = 1', "it has kind, aus, above and says"),
        ("rules = 3", r"must have \[\[rule\]\] blocks"),
        ("[[rule", "is no list of rules"),
    ],
)
def test_a_rule_that_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "rules.toml").write_text(text)
    with pytest.raises(DataError, match=said):
        load_rules(tmp_path / "rules.toml")
