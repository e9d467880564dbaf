"""The view Set up: source, rig, every option of the tree, and set-ups that are saved."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any, get_args

from nicegui import events, ui

from facedrive.aus import AUS, Region
from facedrive.options import MISSING, Option, shown, values_of
from facedrive.settings import settings_options
from facedrive.sources.v4l2 import read_camera
from facedrive.studio.cameras import cameras, chosen, offer
from facedrive.studio.page import Page
from facedrive.studio.rigs import MAX_UPLOAD, RigName
from facedrive.studio.texts import option_about

LEFT_OUT = ("outputs.to",)
"""Options that a view of their own has."""

AT_START = ("view.show", "view.record", "control")
"""Options, or groups of them, that only count when a run starts."""


COMMON = {
    "tracker.use": "tracker", "regressor.device": "device", "regressor.model": "model",
    "tracker.region": "region", "source.picture.rotate": "rotate", "source.picture.flip": "flip",
}  # fmt: skip
"""Options that are laid out by hand, and what they are called there."""


def show(page: Page) -> None:
    """Lay the view out."""
    ui.html(f"<h1>{page.say('setup')}</h1>", sanitize=False)
    _add_source(page)
    _add_tracking(page)
    _add_rigs(page)
    _add_setups(page)
    _add_options(page)


async def change(page: Page, name: str, value: str | None) -> bool:
    """Change an option; say whether it is changed."""
    done = await page.done(page.desk.engine.change, name, value)
    page.tick()
    return done


def _add_source(page: Page) -> None:
    """Add the choice of a camera and of what is asked of it, of a clip, a file or a stream."""
    known = cameras()
    with ui.element("section").classes("fd-card"):
        ui.html(f"<h2>{page.say('source')}</h2>", sanitize=False)
        if not known:
            ui.label(page.say("no_cameras")).classes("fd-note-line")
        with ui.element("div").classes("fd-fields"):
            _add_camera(page, known)
        with ui.element("div").classes("fd-row"):
            _add_place(page, known)


def _add_camera(page: Page, known: dict[str, str]) -> None:
    """Add the choice of a camera, or the clip, and of size, rate and format."""
    engine = page.desk.engine
    kinds = known | {"demo": page.say("clip")}

    def source() -> str | None:
        what = engine.settings.source.what
        return "demo" if what == "demo" or engine.stand_in else chosen(what, list(known))

    def refresh() -> None:
        settings = engine.settings.source
        camera.value = source()
        path = chosen(settings.what, list(known))
        found = offer(read_camera(Path(path)) if path else None, settings.size)
        for name, select in fields.items():
            value = _shown(getattr(settings, name))
            told = [_shown(each) for each in getattr(found, OFFERED[name])]
            choices = {each: each for each in dict.fromkeys((*told, value)) if each}
            select.set_options({"": page.say("drivers")} | choices, value=value)

    async def ask(name: str, value: str | None) -> None:
        if (value or "") != _shown(getattr(engine.settings.source, name)):
            await change(page, f"source.{name}", value or None)
            refresh()

    async def turn(value: str | None) -> None:
        if value and value != source():
            await change(page, "source.what", value)
            refresh()

    camera = ui.select(kinds, value=source(), label=page.say("camera_choice"),
                       on_change=lambda event: turn(event.value))  # fmt: skip
    camera.props("outlined dense")
    fields = {
        name: ui.select({"": ""}, value="", label=page.say(text),
                        on_change=lambda event, name=name: ask(name, event.value),
                        ).props("outlined dense")
        for name, text in (("size", "size"), ("fps", "rate"), ("fourcc", "format"))
    }  # fmt: skip
    page.follow(lambda: engine.settings.source, lambda _: refresh())


OFFERED = {"size": "sizes", "fps": "rates", "fourcc": "formats"}
"""Which part of an ``Offer`` each option of the source chooses from."""


def _shown(value: object) -> str:
    """Return a choice as it is offered; empty for none."""
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _add_place(page: Page, known: dict[str, str]) -> None:
    """Add a field for a file or a stream."""

    def unlisted() -> str:
        what = page.desk.engine.settings.source.what
        return "" if what == "demo" or what.isdecimal() or what in known else what

    place = ui.input(page.say("file_or_stream"), value=unlisted())
    place.props("outlined dense maxlength=1000")
    page.follow(unlisted, place.set_value)

    async def use() -> None:
        if source := meant(str(place.value or "")):
            await change(page, "source.what", source)

    place.on("keydown.enter", use)
    ui.button(page.say("use"), on_click=use).props("outline no-caps")


def meant(typed: str) -> str:
    """Return the source that was typed or pasted: quotes around it and ``~`` are the shell's."""
    plain = typed.strip()
    if len(plain) > 1 and plain[0] == plain[-1] and plain[0] in "'\"":
        plain = plain[1:-1].strip()
    return os.path.expanduser(plain)  # noqa: PTH111 (an address stays as it is)


