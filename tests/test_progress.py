"""Progress is for people at a terminal, and for nobody else."""

from __future__ import annotations

import io
import logging
import re
import subprocess
import sys
from typing import Self

import pytest

from facedrive.progress import bar, track


class Terminal(io.StringIO):
    """Standard error of somebody who looks at it."""

    def isatty(self) -> bool:
        return True

    def __enter__(self) -> Self:
        self._before, sys.stderr = sys.stderr, self
        return self

    def __exit__(self, *_: object) -> None:
        sys.stderr = self._before

    def lines(self) -> list[str]:
        """What was written, without the codes that colour it and move the cursor."""
        plain = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", self.getvalue())
        return [line.strip() for line in re.split(r"[\r\n]+", plain) if line.strip()]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    return Terminal()


def test_without_a_terminal_nothing_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with bar(3, "face", "cutting") as line:
        line.advance(2)
        line.say("cut", "all")
    assert list(track([1, 2], "face")) == [1, 2]
    assert capfd.readouterr() == ("", "")


def test_without_a_terminal_rich_is_not_loaded() -> None:
    code = (
        "import sys; from facedrive.progress import track; list(track([1], 'face'));"
        "sys.exit('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE).returncode == 0


def test_a_terminal_shows_what_how_much_and_how_it_goes(terminal: Terminal) -> None:
    with terminal, bar(10, "face", "cutting [crops]", done=2) as line:
        line.advance(3)
        line.say(figures="loss 0.5")
    assert re.match(r"cutting \[crops\] .* 5/10 +face .* left .* loss 0\.5", terminal.lines()[-1])


def test_items_come_through_and_are_counted(terminal: Terminal) -> None:
    with terminal:
        assert list(track(iter("abc"), "letter", "reading", total=3)) == ["a", "b", "c"]
    assert "3/3 letter" in terminal.lines()[-1]


def test_work_of_unknown_length_is_counted(terminal: Terminal) -> None:
    with terminal:
        assert list(track(iter("ab"), "frame")) == ["a", "b"]
    assert "2/? frame" in terminal.lines()[-1]


def test_work_inside_work_has_a_line_of_its_own(terminal: Terminal) -> None:
    with terminal, bar(2, "step", "training"):
        assert list(track("ab", "face", "drawing")) == ["a", "b"]
    assert terminal.lines()[-2].startswith("training")
    assert terminal.lines()[-1].startswith("drawing")


def test_one_of_several_processes_can_be_quiet(terminal: Terminal) -> None:
    with terminal, bar(2, "step", quiet=True) as line:
        line.advance()
    assert terminal.getvalue() == ""


def test_a_line_of_the_log_comes_out_whole_above_it(terminal: Terminal) -> None:
    root, handler = logging.getLogger(), logging.StreamHandler(terminal)
    root.addHandler(handler)
    try:
        with terminal, bar(2, "step", "training"):
            root.warning("epoch 1: loss 0.5")
        assert handler.stream is terminal
    finally:
        root.removeHandler(handler)
    lines = terminal.lines()
    assert "epoch 1: loss 0.5" in lines
    assert lines[-1].startswith("training")


def test_what_the_work_prints_stays_on_standard_output(
    terminal: Terminal, capfd: pytest.CaptureFixture[str]
) -> None:
    with terminal, bar(1, "face"):
        sys.stdout.write("a result\n")
    assert capfd.readouterr().out == "a result\n"
    assert "a result" not in terminal.getvalue()
