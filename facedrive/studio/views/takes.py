"""The view Takes: what was recorded, played along a timeline, cut, renamed and exported."""

from __future__ import annotations

import json
from urllib.parse import quote

import numpy as np
from nicegui import events, ui

from facedrive.export import SUFFIXES as EXPORTS
from facedrive.studio.acts import Player
from facedrive.studio.library import (
    MAX_NAME,
    MAX_NOTES,
    MAX_UPLOAD,
    SUFFIXES,
    Entry,
    activity,
)
from facedrive.studio.page import TOLD_AT, Page

CURVE = 240
"""Points of the curve that the timeline shows."""


def show(page: Page) -> None:
    """Lay the view out."""
    ui.html(f"<h1>{page.say('takes')}</h1>", sanitize=False)
    _add_player(page)
    _add_choice(page)
    _add_list(page)
    _add_import(page)


def curve_of(player: Player) -> list[float]:
    """Return how much of the face moves along a take, 0 to 1, at ``CURVE`` even times."""
    times = np.linspace(0, player.duration, CURVE)
    levels = activity(np.stack([player.at(time).aus for time in times]))
    shown: list[float] = levels.round(3).tolist()
    return shown


def _add_player(page: Page) -> None:
    """Add the timeline of the take that plays; it is there only while one does."""
    desk = page.desk
    with ui.element("section").classes("fd-card fd-player") as card:
        title = ui.label().classes("what")
        video = ui.element("fd-take-video").props(f'label="{page.say("camera_picture")}"')
        line = ui.element("fd-timeline").props(f'aria-label="{page.say("timeline")}"')
        _add_controls(page)
    line.on("seek", lambda event: _seek(page, event), args=["detail"])
    line.on("trim", lambda event: _set_part(page, event), args=["detail"])

    def take_up(player: Player | None) -> None:
        card.classes(replace=f"fd-card fd-player {'' if player else 'fd-hidden'}")
        if player is not None:
            title.text = player.name
            line.props["curve"] = json.dumps(curve_of(player))
            line.props["duration"] = f"{player.duration:.4f}"
            video.props["src"] = desk.picture_of(player.name)

    def look() -> None:
        player = desk.player
        if player is None:
            return
        state = {"position": f"{player.position:.3f}", "low": f"{player.low:.3f}",
                 "high": f"{player.high:.3f}",
                 "playing": str(player.playing and not desk.engine.is_paused).lower()}  # fmt: skip
        if any(line.props.get(name) != value for name, value in state.items()):
            line.props.update(state)
            line.update()
            video.props.update(position=state["position"], playing=state["playing"])
            video.update()

    page.follow(lambda: desk.player, take_up)
    page.watch(look)


def _add_controls(page: Page) -> None:
    """Add what plays, loops, cuts and closes the take, and where it is."""
    with ui.element("div").classes("fd-row"):
        go = ui.button(icon="pause", on_click=lambda: _play_or_pause(page)).props("flat round")
        clock = ui.label().classes("fd-number")
        loop = ui.switch(
            page.say("loop"), on_change=lambda event: _set_loop(page, bool(event.value))
        )
        ui.element("div").classes("fd-grow")
        ui.button(page.say("trim"), icon="content_cut", on_click=lambda: _trim(page)).props(
            "flat no-caps")  # fmt: skip
        ui.button(page.say("close"), on_click=lambda: _close(page)).props("flat no-caps")

    def look() -> None:
        player = page.desk.player
        if player is None:
            return
        clock.text = (
            f"{player.position:.2f} / {page.say('seconds', seconds=f'{player.duration:.2f}')}"
        )
        go.icon = "pause" if player.playing else "play_arrow"
        go.props(f'aria-label="{page.say("pause" if player.playing else "play")}"')
        if loop.value != player.loop:
            loop.value = player.loop

    page.watch(look)


