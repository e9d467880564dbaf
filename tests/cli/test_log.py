"""The log on the terminal: short, printable, and not the same line again and again."""

from __future__ import annotations

import logging

import pytest

from facedrive.cli.log import AT_ONCE, WINDOW_S, LineFormatter, Seldom


def record(
    created: float, message: str = "%s is out of places", line: int = 1
) -> logging.LogRecord:
    made = logging.LogRecord("facedrive", logging.ERROR, "ws.py", line, message, ("ws",), None)
    made.created = created
    return made


def test_a_line_that_comes_again_and_again_is_shown_a_few_times() -> None:
    seldom = Seldom()
    shown = [seldom.filter(record(0.25 * count + 100)) for count in range(40)]
    assert shown == [True] * AT_ONCE + [False] * (40 - AT_ONCE)


def test_how_many_were_left_out_is_said_when_the_line_comes_back() -> None:
    seldom = Seldom()
    for _ in range(32_833):
        seldom.filter(record(100))
    again = record(100 + WINDOW_S + 0.1)
    assert seldom.filter(again)
    assert again.getMessage() == f"ws is out of places ({32_833 - AT_ONCE} more like it before)"


def test_other_lines_are_shown_meanwhile() -> None:
    seldom = Seldom()
    for _ in range(100):
        seldom.filter(record(100))
    assert seldom.filter(record(100, line=2))


@pytest.mark.parametrize("quoted", ["\x1b]0;title\x07", "line\nline", "x" * 1000, "\udce9"])
def test_a_record_is_one_short_printable_line(quoted: str) -> None:
    made = record(0, f"camera {quoted} is back %s")
    line = LineFormatter("facedrive: %(message)s").format(made)
    assert line.isprintable() and len(line) < 300
    assert line.startswith("facedrive: camera ") and line.endswith("is back ws")
