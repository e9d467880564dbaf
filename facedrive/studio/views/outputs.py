"""The view Outputs: apps that receive the face, how each stands, a test wave, and OBS."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from nicegui import ui

from facedrive.mappings import BUILT_IN, Mapping
from facedrive.outputs import OutputState
from facedrive.studio.apps import APPS
from facedrive.studio.desk import OWN_OUTPUTS
from facedrive.studio.explain import translated
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

    def look() -> None:
        acting = page.desk.engine.act is not None and page.desk.player is None
        wave.text = page.say("stop_wave" if acting else "wave")

    def states() -> list[OutputState]:
        return [each for each in page.desk.engine.outputs() if each.name not in OWN_OUTPUTS]

    rates: dict[int, ui.label] = {}

    def rate() -> None:
        found = page.desk.rates.look(page.desk.engine.outputs())
        for number in [each for each, label in rates.items() if label.is_deleted]:
            del rates[number]
        for number, label in rates.items():
            hertz = found.get(number)
            label.text = "" if hertz is None else page.say("per_second", rate=f"{hertz:.0f}")

    def still() -> list[OutputState]:
        return [each._replace(sent=0) for each in states()]

    def draw(state: OutputState) -> None:
        rates[state.number] = _add_row(page, state)

    page.watch(look)
    page.show_list(rows, still, draw, page.say("none_yet"))
    page.watch(rate)


def _wave(page: Page) -> None:
    page.desk.wave()
    page.tick()


def _add_row(page: Page, state: OutputState) -> ui.label:
    """Add an output; return where its rate stands."""
    failed, url = state.state == "failed", state.name
    engine = page.desk.engine

    async def turn() -> None:
        await page.do(engine.enable, url, switch.value)
        page.tick()

    async def remove() -> None:
        await page.do(engine.remove, url)
        page.tick()

    async def again() -> None:
        await page.do(engine.retry, url)
        page.tick()

    with ui.element("div").classes("fd-out") as row:
        row.props["data-url"] = url
        switch = ui.switch(value=state.state == "sending", on_change=turn)
        switch.props["aria-label"] = page.say("on_off", name=url)
        switch.set_enabled(not failed)
        ui.label(url).classes("url")
        rate = ui.label().classes("fd-number rate")
        said = page.say("output_failed" if failed else state.state)
        kind = "bad" if failed else "good" if state.state == "sending" else ""
        if state.trouble:
            said, kind = translated(page.language, state.trouble), "warn"
        ui.label(said).classes(f"fd-state {kind}")
        close = ui.button(icon="close", on_click=remove).props("flat round dense")
        close.props["aria-label"] = page.say("remove_named", name=url)
        if state.error:
            with ui.element("div").classes("why"):
                ui.label(page.explain(state.error))
                ui.button(page.say("again"), on_click=again).props("flat dense no-caps")
    return rate


def _add_form(page: Page) -> None:
    """Add the choice of an app, which fills in the address and says what to set there."""
    apps = {app.name: app for app in APPS}

    def choose() -> None:
        app = apps.get(str(choice.value))
        advice.text = page.say(app.advice if app else "app_own")
        if app:
            address.value = page.desk.address_of(app)

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
            # Not set later: that would be sent again, over what was typed in the meantime.
            address = ui.input(page.say("address"), value=page.desk.address_of(APPS[0]))
            address.props("outlined dense maxlength=500")
            address.on("keydown.enter", add)
            ui.button(page.say("add"), icon="add", on_click=add).classes("fd-main").props(
                "unelevated no-caps")  # fmt: skip
        with ui.element("div"):
            ui.label(page.say("in_that_app")).classes("fd-note-line")
            advice = ui.label(page.say(APPS[0].advice))


class _Channels:
    """The channels of a mapping: what moves each, to be changed, and its value now."""

    def __init__(self, page: Page) -> None:
        self.page, self.place = page, ui.element("div").classes("fd-options")
        self.mapping: Mapping | None = None
        self.fields: list[ui.input] = []
        self.values: list[ui.label] = []

    async def show(self, table: str) -> None:
        mapping = await self.page.do(self.page.desk.mapping, table)
        if mapping is None:
            return
        self.mapping = mapping
        self.fields = []
        self.values = []
        self.place.clear()
        with self.place:
            for channel in mapping.channels:
                self._add(mapping, channel)

    def _add(self, mapping: Mapping, channel: str) -> None:
        with ui.element("div").classes("fd-map").props(f'data-channel="{channel}"'):
            ui.label(channel).classes("url")
            field = ui.input(value=written(mapping, channel)).props("outlined dense")
            field.props["aria-label"] = f"{self.page.say('weights')}: {channel}"
            self.fields.append(field)
            self.values.append(ui.label().classes("fd-number"))

    async def save(self, table: str) -> None:
        channels = self.mapping.channels if self.mapping is not None else ()
        given = {channel: str(field.value or "")
                 for channel, field in zip(channels, self.fields, strict=True)}  # fmt: skip
        path = await self.page.do(self.page.desk.save_mapping, table, given)
        if path is not None:
            self.page.tell(self.page.say("saved", path=str(path)))

    def look(self) -> None:
        sample = self.page.desk.engine.feed.newest
        if self.mapping is None or sample is None:
            return
        levels = self.mapping.apply(sample.aus, sample.gaze, sample.extras)
        for label, level in zip(self.values, levels, strict=True):
            text = f"{level:.2f}"
            if label.text != text:
                label.text = text


def _add_mapping(page: Page) -> None:
    """Add a table of channels, which is read when it is first opened."""
    table: ui.select
    channels: _Channels
    with ui.expansion(page.say("mapping")).classes("fd-card") as opened:
        with ui.element("div").classes("fd-row"):
            table = ui.select(list(BUILT_IN), value="arkit", label=page.say("mapping"),
                              on_change=lambda: channels.show(str(table.value)))  # fmt: skip
            table.props("outlined dense")
            ui.button(
                page.say("save_mapping"), on_click=lambda: channels.save(str(table.value))
            ).props("outline no-caps")
        channels = _Channels(page)

    def begin() -> None:
        if channels.mapping is None:
            ui.timer(0.01, lambda: channels.show(str(table.value)), once=True)

    opened.on_value_change(begin)
    page.watch(lambda: channels.look() if opened.value else None)


def _add_obs(page: Page) -> None:
    """Add the address of the avatar alone, with three steps."""
    base = page.desk.url.partition("?")[0].rstrip("/")
    token = page.desk.url.partition("?token=")[2]

    def address() -> str:
        kept = f"&token={token}" if token else ""
        return (f"{base}/avatar?background=transparent&camera={framing.value}"
                f"&rig={quote(page.desk.rig_name, safe='')}{kept}")  # fmt: skip

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
