"""The view Tune: the response of each action unit, smoothing, a test by hand, calibration."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from html import escape

import numpy as np
from nicegui import events, ui

from facedrive.aus import AU_INDEX
from facedrive.calibration import default_profile
from facedrive.filters import OneEuro
from facedrive.studio.coach import STEPS, Coach
from facedrive.studio.movements import (
    AUS_SIDE_BY_SIDE,
    EXTRAS_SIDE_BY_SIDE,
    INPUT_OF,
    MOVEMENTS,
    levels,
    raw_levels,
)
from facedrive.studio.page import Page
from facedrive.studio.response import (
    SIDE,
    Response,
    dragged,
    draw,
    nearest,
    response_of,
    with_response,
)
from facedrive.threads import now

BLANK = (
    "data:image/svg+xml," + f"%3Csvg xmlns='http://www.w3.org/2000/svg' width='{SIDE}' "
    f"height='{SIDE}'/%3E"
)


def show(page: Page) -> None:
    """Lay the view out."""
    ui.html(f"<h1>{page.say('tune')}</h1>", sanitize=False)
    _add_calibration(page)
    _add_response(page)
    _add_smoothing(page)
    _add_hand(page)


def lag_ms(options: OneEuro, fps: float = 30.0) -> int:
    """Return how long a full step takes to reach 90 % through a filter, in whole frames."""
    filter_ = options.filter()
    filter_.filter(np.zeros(1, np.float32), 0.0)
    for frame in range(1, 300):
        if float(filter_.filter(np.ones(1, np.float32), frame / fps)[0]) >= 0.9:
            return round(frame * 1000 / fps)
    return 10_000


class _Tuner:
    """The response of the chosen action unit, and what shows it."""

    def __init__(self, page: Page) -> None:
        self.page, self.name, self.linked = page, "jaw_drop", True
        self.handle: str | None = None

    @property
    def response(self) -> Response:
        return response_of(self.page.desk.engine.profile or default_profile(), self.name)

    def link(self, on: bool) -> None:
        self.linked = on

    def put(self, response: Response) -> None:
        engine = self.page.desk.engine
        profile = engine.profile or default_profile()
        engine.use_profile(with_response(profile, self.name, response, linked=self.linked))

    def picture(self) -> str:
        """Draw the response, and the face as it is now."""
        engine = self.page.desk.engine
        place, sample = MOVEMENTS.index(self.name), engine.feed.newest
        raw = engine.raw() if engine.act is None else None
        value = None if sample is None else float(levels(sample)[place])
        return draw(self.response, None if raw is None else float(raw_levels(raw)[place]), value)

    def drag(self, event: events.MouseEventArguments) -> None:
        if event.type == "mousedown":
            self.handle = nearest(self.response, event.image_x, event.image_y)
        if self.handle is not None:
            self.put(dragged(self.response, self.handle, event.image_x, event.image_y))
        if event.type == "mouseup":
            self.handle = None


def _add_response(page: Page) -> None:
    """Add the curve of an action unit, to be dragged or given in numbers."""
    tuner = _Tuner(page)

    def look() -> None:
        picture.set_content(tuner.picture())
        for name, slider in sliders.items():
            value = round(getattr(tuner.response, name), 3)
            if slider.value != value:
                slider.value = value

    def drag(event: events.MouseEventArguments) -> None:
        tuner.drag(event)
        look()

    def slide(name: str, value: float) -> None:
        if value != round(getattr(tuner.response, name), 3):
            tuner.put(tuner.response._replace(**{name: value}))
            look()

    sliders: dict[str, ui.slider] = {}
    picture: ui.interactive_image
    with ui.element("section").classes("fd-card"):
        with ui.element("header").classes("fd-head"):
            ui.html(f"<h2>{page.say('response')}</h2>", sanitize=False)
            ui.label(page.say("response_note")).classes("fd-note-line")
        _add_choice(page, tuner, look)
        with ui.element("div").classes("fd-tuner"):
            picture = ui.interactive_image(
                BLANK, on_mouse=drag, events=["mousedown", "mousemove", "mouseup"], cross=False,
            ).classes("fd-curve")  # fmt: skip
            picture.props(f'role="img" aria-label="{page.say("response")}"')
            with ui.element("div"):
                for name, text, low, high in (("neutral", "offset", 0.0, 0.95),
                                              ("extreme", "full", 0.05, 1.0),
                                              ("gamma", "bend", 0.1, 5.0)):  # fmt: skip
                    slider = sliders[name] = _add_slider(page.say(text), low, high)
                    slider.on_value_change(lambda event, name=name: slide(name, float(event.value)))
    page.watch(look)


def _add_choice(page: Page, tuner: _Tuner, look: Callable[[], None]) -> None:
    """Add the choice of an action unit, whether its other side goes along, and the way back."""

    def choose(name: str) -> None:
        tuner.name = name
        look()

    def reset() -> None:
        tuner.put(response_of(default_profile(), tuner.name))
        look()

    with ui.element("div").classes("fd-row"):
        ui.select({name: page.au(name) for name in MOVEMENTS}, value=tuner.name,
                  label=page.say("choose_au"), on_change=lambda event: choose(event.value),
                  ).props("outlined dense options-dense")  # fmt: skip
        ui.switch(page.say("linked"), value=True,
                  on_change=lambda event: tuner.link(bool(event.value)))  # fmt: skip
        ui.button(page.say("reset"), on_click=reset).props("flat no-caps")


def _add_slider(text: str, low: float, high: float, value: float | None = None) -> ui.slider:
    with ui.element("div").classes("fd-slide"):
        ui.label(text)
        slider = ui.slider(min=low, max=high, step=0.01, value=low if value is None else value)
        slider.props["aria-label"] = text
        slider.props("label").classes("fd-slider")
    return slider


def _add_smoothing(page: Page) -> None:
    """Add the two options of the filter for action units, and the lag that they come to."""
    engine = page.desk.engine

    async def give(name: str, value: float) -> None:
        if value != getattr(engine.settings.smoothing.aus, name):
            await page.do(engine.change, f"smoothing.aus.{name}", f"{value:g}")
            look()

    def look() -> None:
        aus = engine.settings.smoothing.aus
        lag.text = page.say("lag", ms=lag_ms(aus))
        for name, slider in sliders.items():
            # On a scale of powers of ten, and the other way round where more is less steady.
            level = round(math.log10(max(getattr(aus, name), 0.01)), 2)
            if abs(float(slider.value or 0.0) - level) > 0.011:
                slider.value = level

    sliders: dict[str, ui.slider] = {}
    with ui.element("section").classes("fd-card"):
        with ui.element("header").classes("fd-head"):
            ui.html(f"<h2>{page.say('smoothing')}</h2>", sanitize=False)
            lag = ui.label().classes("fd-note-line")
        _add_trace(page)
        for name, text, low, high in (("min_cutoff_hz", "steady", -1.0, 1.5),
                                      ("beta", "quick", -1.0, 2.0)):  # fmt: skip
            value = math.log10(max(getattr(engine.settings.smoothing.aus, name), 0.01))
            slider = sliders[name] = _add_slider(page.say(text), low, high, round(value, 2))
            slider.props(
                f'data-option="smoothing.aus.{name}"' + (" reverse" if text == "steady" else "")
            )
            slider.on_value_change(
                lambda event, name=name: give(name, round(10 ** float(event.value), 3))
            )
    page.watch(look)


def _add_trace(page: Page) -> None:
    """Add a movement as it is read and as it is sent, so that the lag is seen."""

    def choose(name: str) -> None:
        trace.props["input"], trace.props["raw"] = INPUT_OF[name], MOVEMENTS.index(name)
        trace.update()

    trace = ui.element("fd-trace").props(f'label="{page.say("trace")}"')
    with ui.element("div").classes("fd-row"):
        ui.select({name: page.au(name) for name in MOVEMENTS}, value="jaw_drop",
                  label=page.say("choose_au"), on_change=lambda event: choose(event.value),
                  ).props("outlined dense options-dense")  # fmt: skip
        ui.label(page.say("trace_colours")).classes("fd-note-line")
    choose("jaw_drop")


def _add_hand(page: Page) -> None:
    """Add a slider for each movement, which goes to the avatar and the outputs."""
    desk = page.desk
    sliders: dict[str, ui.slider] = {}

    def move(name: str, value: float) -> None:
        if value != round(desk.hand.level(name), 3):
            desk.move(name, value, linked=bool(link.value))
            look()

    def look() -> None:
        for name, slider in sliders.items():
            value = round(desk.hand.level(name), 3)
            if slider.value != value:
                slider.value = value

    def let_go() -> None:
        desk.let_go()
        page.tick()

    with ui.element("section").classes("fd-card"):
        with ui.element("header").classes("fd-head"):
            ui.html(f"<h2>{page.say('by_hand')}</h2>", sanitize=False)
            ui.label(page.say("by_hand_note")).classes("fd-note-line")
        with ui.element("div").classes("fd-row"):
            link = ui.switch(page.say("linked"), value=True)
            ui.button(page.say("let_go"), on_click=let_go).props("flat no-caps")
        with ui.element("div").classes("fd-sliders"):
            for name in (*AUS_SIDE_BY_SIDE, *EXTRAS_SIDE_BY_SIDE):
                slider = sliders[name] = _add_slider(page.au(name), 0.0, 1.0)
                slider.props(f'data-au="{name}"')
                slider.on_value_change(
                    lambda event, name=name: move(name, round(float(event.value), 3))
                )
    page.watch(look)


def _add_calibration(page: Page) -> None:
    """Add the guided minute, and profiles by name."""
    with ui.element("section").classes("fd-card"):
        with ui.element("header").classes("fd-head"):
            ui.html(f"<h2>{page.say('calibration')}</h2>", sanitize=False)
            ui.label(page.say("calibration_note")).classes("fd-note-line")
        body = ui.element("div")
        _add_profiles(page, body)


def _add_profiles(page: Page, body: ui.element) -> None:
    desk = page.desk

    def names() -> dict[str, str]:
        saved = sorted(path.stem for path in desk.profiles.glob("*.toml"))
        return {"": page.say("no_profile")} | {each: each for each in saved}

    def held() -> str:
        path = desk.engine.settings.calibration.profile
        return path.stem if path is not None and path.stem in names() else ""

    async def save() -> None:
        path = desk.profiles / f"{wanted}.toml" if (wanted := page.named(name.value)) else None
        if path is not None and await page.done(desk.engine.keep_profile, path):
            page.tick()
            page.tell(page.say("saved", path=str(path)))

    async def use() -> None:
        if (chosen.value or "") != held():
            path = str(desk.profiles / f"{chosen.value}.toml") if chosen.value else None
            await page.do(desk.engine.change, "calibration.profile", path)
            page.tick()

    with ui.element("div").classes("fd-row"):
        ui.button(page.say("begin"), icon="play_arrow",
                  on_click=lambda: _begin(page, body)).classes("fd-main").props(
            "unelevated no-caps")  # fmt: skip
        chosen = ui.select(names(), value=held(), label=page.say("profiles"), on_change=use)
        chosen.props("outlined dense")
        with ui.element("div").classes("fd-pair"):
            name = ui.input(page.say("name")).props("outlined dense maxlength=80")
            ui.button(page.say("save"), on_click=save).props("outline no-caps")
    page.follow(
        lambda: (names(), held()), lambda state: chosen.set_options(state[0], value=state[1])
    )


def _begin(page: Page, body: ui.element) -> None:
    """Lead through the steps, ten times a second, until all are done or it is cancelled."""
    engine, coach = page.desk.engine, Coach()
    if engine.act is not None:
        engine.resume()
    body.clear()
    with body:
        with ui.element("div").classes("fd-coach"):
            with ui.element("div").classes("do"):
                teacher = ui.element("fd-avatar").props(f'rig="{page.desk.rig_name}"')
            with ui.element("div"):
                step_text = ui.label().classes("big").props('role="status"')
                phase_text = ui.label().classes("fd-number")
                bar = ui.linear_progress(value=0, show_value=False).props('aria-hidden="true"')
                caught = ui.label().classes("fd-state")
                with ui.element("div").classes("fd-row"):
                    ui.button(page.say("skip_step"), on_click=coach.skip).props("flat no-caps")
                    ui.button(page.say("repeat"), on_click=coach.repeat).props("flat no-caps")
                    ui.button(page.say("cancel"), on_click=body.clear).props("flat no-caps")

        def step() -> None:
            sample, raw = engine.feed.newest, engine.raw()
            if sample is not None and raw is not None and sample.face:
                coach.see(raw, now())
            if coach.step is None:
                timer.cancel()
                _finish(page, body, coach)
                return
            number = f"{coach.number + 1}/{len(STEPS)}"
            step_text.text = page.say(coach.step.text)
            phase_text.text = f"{number} · {page.say(coach.phase)} · {coach.left_s:.0f} s"
            bar.value = coach.level
            caught.text = page.say("caught" if coach.is_caught else "not_yet")
            asked = bool(coach.step.aus) and coach.phase == "hold"
            kind = "" if not asked else "good" if coach.is_caught else "warn"
            caught.classes(replace=f"fd-state {kind or 'fd-unseen'}")
            pose = json.dumps({str(AU_INDEX[name]): 1 for name in coach.step.aus})
            if teacher.props.get("pose") != pose:
                teacher.props["pose"] = pose
                teacher.update()

        timer = ui.timer(0.1, step)


def _finish(page: Page, body: ui.element, coach: Coach) -> None:
    """Show what was learnt, to be kept or left."""
    engine = page.desk.engine
    profile = coach.profile()
    old = engine.profile or default_profile()
    rows = "".join(
        f"<tr><td>{escape(page.au(name))}</td><td>{was:.2f}</td><td>{now_:.2f}</td></tr>"
        for name, was, now_ in coach.results(old)
    )
    body.clear()
    if profile is None:
        return

    def keep() -> None:
        engine.use_profile(profile)
        body.clear()
        page.tick()

    with body:
        ui.label(page.say("result")).classes("what")
        ui.html(f'<table class="fd-table"><thead><tr><th></th><th>{page.say("before")}</th>'
                f"<th>{page.say('after')}</th></tr></thead><tbody>{rows}</tbody></table>",
                sanitize=False)  # fmt: skip
        with ui.element("div").classes("fd-row"):
            ui.button(page.say("finish"), on_click=keep).classes("fd-main").props("unelevated")
            ui.button(page.say("repeat"), on_click=lambda: _begin(page, body)).props("flat no-caps")
            ui.button(page.say("cancel"), on_click=body.clear).props("flat no-caps")
