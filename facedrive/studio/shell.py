"""The page's frame: the way to each view, the avatar that stays, and the line that says how it is.

A page's view is in its address: a reload comes back to where it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi import FastAPI
from nicegui import Client, ui
from nicegui.events import KeyEventArguments

from facedrive.options import shown
from facedrive.studio.acts import Wave
from facedrive.studio.choices import REMEMBER, add_choices, speak
from facedrive.studio.page import Page
from facedrive.studio.texts import language_of
from facedrive.studio.views import live, outputs, setup, takes, tune

if TYPE_CHECKING:
    from facedrive.studio.desk import Desk

TICK_S = 0.4
"""How often a page looks what has changed."""

ICONS = {
    "live": "face", "setup": "settings", "tune": "tune", "outputs": "share", "takes": "movie",
}  # fmt: skip

HEAD = (
    REMEMBER
    + """
<link rel="stylesheet" href="/static/studio.css">
<script type="module">
import "/static/avatar.js"; import "/static/bars.js"; import "/static/timeline.js";
import "/static/takevideo.js"; import "/static/trace.js"; import "/static/delay.js";
import { feed } from "/static/feed.js";
const tell = (up) => document.body.classList.toggle("fd-down", !up);
feed.addEventListener("up", () => tell(true));
feed.addEventListener("down", () => tell(false));
</script>
"""
)

SHOW = {
    "live": live.show, "setup": setup.show, "tune": tune.show, "outputs": outputs.show,
    "takes": takes.show,
}  # fmt: skip
"""What shows each view, in the order of the rail and of the digits."""

VIEWS = tuple(SHOW)


def add_page(app: FastAPI, desk: Desk) -> None:
    """Add the page to a server."""
    from nicegui import app as nicegui_app

    @ui.page("/")
    @ui.page("/setup")
    @ui.page("/tune")
    @ui.page("/outputs")
    @ui.page("/takes")
    def page(client: Client) -> None:
        cookies = client.request.cookies
        language = language_of(cookies, client.request.headers.get("accept-language", ""))
        speak(client, language)
        _show(Page(desk, language), dark=cookies.get("fd_theme", "dark") != "light")

    nicegui_app.on_exception(lambda error: None)
    ui.run_with(
        app, title="facedrive studio", favicon="🎭", tailwind=False, show_welcome_message=False,
        reconnect_timeout=20.0, binding_refresh_interval=None,
    )  # fmt: skip


def _show(page: Page, *, dark: bool) -> None:
    """Lay the page out."""
    ui.add_head_html(HEAD)
    mode = ui.dark_mode(value=dark)
    ui.query("html").props(f'lang="{page.language}"')
    with ui.element("div").classes("fd-shell"):
        ui.html(f'<a class="fd-skip" href="#controls">{page.say("skip")}</a>', sanitize=False)
        links = _add_rail(page, mode)
        _add_stage(page)
        with ui.element("main").classes("fd-panel").props('id="controls"'):
            _add_views(page, links)
    ui.timer(TICK_S, page.tick)
    ui.keyboard(lambda event: _press(page, event), ignore=["input", "select", "textarea"])


def _add_rail(page: Page, mode: ui.dark_mode) -> dict[str, ui.element]:
    """Add the way to each view; return its links."""
    links: dict[str, ui.element] = {}
    with ui.element("nav").classes("fd-rail").props(f'aria-label="{page.say("views")}"'):
        ui.label("facedrive").classes("fd-logo")
        for view in VIEWS:
            with ui.link(target=_path(view)).classes("fd-link") as links[view]:
                ui.icon(ICONS[view]).props('aria-hidden="true"')
                ui.label(page.say(view))
        ui.element("div").classes("fd-grow")
        add_choices(page.say, page.language, mode)
    return links


def _path(view: str) -> str:
    return "/" if view == "live" else f"/{view}"


def _add_views(page: Page, links: dict[str, ui.element]) -> None:
    """Add what changes with the address."""
    always = page.watched

    def enter(view: str) -> Callable[[], None]:
        def shown() -> None:
            page.forget(always)
            for name, link in links.items():
                link.props('aria-current="page"' if name == view else "", remove="aria-current")
            with ui.element("div").classes(f"fd-view fd-{view}"):
                SHOW[view](page)

        return shown

    ui.sub_pages({_path(view): enter(view) for view in VIEWS})


def _add_stage(page: Page) -> None:
    """Add the avatar with the camera's picture, what it says of the run, and its buttons."""
    desk = page.desk
    with ui.element("section").classes("fd-stage").props(f'aria-label="{page.say("avatar")}"'):
        avatar = ui.element("fd-avatar").props(
            f'inset="{page.say("camera")}" no-gl="{page.say("no_gl")}"'
        )
        with ui.element("div").classes("fd-status").props('role="status"'):
            dot = ui.element("span").classes("fd-dot")
            state = ui.label()
            speed = ui.label().classes("fd-number")
        with ui.element("div").classes("fd-alert").props('role="alert"') as alert:
            reason = ui.label()
            again = ui.button(page.say("again"), on_click=lambda: page.do(desk.engine.restart))
            again.props("flat dense no-caps")
        with ui.element("div").classes("fd-buttons"):
            _add_buttons(page)

    def look() -> None:
        name = _state(page)
        state.text = page.say(name)
        dot.classes(replace=f"fd-dot fd-{name}")
        engine = desk.engine
        face = engine.feed.newest is not None and engine.feed.newest.face
        speed.text = (
            f"{engine.feed.fps:.0f} fps · {page.say('face' if face else 'no_face')}"
            if name in ("running", "acting", "wave", "playing") else "")  # fmt: skip
        trouble = engine.trouble or desk.recording_error
        said = page.explain(trouble) if trouble else _stand_in(page)
        reason.text = said
        again.visible = engine.stand_in or bool(engine.trouble)
        alert.classes(replace=f"fd-alert {'' if said else 'fd-hidden'}")
        settings = engine.settings
        region = "" if settings.tracker.region is None else shown(settings.tracker.region)
        _set_props(avatar, rig=desk.rig_name, mirror=settings.view.mirror, region=region)

    page.watch(look)


