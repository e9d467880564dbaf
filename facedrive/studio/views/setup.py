"""The view Set up: source, rig, every option of the tree, and set-ups that are saved."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from html import escape
from typing import Any

from nicegui import events, ui

from facedrive.options import MISSING, Option, shown, values_of
from facedrive.settings import settings_options
from facedrive.sources.camera import video_devices
from facedrive.studio.library import tidy
from facedrive.studio.page import Page
from facedrive.studio.rigs import MAX_UPLOAD, RigName
from facedrive.studio.texts import option_about

LEFT_OUT = ("outputs.to",)
"""Options that a view of their own has."""

AT_START = ("view.show", "view.record", "control")
"""Options, or groups of them, that only count when a run starts."""


def show(page: Page) -> None:
    """Lay the view out."""
    ui.html(f"<h1>{page.say('setup')}</h1>", sanitize=False)
    _add_source(page)
    _add_rigs(page)
    _add_setups(page)
    _add_options(page)


async def change(page: Page, name: str, value: str | None) -> bool:
    """Change an option; say whether it is changed."""
    done = await page.do(page.desk.engine.change, name, value)
    page.tick()
    return done is not None


def _add_source(page: Page) -> None:
    settings = page.desk.engine.settings.source
    cameras = {path.removeprefix("/dev/video"): path for path in video_devices()}
    kinds = cameras | {"demo": page.say("clip")}
    with ui.element("section").classes("fd-card"):
        ui.html(f"<h2>{page.say('source')}</h2>", sanitize=False)
        if not cameras:
            ui.label(page.say("no_cameras")).classes("fd-note-line")
        with ui.element("div").classes("fd-row"):
            ui.select(
                kinds, value=settings.what if settings.what in kinds else None,
                label=page.say("camera_choice"),
                on_change=lambda event: change(page, "source.what", str(event.value)),
            ).props("outlined dense")  # fmt: skip
            sizes = {"": page.say("drivers")} | {each: each for each in (
                "320x240", "640x480", "1280x720", "1920x1080")}  # fmt: skip
            ui.select(
                sizes, value=str(settings.size or "") if str(settings.size or "") in sizes else "",
                label=page.say("size"),
                on_change=lambda event: change(page, "source.size", event.value or None),
            ).props("outlined dense")  # fmt: skip
            rates = {"": page.say("drivers")} | {each: each for each in ("15", "30", "60")}
            rate = f"{settings.fps:g}" if settings.fps else ""
            ui.select(
                rates, value=rate if rate in rates else "", label=page.say("rate"),
                on_change=lambda event: change(page, "source.fps", event.value or None),
            ).props("outlined dense")  # fmt: skip
        with ui.element("div").classes("fd-row"):
            place = ui.input(
                page.say("file_or_stream"),
                value="" if settings.what in kinds or settings.what.isdecimal() else settings.what,
            ).props("outlined dense maxlength=1000")

            async def use() -> None:
                if place.value:
                    await change(page, "source.what", place.value)

            place.on("keydown.enter", use)
            ui.button(page.say("use"), on_click=use).props("outline no-caps")


def _add_rigs(page: Page) -> None:
    """Add the rigs as tiles, what the chosen one shows, and a place to drop one."""
    desk = page.desk
    with ui.element("section").classes("fd-card"):
        ui.html(f"<h2>{page.say('rig')}</h2>", sanitize=False)
        tiles = ui.element("div").classes("fd-rigs")
        covers = ui.label()
        lacks = ui.label().classes("fd-note-line")
        ui.upload(
            label=page.say("drop_rig"), auto_upload=True, max_file_size=MAX_UPLOAD,
            on_upload=lambda event: _take_rig(page, event),
        ).props("flat accept=.glb,.gltf,.vrm,.obj")  # fmt: skip

    async def describe() -> None:
        packed = await page.do(desk.rig, desk.rig_name)
        if packed is None:
            return
        covers.text = page.say("covers", count=len(packed.about["covered"]))
        missing = ", ".join(page.au(name) for name in packed.about["uncovered"])
        lacks.text = page.say("lacks", names=missing) if missing else ""

    def state() -> tuple[list[RigName], str]:
        return desk.gallery.names(desk.engine.settings.view.rig), desk.rig_name

    def draw(state: tuple[list[RigName], str]) -> None:
        rigs, chosen = state
        tiles.clear()
        with tiles:
            for each in rigs:
                _add_tile(page, each, chosen=each.name == chosen)
        ui.timer(0.01, describe, once=True)

    page.follow(state, draw)


def _add_tile(page: Page, rig: RigName, *, chosen: bool) -> None:
    async def choose() -> None:
        await change(page, "view.rig", rig.path or None)

    with ui.element("button").classes("fd-rig").on("click", choose) as tile:
        tile.props(f'type="button" aria-pressed="{str(chosen).lower()}"')
        tile.props["data-rig"] = rig.name
        picture = page.desk.rig_picture(rig)
        if picture is None:
            ui.element("span").classes("blank")
        else:
            ui.html(f'<img alt="" src="{picture}">', sanitize=False)
        ui.html(f'<span class="name">{escape(rig.name)}</span>', sanitize=False)


async def _take_rig(page: Page, event: events.UploadEventArguments) -> None:
    content = await event.file.read()
    kept = await page.do(page.desk.gallery.keep, event.file.name, content)
    if kept is not None:
        await change(page, "view.rig", kept.path)


def _add_setups(page: Page) -> None:
    """Add saving, loading and comparing set-ups."""
    desk = page.desk

    async def save() -> None:
        path = await page.do(desk.save_setup, tidy(str(name.value)))
        if path is not None:
            page.tell(page.say("saved", path=str(path)))
            chosen.set_options(desk.setup_names(), value=path.stem)

    async def load() -> None:
        if chosen.value is None:
            return
        await page.do(desk.load_setup, chosen.value)
        page.tell(page.say("loaded", name=chosen.value))
        ui.timer(0.5, lambda: ui.run_javascript("location.reload()"), once=True)

    async def compare() -> None:
        if chosen.value is not None:
            rows = await page.do(desk.compare_setup, chosen.value)
            differences.set_content(_table(page, str(chosen.value), rows or []))

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
                rows.append((f"{each.name} {each.about} {about}".lower(),
                             _add_option(page, each, about)))  # fmt: skip
    search()


def _add_option(page: Page, option: Option, about: str) -> ui.element:
    """Add an option's name, text, control and way back to the default."""
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
    return row


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