def _play_or_pause(page: Page) -> None:
    player = page.desk.player
    if player is not None:
        if not player.playing and player.position >= player.high:
            player.seek(player.low)
        player.playing = not player.playing
    page.tick()


def _set_loop(page: Page, on: bool) -> None:
    if page.desk.player is not None:
        page.desk.player.loop = on


def _seek(page: Page, event: events.GenericEventArguments) -> None:
    player, detail = page.desk.player, event.args.get("detail")
    if player is not None and isinstance(detail, int | float):
        player.playing = False
        player.seek(float(detail))
        page.tick()


def _set_part(page: Page, event: events.GenericEventArguments) -> None:
    player, detail = page.desk.player, event.args.get("detail")
    if player is None or not isinstance(detail, dict):
        return
    low, high = (detail.get(name) for name in ("low", "high"))
    if isinstance(low, int | float) and isinstance(high, int | float):
        player.low = min(max(float(low), 0.0), player.duration)
        player.high = min(max(float(high), player.low), player.duration)
        page.tick()


async def _trim(page: Page) -> None:
    player = page.desk.player
    if player is not None:
        name = await page.do(page.desk.library.trim, player.name, player.low, player.high)
        if name is not None:
            page.tell(page.say("saved", path=name))
    page.tick()


def _close(page: Page) -> None:
    page.desk.engine.resume()
    page.tick()


def _add_choice(page: Page) -> None:
    """Add whether the camera's picture is recorded too."""
    desk = page.desk

    def choose() -> None:
        desk.with_picture = bool(switch.value)

    def look() -> None:
        if switch.value != desk.with_picture:
            switch.value = desk.with_picture

    switch = ui.switch(page.say("record_picture"), value=desk.with_picture, on_change=choose)
    page.watch(look)


def _add_list(page: Page) -> None:
    """Add the takes, drawn again where the folder has changed."""
    rows = ui.element("section")

    def entries() -> list[Entry]:
        found = page.desk.library.entries()
        if page.desk.is_recording and page.desk.recording is not None:
            found = [each for each in found if each.path != page.desk.recording.path]
        return found

    page.show_list(rows, entries, lambda entry: _add_row(page, entry), page.say("no_takes"))


def _add_import(page: Page) -> None:
    """Add a place to drop takes of other programs."""
    ui.upload(
        label=page.say("drop_take"), auto_upload=True, multiple=True, max_file_size=MAX_UPLOAD,
        on_upload=lambda event: _take_in(page, event),
        on_rejected=lambda: page.warn(page.say("rejected", most=MAX_UPLOAD >> 20)),
    ).props(f"flat accept={','.join(SUFFIXES)}")  # fmt: skip


async def _take_in(page: Page, event: events.UploadEventArguments) -> None:
    content = await event.file.read()
    name = await page.do(page.desk.library.keep, event.file.name, content)
    if name is not None:
        page.tell(page.say("saved", path=name))
        page.tick()


def _add_row(page: Page, entry: Entry) -> None:
    async def play() -> None:
        await page.do(page.desk.play, entry.name)
        page.tick()

    with ui.element("div").classes("fd-take") as row:
        row.props["data-take"] = entry.name
        if entry.thumbnail.exists():
            source = f"/thumbnail/{quote(entry.name)}"
            ui.html(f'<img alt="" src="{source}">', sanitize=False)
        else:
            ui.html(_sketch(entry), sanitize=False)
        with ui.element("div"):
            ui.label(entry.name).classes("name")
            about = page.explain(entry.error) or " · ".join((
                page.say("seconds", seconds=f"{entry.seconds:.1f}"),
                page.say("rows", rows=entry.rows),
                *([page.say("with_picture")] if entry.picture.exists() else ()),
                *filter(None, [entry.notes.split("\n")[0]]),
            ))  # fmt: skip
            ui.label(about).classes("about")
        button = ui.button(icon="play_arrow", on_click=play).props("flat round")
        button.props["aria-label"] = page.say("play_named", name=entry.name)
        button.set_enabled(not entry.error)
        _add_menu(page, entry)