def _add_tracking(page: Page) -> None:
    """Add what is chosen most of the model and the tracker."""
    options = {each.name: each for each in settings_options()}
    with ui.element("section").classes("fd-card"):
        ui.html(f"<h2>{page.say('tracking')}</h2>", sanitize=False)
        with ui.element("div").classes("fd-fields"):
            for name, text in COMMON.items():
                control, put = _control(page, options[name])
                if isinstance(control, ui.switch):
                    control.text = page.say(text)
                else:
                    control.props(f'label="{page.say(text)}"')
                _follow(page, name, put)


def _add_rigs(page: Page) -> None:
    """Add the rigs as tiles, what the chosen one shows, and a place to drop one."""
    desk = page.desk
    with ui.element("section").classes("fd-card"):
        ui.html(f"<h2>{page.say('rig')}</h2>", sanitize=False)
        tiles = ui.element("div").classes("fd-rigs")
        covers = ui.html("", sanitize=False).classes("fd-covers")
        lacks = ui.label().classes("fd-note-line")
        _add_drop(page)

    async def describe() -> None:
        packed = await page.do(desk.rig, desk.rig_name)
        if packed is None:
            return
        covers.set_content(_coverage(page, packed.about["covered"]))
        missing = ", ".join(page.au(name) for name in packed.about["uncovered"])
        lacks.text = page.say("lacks", names=missing) if missing else ""

    pictures: dict[RigName, ui.html] = {}

    def state() -> tuple[list[RigName], str]:
        return desk.gallery.names(desk.engine.settings.view.rig), desk.rig_name

    def draw(state: tuple[list[RigName], str]) -> None:
        rigs, chosen = state
        tiles.clear()
        with tiles:
            pictures.clear()
            for each in rigs:
                pictures[each] = _add_tile(page, each, chosen=each.name == chosen)
        look()
        ui.timer(0.01, describe, once=True)

    def look() -> None:
        for rig, place in pictures.items():
            if place.content != (shown := _tile_picture(page, rig)):
                place.set_content(shown)

    page.follow(state, draw)
    page.watch(look)


def _follow(page: Page, name: str, put: Callable[[], None]) -> None:
    """Show an option's value again where another page has changed it."""
    page.follow(lambda: values_of(page.desk.engine.settings)[name], lambda _: put())


def _coverage(page: Page, covered: Sequence[str]) -> str:
    """Return how much of each region of the face a rig shows."""
    parts = [page.say("covers", count=len(covered))]
    for region in get_args(Region):
        names = [each.name for each in AUS if each.region == region]
        parts.append(f"{page.say(f'region_{region}')} {len({*names} & {*covered})}/{len(names)}")
    return "".join(f"<span>{escape(each)}</span>" for each in parts)


BLANK = '<span class="blank q-icon material-icons" aria-hidden="true">face</span>'
"""Stands where a rig has no picture yet."""


def _tile_picture(page: Page, rig: RigName) -> str:
    """Return a rig's picture with how many AUs it shows, as far as both are known."""
    picture, count = page.desk.rig_picture(rig), page.desk.gallery.count(rig.path)
    shown = BLANK if picture is None else f'<img alt="" src="{picture}">'
    return shown + ("" if count is None else f'<span class="count">{count}/{len(AUS)}</span>')


