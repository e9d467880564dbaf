"""Every text is there in every language."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("nicegui")

from nicegui.translations import translations

from facedrive.aus import AU_NAMES
from facedrive.extras import EXTRA_NAMES
from facedrive.settings import settings_options
from facedrive.studio.choices import speak
from facedrive.studio.options_ja import OPTIONS_JA
from facedrive.studio.texts import AU_LABELS, EXTRA_LABELS, TEXTS, Language, Text, language_of

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


@pytest.mark.parametrize(
    ("cookies", "accepted", "language"),
    [
        ({}, "", "en"),
        ({}, "ja,en;q=0.8", "ja"),
        ({}, "de", "en"),
        ({"fd_language": "en"}, "ja", "en"),
        ({"fd_language": "ja"}, "en", "ja"),
        ({"fd_language": "xx"}, "ja", "en"),
    ],
)
def test_a_browser_reads_what_was_chosen_there_else_what_it_asks_for(
    cookies: dict[str, str], accepted: str, language: str
) -> None:
    assert language_of(cookies, accepted) == language


def test_nicegui_says_that_the_connection_is_gone_in_the_pages_language() -> None:
    shared = SimpleNamespace(language=None)
    languages: dict[Language, str] = {"ja": "接続が切断されました", "en": "Connection lost."}
    for language, told in languages.items():
        client: Any = SimpleNamespace(page=shared)
        speak(client, language)
        assert translations[client.page.language or "en-US"]["connection_lost"] == told
    assert shared.language is None