def _sketch(entry: Entry) -> str:
    """Return a small picture of how a take moves, for one without a picture of a face."""
    across = np.linspace(0, 96, len(entry.curve)).round(1)
    points = " ".join(f"{x},{58 - 50 * level:.1f}" for x, level in
                      zip(across, entry.curve, strict=True))  # fmt: skip
    return (f'<svg class="blank" viewBox="0 0 96 60" preserveAspectRatio="none" aria-hidden="true">'
            f'<polygon points="0,60 {points} 96,60" fill="var(--fd-trace)"/></svg>')  # fmt: skip


def _add_menu(page: Page, entry: Entry) -> None:
    with ui.button(icon="more_vert").props("flat round") as button:
        button.props["aria-label"] = page.say("more", name=entry.name)
        with ui.menu():
            if entry.picture.exists():
                ui.menu_item(page.say("camera_picture"), on_click=lambda: ui.download.from_url(
                    page.desk.picture_of(entry.name)))  # fmt: skip
            for to in EXPORTS:
                ui.menu_item(f"{page.say('export')}: {page.say(to)}",
                             on_click=lambda to=to: _export(page, entry, to))  # fmt: skip
            ui.separator()
            ui.menu_item(page.say("rename"), on_click=lambda: _ask_name(page, entry))
            ui.menu_item(page.say("notes"), on_click=lambda: _ask_notes(page, entry))
            ui.menu_item(page.say("delete"), on_click=lambda: _ask_delete(page, entry))


async def _export(page: Page, entry: Entry, to: str) -> None:
    going = ui.notification(page.say("exporting"), position=TOLD_AT, spinner=True, timeout=None)
    rig = page.desk.engine.settings.view.rig
    share = [0.0]

    def tell(part: float) -> None:
        share[0] = part

    def look() -> None:
        going.message = f"{page.say('exporting')} {share[0]:.0%}"

    watching = ui.timer(0.2, look)
    path = await page.do(page.desk.library.export, entry.name, to, str(rig or ""), tell)
    watching.cancel()
    going.dismiss()
    if path is not None:
        page.tell(page.say("exported", name=path.name))
        ui.download.from_url(f"/export/{quote(path.name)}")


def _ask_name(page: Page, entry: Entry) -> None:
    with ui.dialog(value=True) as dialog, ui.card():
        name = ui.input(page.say("name"), value=entry.name).props(f"autofocus maxlength={MAX_NAME}")

        async def rename() -> None:
            if not (wanted := page.named(name.value)):
                return
            dialog.close()
            await page.do(page.desk.library.rename, entry.name, wanted)
            page.tick()

        name.on("keydown.enter", rename)
        ui.button(page.say("rename"), on_click=rename).classes("fd-main").props("unelevated")


def _ask_notes(page: Page, entry: Entry) -> None:
    with ui.dialog(value=True) as dialog, ui.card():
        notes = ui.textarea(page.say("notes"), value=entry.notes)
        notes.props(f"autofocus maxlength={MAX_NOTES}")

        async def keep() -> None:
            dialog.close()
            await page.do(page.desk.library.note, entry.name, str(notes.value))
            page.tick()

        ui.button(page.say("save"), on_click=keep).classes("fd-main").props("unelevated")


def _ask_delete(page: Page, entry: Entry) -> None:
    with ui.dialog(value=True) as dialog, ui.card():
        ui.label(page.say("delete_sure", name=entry.name))

        async def delete() -> None:
            dialog.close()
            await page.do(page.desk.library.delete, entry.name)
            page.tick()

        with ui.element("div").classes("fd-row"):
            ui.button(page.say("delete"), on_click=delete).props("flat").classes("fd-danger")
            ui.button(page.say("cancel"), on_click=dialog.close).props("flat")