def _add_tile(page: Page, rig: RigName, *, chosen: bool) -> ui.html:
    """Add a rig to choose; return where its picture goes."""

    async def choose() -> None:
        await change(page, "view.rig", rig.path or None)

    with ui.element("button").classes("fd-rig").on("click", choose) as tile:
        tile.props(f'type="button" aria-pressed="{str(chosen).lower()}"')
        tile.props["data-rig"] = rig.name
        picture = ui.html(BLANK, sanitize=False)
        ui.html(f'<span class="name">{escape(rig.name)}</span>', sanitize=False)
    return picture


def _add_drop(page: Page) -> None:
    """Add a place to drop rigs."""
    ui.upload(
        label=page.say("drop_rig"), auto_upload=True, max_file_size=MAX_UPLOAD,
        on_upload=lambda event: _take_rig(page, event),
        on_rejected=lambda: page.warn(page.say("rejected", most=MAX_UPLOAD >> 20)),
    ).props("flat accept=.glb,.gltf,.vrm,.obj")  # fmt: skip


async def _take_rig(page: Page, event: events.UploadEventArguments) -> None:
    content = await event.file.read()
    kept = await page.do(page.desk.gallery.keep, event.file.name, content)
    if kept is not None:
        await change(page, "view.rig", kept.path)


def _add_setups(page: Page) -> None:
    """Add saving, loading and comparing set-ups."""
    desk = page.desk

    async def save() -> None:
        wanted = page.named(name.value)
        path = await page.do(desk.save_setup, wanted) if wanted else None
        if path is not None:
            page.tell(page.say("saved", path=str(path)))
            chosen.set_options(desk.setup_names(), value=path.stem)

    async def load() -> None:
        if chosen.value is None:
            return
        if not await page.done(desk.load_setup, chosen.value):
            return
        page.tell(page.say("loaded", name=chosen.value))
        ui.timer(0.5, lambda: ui.run_javascript("location.reload()"), once=True)

    async def compare() -> None:
        if chosen.value is not None:
            rows = await page.do(desk.compare_setup, chosen.value)
            table = "" if rows is None else _table(page, str(chosen.value), rows)
            differences.set_content(table)

    with ui.element("section").classes("fd-card"):
        with ui.element("header").classes("fd-head"):
            ui.html(f"<h2>{page.say('setups')}</h2>", sanitize=False)
            ui.label(page.say("setups_note")).classes("fd-note-line")
        with ui.element("div").classes("fd-row"):
            name = ui.input(page.say("name")).props("outlined dense maxlength=80")
            ui.button(page.say("save"), on_click=save).props("outline no-caps")
        with ui.element("div").classes("fd-row"):
            chosen = ui.select(desk.setup_names(), label=page.say("setups"))
            chosen.props("outlined dense")
            for label, action in (("load", load), ("compare", compare)):
                ui.button(page.say(label), on_click=action).props("outline no-caps")  # fmt: skip
        differences = ui.html("", sanitize=False)
    page.follow(desk.setup_names, chosen.set_options)


def _table(page: Page, name: str, rows: list[tuple[str, str, str]]) -> str:
    if not rows:
        return f"<p>{escape(page.say('same'))}</p>"
    head = "".join(f"<th>{escape(each)}</th>" for each in ("", page.say("now"), name))
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell or '–')}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f'<table class="fd-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _add_options(page: Page) -> None:
    """Add every option of the tree, as its declaration says, below a search."""
    options = [each for each in settings_options() if each.name not in LEFT_OUT]
    rows: list[tuple[str, ui.element]] = []
    puts: dict[str, Callable[[], None]] = {}
    shown_values = [values_of(page.desk.engine.settings)]

    def follow(_: object) -> None:
        now, before = values_of(page.desk.engine.settings), shown_values[0]
        for name, put in puts.items():
            if now[name] != before[name]:
                put()
        shown_values[0] = now

    def search() -> None:
        words = str(words_input.value or "").lower().split()
        count = 0
        for text, row in rows:
            row.visible = all(word in text for word in words)
            count += row.visible
        found.text = page.say("found", count=count)

    with ui.element("section").classes("fd-card"):
        with ui.element("header").classes("fd-head"):
            ui.html(f"<h2>{page.say('all_options')}</h2>", sanitize=False)
            found = ui.label().classes("fd-note-line")
        words_input = ui.input(page.say("search"), on_change=search)
        words_input.props("outlined dense clearable maxlength=80")
        with ui.element("div").classes("fd-options"):
            for each in options:
                about = option_about(page.language, each.name, each.about)
                row, puts[each.name] = _add_option(page, each, about)
                rows.append((f"{each.name} {each.about} {about}".lower(), row))
    search()
    page.follow(lambda: page.desk.engine.settings, follow)


