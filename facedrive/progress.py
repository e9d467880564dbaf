"""How far long work is: a line on the terminal, and nothing where standard error is none."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator, Sized
from contextlib import ExitStack, contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from facedrive.stages import Source

Item = TypeVar("Item")

REFRESHES_A_SECOND = 4

_shown: list[Progress] = []
"""The display that is on the terminal, if any: work inside other work adds a line to it."""


class Bar:
    """One line: what is done, of how much, how fast, and how long it will take."""

    def __init__(self, display: Progress | None, total: int | None, unit: str, what: str,
                 done: int) -> None:  # fmt: skip
        self._display, self._figures = display, ""
        self._task: TaskID | None = None
        if display is not None:
            self._task = display.add_task(what, total=total, completed=done, unit=unit, figures="")

    def advance(self, by: int = 1) -> None:
        """Count up."""
        if self._display is not None and self._task is not None:
            self._display.advance(self._task, by)

    def say(self, what: str | None = None, figures: str | None = None) -> None:
        """Change what the line says before (what is done) and after (how it goes)."""
        if self._display is not None and self._task is not None:
            self._figures = self._figures if figures is None else figures
            self._display.update(self._task, description=what, figures=self._figures)


@contextmanager
def bar(
    total: int | None, unit: str, what: str = "", *, done: int = 0, quiet: bool = False
) -> Iterator[Bar]:
    """Show work that ``advance`` counts.

    Args:
        total: How much there is in all; None if nobody knows.
        unit: What is counted, in the singular.
        what: What is done, as in "cutting crops".
        done: How much of it was done before.
        quiet: Whether to show nothing, as all but one of several processes do.
    """
    if quiet or not sys.stderr.isatty():
        yield Bar(None, total, unit, what, done)
    elif _shown:
        yield Bar(_shown[0], total, unit, what, done)
    else:
        with _display() as display:
            yield Bar(display, total, unit, what, done)


def track(
    items: Iterable[Item], unit: str, what: str = "", total: int | None = None
) -> Iterator[Item]:
    """Yield items and show how many have been; ``total`` where they have no length."""
    if total is None and isinstance(items, Sized):
        total = len(items)
    with bar(total, unit, what) as line:
        for item in items:
            yield item
            line.advance()


def track_frames(items: Iterable[Item], source: Source) -> Iterator[Item]:
    """Yield what is made of a source's frames and show how many have been.

    How many there are is asked after the first, when a file is open and has said it.
    """
    rest = iter(items)
    first = list(islice(rest, 1))
    yield from track(chain(first, rest), "frame", total=getattr(source, "frame_count", None))


@contextmanager
def _display() -> Iterator[Progress]:
    """Open the display; while it is there, the log's lines come above it."""
    from rich.console import Console

    # Standard output is the work's own, and may lead to a file.
    display = _make(Console(stderr=True))
    with ExitStack() as stack:
        before = sys.stderr
        stack.enter_context(display)
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is before:
                handler.setStream(sys.stderr)
                stack.callback(handler.setStream, before)
        _shown.append(display)
        stack.callback(_shown.clear)
        yield display


def _make(console: Console) -> Progress:
    """Lay out the columns: crops ━━━━ 120/3000 face 35/s 0:00:12 left 0:01:22 loss 0.1."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:.3g}/s")

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}", markup=False),
        Rate(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}", markup=False),
        console=console,
        refresh_per_second=REFRESHES_A_SECOND,
        redirect_stdout=False,
    )
