"""The view Live: the action units and extras as bars, and the figures of the run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from html import escape

from nicegui import ui

from facedrive.studio.movements import (
    AUS_SIDE_BY_SIDE,
    EXTRAS_SIDE_BY_SIDE,
    INPUT_OF,
    MOVEMENTS,
)
from facedrive.studio.page import Page


def show(page: Page) -> None:
    """Lay the view out."""
    _add_people(page)
    with ui.element("header").classes("fd-head"):
        ui.html(f"<h1>{page.say('action_units')}</h1>", sanitize=False)
        ui.label(page.say("trace_note")).classes("fd-note-line")
    _add_bars(page, AUS_SIDE_BY_SIDE)
    with ui.element("header").classes("fd-head"):
        ui.html(f"<h2>{page.say('extras')}</h2>", sanitize=False)
        ui.label(page.say("extras_note")).classes("fd-note-line")
    _add_bars(page, EXTRAS_SIDE_BY_SIDE)
    with ui.element("header").classes("fd-head"):
        ui.html(f"<h2>{page.say('figures')}</h2>", sanitize=False)
    figures = ui.html("", sanitize=False).classes("fd-figures")
    ui.label(page.say("keys")).classes("fd-note-line")

    def look() -> None:
        figures.set_content(_figures(page))

    page.watch(look)


def _add_people(page: Page) -> None:
    """Add a button for each of the people who were seen, where several are followed."""
    engine = page.desk.engine
    place = ui.element("div").classes("fd-people")

    def state() -> tuple[int, int]:
        several = engine.settings.tracker.faces != 1
        return (engine.persons if several else 0), engine.feed.whose

    def draw(now: tuple[int, int]) -> None:
        count, chosen = now
        place.clear()
        place.set_visibility(count > 0)
        with place:
            for number in range(1, count + 1):
                say, shown = page.say("person", number=number), number == chosen
                button = ui.button(say, on_click=partial(engine.show_person, number))
                look = "unelevated" if shown else "outline"
                button.props(f'no-caps dense {look} aria-pressed="{str(shown).lower()}"')

    page.follow(state, draw)


def _add_bars(page: Page, names: Sequence[str]) -> ui.element:
    """Add a bar for each movement."""
    bars = ui.element("fd-bars")
    labels = [page.au(name) for name in names]
    bars.props["names"], bars.props["labels"] = json.dumps(names), json.dumps(labels)
    bars.props["inputs"] = json.dumps([INPUT_OF[name] for name in names])
    bars.props["raws"] = json.dumps([MOVEMENTS.index(name) for name in names])
    return bars


def _figures(page: Page) -> str:
    """Return the figures as a list of terms."""
    feed, stages_ms = page.desk.engine.feed, page.desk.stages_ms()
    whole_ms = stages_ms.pop("frame to wire", None)
    parts = [f"{page.say(name)} {median_ms:.1f}" for name, median_ms in stages_ms.items()]
    rows = [
        (page.say("fps"), f"{feed.fps:.1f}"),
        (page.say("dropped"), str(feed.dropped)),
        (page.say("latency"), "–" if whole_ms is None else f"{whole_ms:.1f} ms"),
        (page.say("jitter"), f"{feed.jitter_ms:.1f} ms"),
    ]
    cells = "".join(f"<div><dt>{escape(term)}</dt><dd>{escape(value)}</dd></div>"
                    for term, value in rows)  # fmt: skip
    cells += f"<div><dt>{escape(page.say('delay'))}</dt><dd><fd-delay></fd-delay></dd></div>"
    return f"<dl>{cells}</dl><p>{escape(' · '.join(parts))}{' ms' if parts else ''}</p>"