def _add_option(page: Page, option: Option, about: str) -> tuple[ui.element, Callable[[], None]]:
    """Add an option's name, text, control and way back to the default.

    Returns:
        Its row, and what shows its value again.
    """
    with ui.element("div").classes("fd-option") as row:
        row.props(f'data-option="{option.name}"')
        with ui.element("div"):
            ui.label(option.name).classes("what")
            ui.label(f"{about} {_facts(page, option)}".strip()).classes("about")
        control, put = _control(page, option)

        async def reset() -> None:
            await change(page, option.name, None)
            put()

        control.props["aria-label"] = option.name
        ui.button(icon="restart_alt", on_click=reset).props(
            f'flat round dense aria-label="{page.say("reset")}: {option.name}"'
        )
    return row, put


def _facts(page: Page, option: Option) -> str:
    """Say an option's unit, range, default, and when a change of it counts."""
    low, high = option.facts.low, option.facts.high
    span = "" if low is None and high is None else (
        f"{'' if low is None else f'{low:g}'} – {'' if high is None else f'{high:g}'}")  # fmt: skip
    default = "" if option.default in (MISSING, None, ()) else shown(option.default)
    parts = (span, option.facts.unit, page.say("default", value=default or page.say("none")),
             page.say(_when(option)))  # fmt: skip
    return "(" + "; ".join(each for each in parts if each) + ")"


def _when(option: Option) -> str:
    if option.facts.live or option.name == "view.rig":
        return "at_once"
    at_start = option.name in AT_START or option.path[0] in AT_START
    return "next_start" if at_start else "reopens"


def _control(page: Page, option: Option) -> tuple[Any, Callable[[], None]]:
    """Return the control that fits an option's type, and what shows its value again."""

    def value() -> str:
        held = values_of(page.desk.engine.settings)[option.name]
        return "\n".join(map(shown, held)) if isinstance(held, tuple) and option.many else (
            "" if held is None else shown(held))  # fmt: skip

    async def give(text: str | None) -> None:
        if text is not None and text == value():
            return
        if not await change(page, option.name, text or None):
            put()

    control: Any
    if option.hint is bool:
        control = ui.switch(
            value=value() == "yes", on_change=lambda: give("yes" if control.value else "no")
        )

        def put() -> None:
            control.value = value() == "yes"

        return control, put
    control = _field(page, option, value(), give)

    def put_text() -> None:
        control.value = value()

    put = put_text
    return control, put


def _field(
    page: Page, option: Option, value: str, give: Callable[[str | None], Awaitable[None]]
) -> Any:
    """Return a choice where an option has few values, else a field that is read on Enter."""
    if option.choices and not option.many and value in option.choices:
        choice = ui.select(list(option.choices), value=value)
        choice.on_value_change(lambda: give(choice.value))
        return choice.props("outlined dense options-dense")
    field = ui.textarea(value=value) if option.many else ui.input(value=value)
    field.props("outlined dense maxlength=1000" + (" rows=2" if option.many else ""))
    if option.many:
        field.props(f'hint="{page.say("several")}"')

    async def commit() -> None:
        await asyncio.sleep(0)  # the field's own value comes first
        await give(str(field.value or ""))

    field.on("blur", commit)
    if not option.many:
        field.on("keydown.enter", commit)
    return field
