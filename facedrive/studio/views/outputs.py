"""The view Outputs: apps that receive the face, how each stands, a test wave, and OBS."""

from __future__ import annotations

from html import escape

from nicegui import ui

from facedrive.mappings import BUILT_IN, Mapping
from facedrive.outputs import OutputState
from facedrive.studio.apps import APPS
from facedrive.studio.desk import RECORDING
from facedrive.studio.maps import written
from facedrive.studio.page import Page

OWN = "own"
"""Stands for an address that is typed."""


def show(page: Page) -> None:
    """Lay the view out."""
    ui.html(f"<h1>{page.say('outputs')}</h1>", sanitize=False)
    _add_list(page)
    _add_form(page)
    _add_mapping(page)
    _add_obs(page)


def _add_list(page: Page) -> None:
    """Add the outputs that there are, drawn again where one came, went or changed."""
    with ui.element("section").classes("fd-card"):
        rows = ui.element("div")
        with ui.element("div").classes("fd-row"):
            wave = ui.button(on_click=lambda: _wave(page)).props("outline no-caps")  # fmt: skip
            ui.label(page.say("wave_note")).classes("fd-note-line")
    shown: list[object] = [None]

    def look() -> None:
        states = tuple(each for each in page.desk.engine.outputs() if each.name != RECORDING)
        acting = page.desk.engine.act is not None and page.desk.player is None
        wave.text = page.say("stop_wave" if acting else "wave")
        if shown[0] != states:
            shown[0] = states
            rows.clear()
            with rows:
                for state in states:
                    _add_row(page, state)
                if not states:
                    ui.label(page.say("none_yet")).classes("fd-note-line")

    page.watch(look)


def _wave(page: Page) -> None:
    page.desk.wave()
    page.tick()


def _add_row(page: Page, state: OutputState) -> None:
    failed, url = state.state == "failed", state.name
    engine = page.desk.engine

    async def turn() -> None:
        await page.do(engine.enable, url, switch.value)
        page.tick()

    async def remove() -> None:
        await page.do(engine.remove, url)
        page.tick()

    with ui.element("div").classes("fd-out").props(f'data-url="{escape(url)}"'):
        switch = ui.switch(value=state.state == "sending", on_change=turn)
        switch.props(f'aria-label="{escape(page.say("on_off", name=url))}"')
        switch.set_enabled(not failed)
        ui.label(url).classes("url")
        said = page.say("output_failed" if failed else state.state)
        kind = "bad" if failed else "good" if state.state == "sending" else ""
        ui.label(said).classes(f"fd-state {kind}")
        ui.button(icon="close", on_click=remove).props(
            f'flat round dense aria-label="{escape(page.say("remove_named", name=url))}"'
        )
        if state.error:
            ui.label(state.error).classes("why")


def _add_form(page: Page) -> None:
    """Add the choice of an app, which fills in the address and says what to set there."""
    apps = {app.name: app for app in APPS}

    def choose() -> None:
        app = apps.get(str(choice.value))
        advice.text = page.say(app.advice if app else "app_own")
        if app:
            address.value = app.url

    async def add() -> None:
        if not str(address.value).strip():
            return
        await page.do(page.desk.engine.add, str(address.value).strip())
        page.tick()

    with ui.element("section").classes("fd-card"):
        ui.html(f"<h2>{page.say('add_output')}</h2>", sanitize=False)
        with ui.element("div").classes("fd-row"):
            names = {name: name for name in apps} | {OWN: page.say("own_url")}
            choice = ui.select(names, value=APPS[0].name, label=page.say("app"), on_change=choose)
            choice.props("outlined dense options-dense")
            address = ui.input(page.say("address")).props("outlined dense maxlength=500")
            address.on("keydown.enter", add)
            ui.button(page.say("add"), icon="add", on_click=add).classes("fd-main").props(
                "unelevated no-caps")  # fmt: skip
        with ui.element("div"):
            ui.label(page.say("in_that_app")).classes("fd-note-line")
            advice = ui.label()
    choose()


def _add_mapping(page: Page) -> None:
    """Add a table of channels: what moves each, to be changed, and its value now."""
    values: list[tuple[ui.label, int]] = []
    edited: dict[str, ui.input] = {}
    held: list[Mapping | None] = [None]

    async def lay_out() -> None:
        mapping = await page.do(page.desk.mapping, str(table.value))
        if mapping is None:
            return
        held[0] = mapping
        values.clear()
        edited.clear()
        rows.clear()
        with rows:
            for number, channel in enumerate(mapping.channels):
                with ui.element("div").classes("fd-map").props(f'data-channel="{channel}"'):
                    ui.label(channel).classes("url")
                    field = ui.input(value=written(mapping, channel)).props("outlined dense")
                    field.props["aria-label"] = f"{page.say('weights')}: {channel}"
                    edited[channel] = field
                    values.append((ui.label().classes("fd-number"), number))

    async def save() -> None:
        given = {channel: str(field.value or "") for channel, field in edited.items()}
        path = await page.do(page.desk.save_mapping, str(table.value), given)
        if path is not None:
            page.tell(page.say("saved", path=str(path)))

    def look() -> None:
        sample, mapping = page.desk.engine.feed.newest, held[0]
        if not values or sample is None or mapping is None or not opened.value:
            return
        channels = mapping.apply(sample.aus, sample.gaze)
        for label, number in values:
            text = f"{channels[number]:.2f}"
            if label.text != text:
                label.text = text

    with ui.expansion(page.say("mapping")).classes("fd-card") as opened:
        with ui.element("div").classes("fd-row"):
            table = ui.select(list(BUILT_IN), value="arkit", label=page.say("mapping"),
                              on_change=lay_out)  # fmt: skip
            table.props("outlined dense")
            ui.button(page.say("save_mapping"), on_click=save).props("outline no-caps")
        rows = ui.element("div")
    opened.on_value_change(lambda: None if values else ui.timer(0.01, lay_out, once=True))
    page.watch(look)


def _add_obs(page: Page) -> None:
    """Add the address of the avatar alone, with three steps."""
    base = page.desk.url.partition("?")[0].rstrip("/")
    token = page.desk.url.partition("?token=")[2]

    def address() -> str:
        kept = f"&token={token}" if token else ""
        return (f"{base}/avatar?background=transparent&camera={framing.value}"
                f"&rig={page.desk.rig_name}{kept}")  # fmt: skip

    def look() -> None:
        code.text = address()

    def copy() -> None:
        ui.clipboard.write(address())
        page.tell(page.say("copied"))

    with ui.element("section").classes("fd-card"):
        with ui.element("header").classes("fd-head"):
            ui.html(f"<h2>{page.say('obs')}</h2>", sanitize=False)
            ui.label(page.say("obs_note")).classes("fd-note-line")
        steps = "".join(f"<li>{escape(page.say(f'obs_{step}'))}</li>" for step in (1, 2, 3))
        ui.html(f'<ol class="fd-steps">{steps}</ol>', sanitize=False)
        framings = {"head": page.say("head"), "bust": page.say("bust")}
        with ui.element("div").classes("fd-row"):
            framing = ui.toggle(framings, value="head", on_change=lambda: look()).props(
                f'no-caps unelevated dense padding="4px 12px" aria-label="{page.say("framing")}"'
            )
            code = ui.label().classes("fd-code")
            ui.button(page.say("copy"), icon="content_copy", on_click=copy).props(
                "flat no-caps")  # fmt: skip
    page.watch(look)
