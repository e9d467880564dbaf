"""Every text of a project's pages is there in every language, and every one that is said."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

pytest.importorskip("nicegui")

from facedrive.annotate.exports import EXPORTS
from facedrive.studio.annotate.texts import TEXTS

STUDIO = Path(__file__).resolve().parents[3] / "facedrive" / "studio"
SCRIPTS = sorted((STUDIO / "static" / "annotate").glob("*.js"))
KANA = re.compile(r"[぀-ヿ一-鿿]")


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", [key for key in TEXTS if key])
def test_a_text_is_japanese_and_has_the_same_blanks(key: str) -> None:
    text = TEXTS[key]
    assert fields(text.en) == fields(text.ja)
    assert KANA.search(text.en + text.ja) or text.en == text.ja or key == "interval"


def test_every_text_that_is_said_is_in_the_table() -> None:
    said = set(re.findall(r'view\.say\("(\w+)"', (STUDIO / "annotate/page.py").read_text()))
    for path in SCRIPTS:
        said |= set(re.findall(r'\.text\("(\w+)"', path.read_text(encoding="utf-8")))
    assert len(said) > 40
    assert said <= set(TEXTS)


def test_every_command_says_what_it_does_and_no_key_does_two_things() -> None:
    text = (STUDIO / "static/annotate/commands.js").read_text(encoding="utf-8")
    rows = re.findall(r'^  \["(\w+)", \[(.*?)\], ', text, re.MULTILINE)
    assert len(rows) > 50
    assert {f"do_{name}" for name, _ in rows} <= set(TEXTS)
    keys = [key for _, row in rows for key in re.findall(r'"(.+?)"', row)]
    assert len(keys) == len({*keys})


def test_every_format_has_its_name() -> None:
    assert {f"to_{name}" for name in EXPORTS} <= set(TEXTS)
