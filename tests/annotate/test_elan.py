"""ELAN's files hold the events of labels, and give them back as keys."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from facedrive.annotate.elan import Event, event_keys, find_events, read_eaf, write_eaf
from facedrive.annotate.keys import draw
from facedrive.aus import AU_INDEX
from facedrive.errors import DataError

TIMES = np.arange(100) / 25


def labels() -> np.ndarray:
    values = np.zeros((100, 24))
    values[20:41, AU_INDEX["jaw_drop"]] = np.interp(np.arange(21), [0, 12, 20], [0.1, 0.8, 0.1])
    values[70:73, AU_INDEX["left_eye_close"]] = 0.9
    return values


def test_events_go_out_and_come_back(tmp_path: Path) -> None:
    events = find_events(labels())
    assert events == [Event("left_eye_close", 70, 72, 70, 0.9),
                      Event("jaw_drop", 20, 40, 32, 0.8)]  # fmt: skip
    write_eaf(tmp_path / "clip.eaf", events, TIMES, Path("clip.mp4"))
    assert read_eaf(tmp_path / "clip.eaf", TIMES) == events


def test_the_file_is_what_elan_reads(tmp_path: Path) -> None:
    write_eaf(tmp_path / "clip.eaf", find_events(labels()), TIMES, Path("clip.mp4"))
    root = ElementTree.parse(tmp_path / "clip.eaf").getroot()
    assert root.get("FORMAT") == "3.0"
    kinds = [each.tag for each in root]
    assert kinds == ["HEADER", "TIME_ORDER", *["TIER"] * 48, "LINGUISTIC_TYPE"]
    slots = {slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE", "")) for slot in root[1]}
    (jaw,) = root.findall("TIER[@TIER_ID='jaw_drop']/ANNOTATION/ALIGNABLE_ANNOTATION")
    assert [slots[jaw.get(f"TIME_SLOT_REF{side}")] for side in (1, 2)] == [800, 1640]
    assert jaw.findtext("ANNOTATION_VALUE") == "0.800"
    ids = [each.get("ANNOTATION_ID") for each in root.iter("ALIGNABLE_ANNOTATION")]
    assert len(ids) == len({*ids}) == 4


def test_keys_of_events_follow_the_labels(tmp_path: Path) -> None:
    wanted = labels()
    keys = event_keys(find_events(wanted), 100)
    jaw = draw(keys["jaw_drop"], TIMES)
    np.testing.assert_allclose(jaw, wanted[:, AU_INDEX["jaw_drop"]], atol=1e-9)
    assert draw(keys["left_eye_close"], TIMES)[[69, 71, 73]].tolist() == [0, 0.5, 0]


OTHER = """<?xml version="1.0"?>
<ANNOTATION_DOCUMENT><TIME_ORDER>
<TIME_SLOT TIME_SLOT_ID="t1" TIME_VALUE="400"/><TIME_SLOT TIME_SLOT_ID="t2" TIME_VALUE="800"/>
</TIME_ORDER>
<TIER TIER_ID="AU12"><ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="t1" TIME_SLOT_REF2="t2">
<ANNOTATION_VALUE>12C</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER TIER_ID="speech"><ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="t1" TIME_SLOT_REF2="t2">
<ANNOTATION_VALUE>hello</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
</ANNOTATION_DOCUMENT>"""


def test_tiers_named_after_facs_are_read_for_both_sides(tmp_path: Path) -> None:
    (tmp_path / "other.eaf").write_text(OTHER)
    assert read_eaf(tmp_path / "other.eaf", TIMES) == [
        Event("left_lip_corner_pull", 10, 19, 14, 0.6),
        Event("right_lip_corner_pull", 10, 19, 14, 0.6),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<a>", "is no .eaf: no element found|is no .eaf: mismatched"),
        ("<html/>", "is no .eaf: it begins with html"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><ANNOTATION_DOCUMENT/>', "declares entities"),
    ],
)
def test_what_is_no_eaf_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.eaf").write_text(text)
    with pytest.raises(DataError, match=said):
        read_eaf(tmp_path / "x.eaf", TIMES)
