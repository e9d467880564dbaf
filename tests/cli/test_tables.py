"""Tables are plain, aligned, and whole."""

from __future__ import annotations

import pytest

from facedrive.cli.tables import table


def test_words_are_flush_left_and_figures_flush_right() -> None:
    shown = table(("<AU", "r", "n"), [("jaw_drop", 0.9, 5), ("blink", None, 1000)], digits=2)
    assert shown.splitlines() == [
        "AU           r     n",
        "jaw_drop  0.90     5",
        "blink        -  1000",
    ]


def test_nothing_known_is_a_dash() -> None:
    assert table(("",), [(float("nan"),), (None,)]).split() == ["-", "-"]


def test_without_heads_there_is_no_line_of_them() -> None:
    assert table(("<", ""), [("a", 1), ("bcd", 20)]).splitlines() == ["a     1", "bcd  20"]


def test_a_long_line_is_not_broken_and_brackets_stay() -> None:
    assert table(("<",), [("[red] " + "x" * 300,)]) == "[red] " + "x" * 300


def test_nothing_is_coloured_even_if_colours_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in table(("<AU", "r"), [("a", 1)])
