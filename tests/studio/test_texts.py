"""Every text is there in every language."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

pytest.importorskip("nicegui")

from facedrive.aus import AU_NAMES
from facedrive.extras import EXTRA_NAMES
from facedrive.settings import settings_options
from facedrive.sinks.udp import REASONS
from facedrive.studio.options_ja import OPTIONS_JA
from facedrive.studio.texts import AU_LABELS, EXTRA_LABELS, TEXTS, TROUBLES, Text

STUDIO = Path(__file__).resolve().parents[2] / "facedrive" / "studio"

KANA = re.compile(r"[぀-ヿ一-鿿]")


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_is_japanese_and_has_the_same_blanks(key: str) -> None:
    text: Text = TEXTS[key]
    assert fields(text.en) == fields(text.ja)
    assert KANA.search(text.en + text.ja) or text.en == text.ja


def test_every_text_that_the_page_says_is_in_the_table() -> None:
    said = set()
    for path in STUDIO.rglob("*.py"):
        said |= set(re.findall(r'page\.say\("(\w+)"', path.read_text(encoding="utf-8")))
    assert said
    assert said <= set(TEXTS)


def test_every_action_unit_and_extra_has_a_label() -> None:
    assert set(AU_LABELS) == set(AU_NAMES)
    assert set(EXTRA_LABELS) == set(EXTRA_NAMES)


def test_every_option_has_its_japanese() -> None:
    assert {each.name for each in settings_options()} == set(OPTIONS_JA)


def test_every_reason_why_nothing_arrives_has_its_japanese() -> None:
    sinks = (STUDIO.parent / "sinks").glob("*.py")
    code = "".join(path.read_text(encoding="utf-8") for path in sinks)
    assert all(f'"{english}"' in code for english in TROUBLES)
    assert set(REASONS.values()) <= set(TROUBLES)
    assert all(KANA.search(text) for text in TROUBLES.values())
