"""One open page: its language, what it looks after at every tick, and what it tells.

A page holds nothing of its own: what it shows comes from the ``Desk``, which all pages share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from nicegui import run, ui

from facedrive.errors import FacedriveError
from facedrive.studio.explain import explain
from facedrive.studio.library import tidy
from facedrive.studio.texts import Language, au_label, say

if TYPE_CHECKING:
    from facedrive.studio.desk import Desk

T = TypeVar("T")

TOLD_AT: Literal["bottom-right"] = "bottom-right"
"""Where the page tells something: clear of the buttons below the avatar."""


class Page:
    """One open page: its language, and what it looks after at every tick."""

    def __init__(self, desk: Desk, language: Language) -> None:
        """Show a desk in a language."""
        self.desk, self.language = desk, language
        self._ticks: list[Callable[[], object]] = []

    def say(self, key: str, **values: object) -> str:
        """Return a text in the page's language."""
        return say(self.language, key, **values)

    def explain(self, error: str) -> str:
        """Return an error's line in the page's language."""
        return explain(self.language, error)

    def au(self, name: str) -> str:
        """Return what an action unit is called."""
        return au_label(self.language, name)

    def watch(self, tick: Callable[[], object]) -> None:
        """Have something looked at now and at every tick, until the view changes."""
        tick()
        self._ticks.append(tick)

    def follow(self, state: Callable[[], T], draw: Callable[[T], object]) -> None:
        """Have something drawn now, and again at every tick at which its state is another."""
        drawn: list[T] = []

        def look() -> None:
            now = state()
            if drawn != [now]:
                drawn[:] = [now]
                draw(now)

        self.watch(look)

    def show_list(
        self,
        place: ui.element,
        rows: Callable[[], Sequence[T]],
        draw: Callable[[T], object],
        none: str,
    ) -> None:
        """Draw each row in a place as one element, all different; ``none`` says there are none.

        A row that stays as it was is left alone, with the menu or dialog that is open in it.
        """
        drawn: dict[T, ui.element] = {}
        with place:
            empty = ui.label(none).classes("fd-note-line")

        def redraw(found: Sequence[T]) -> None:
            for gone in [each for each in drawn if each not in found]:
                drawn.pop(gone).delete()
            children = place.default_slot.children
            for index, each in enumerate(found):
                if each not in drawn:
                    with place:
                        draw(each)
                    drawn[each] = children[-1]
                if children[index] is not drawn[each]:
                    drawn[each].move(place, index)
            empty.visible = not found

        self.follow(rows, redraw)

    def tick(self) -> None:
        """Look after everything that is watched."""
        for each in self._ticks:
            each()

    def forget(self, since: int) -> None:
        """Look no longer after what a view that is gone watched."""
        del self._ticks[since:]

    @property
    def watched(self) -> int:
        """How much is looked after."""
        return len(self._ticks)

    async def do(self, action: Callable[..., T], *words: Any) -> T | None:
        """Carry out what may take a while beside the page; an error of it is shown in a line."""
        try:
            return await run.io_bound(action, *words)
        except FacedriveError as error:
            self.warn(self.explain(str(error)))
            return None

    async def done(self, action: Callable[..., object], *words: Any) -> bool:
        """Carry out as ``do`` does; say whether no error came."""
        return await self.do(lambda: (action(*words),)) is not None

    def named(self, typed: object) -> str:
        """Return what was typed as a file's name; empty, and said, where nothing was."""
        name = tidy(str(typed or ""), "")
        if not name:
            self.warn(self.say("nameless"))
        return name

    def warn(self, text: str) -> None:
        """Show what went wrong."""
        ui.notify(text, position=TOLD_AT, type="negative", multi_line=True, timeout=9000,
                  close_button="✕")  # fmt: skip

    def tell(self, text: str) -> None:
        """Show that something is done."""
        ui.notify(text, position=TOLD_AT, type="positive", timeout=2500)