def _stand_in(page: Page) -> str:
    """Say why the demo clip plays in place of a camera, if it does."""
    engine = page.desk.engine
    if not engine.stand_in:
        return ""
    if engine.no_camera:
        return f"{page.explain(engine.no_camera)} {page.say('demo_instead')}"
    return page.say("demo_plays")


def _set_props(element: ui.element, *, rig: str, mirror: bool, region: str) -> None:
    props = element.props
    before = props.get("rig"), "mirror" in props, props.get("region", "")
    if before != (rig, mirror, region):
        element.props(f'rig={json.dumps(rig)} region="{region}"' + (" mirror" if mirror else ""))
        if not mirror:
            element.props(remove="mirror")


def _state(page: Page) -> str:
    engine = page.desk.engine
    if page.desk.player is not None:
        return "playing"
    if engine.state == "acting" and isinstance(engine.act, Wave):
        return "wave"
    return "paused" if engine.is_paused and engine.state == "running" else engine.state


def _add_buttons(page: Page) -> None:
    """Add what every view has: pause, recentre, mirror, record."""
    desk = page.desk
    with ui.button(icon="pause", on_click=lambda: pause(page)) as pausing:
        pausing.props('round flat data-do="pause" aria-keyshortcuts="p"')
        tip = ui.tooltip()
    for name, icon, action in (("recentre", "center_focus_strong", recentre),
                               ("mirror", "flip", mirror)):  # fmt: skip
        with ui.button(icon=icon, on_click=lambda action=action: action(page)) as button:
            button.props(f'round flat data-do="{name}" aria-label="{page.say(name)}"')
            ui.tooltip(f"{page.say(name)} ({name[0].upper()})")
        if name == "mirror":
            mirrored = button
    with ui.button(icon="fiber_manual_record", on_click=lambda: record(page)) as recording:
        recording.props('round flat data-do="record" aria-keyshortcuts="r"')
        record_tip = ui.tooltip()
    clock = ui.label().classes("fd-clock fd-number")
    with ui.button(icon="videocam", on_click=desk.let_go) as back:
        back.props(f'round flat data-do="back" aria-label="{page.say("back_to_source")}"')
        ui.tooltip(page.say("back_to_source"))

    def look() -> None:
        paused = desk.engine.is_paused
        named = page.say("go_on" if paused else "pause")
        _relabel(pausing, tip, named, "play_arrow" if paused else "pause", "P")
        on = desk.is_recording
        _relabel(recording, record_tip, page.say("stop_recording" if on else "record"),
                 "stop" if on else "fiber_manual_record", "R")  # fmt: skip
        recording.classes(replace="fd-recording" if on else "")
        mirrored.props(f'aria-pressed="{str(desk.engine.settings.view.mirror).lower()}"')
        clock.text = f"{desk.recording.seconds:.1f} s" if on and desk.recording else ""
        back.visible = desk.engine.act is not None

    page.watch(look)


def _relabel(button: ui.button, tip: ui.tooltip, text: str, icon: str, key: str) -> None:
    if button.props.get("aria-label") != text:
        button.props(f'aria-label="{text}"')
        button.icon = icon
        tip.text = f"{text} ({key})"


async def pause(page: Page) -> None:
    """Pause or go on."""
    await page.do(page.desk.engine.call, "pause")
    page.tick()


async def recentre(page: Page) -> None:
    """Take the next half second as the neutral."""
    await page.do(page.desk.engine.call, "recentre")
    page.tell(page.say("resting"))


async def mirror(page: Page) -> None:
    """Show the view as a mirror would, or not."""
    on = page.desk.engine.settings.view.mirror
    await page.do(page.desk.engine.change, "view.mirror", "no" if on else "yes")
    page.tick()


async def record(page: Page) -> None:
    """Begin a recording or finish it."""
    await page.do(page.desk.record)
    page.tick()


_KEYS = {"p": pause, "c": recentre, "n": recentre, "m": mirror, "r": record}


async def _press(page: Page, event: KeyEventArguments) -> None:
    """Do what a key stands for: those of the window, and a digit for each view."""
    plain = not (event.modifiers.ctrl or event.modifiers.alt or event.modifiers.meta)
    if not event.action.keydown or event.action.repeat or not plain:
        return
    key = str(event.key.name).lower()
    if key in _KEYS:
        await _KEYS[key](page)
    elif key in "12345" and len(key) == 1:
        ui.navigate.to(_path(VIEWS[int(key) - 1]))
