"""A project's pages: its videos and coders, the desk of one video, and how far coders agree."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from fastapi import FastAPI
from nicegui import Client, run, ui

from facedrive.annotate.desk import Desk
from facedrive.annotate.exports import EXPORTS
from facedrive.annotate.project import EXPERT
from facedrive.aus import AU_INDEX, AUS
from facedrive.errors import FacedriveError
from facedrive.extras import DERIVED, EXTRA_MIRROR, EXTRA_NAMES
from facedrive.mappings.table import GAZE, INPUTS, PAIRS
from facedrive.studio.annotate.routes import who_asks
from facedrive.studio.annotate.texts import TEXTS, say
from facedrive.studio.choices import REMEMBER, add_choices, speak
from facedrive.studio.explain import explain
from facedrive.studio.texts import Language, au_label, language_of

T = TypeVar("T")

HEAD = (
    REMEMBER
    + """
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/static/studio.css">
<link rel="stylesheet" href="/static/annotate/annotate.css">
"""
)

DESK = '<script type="module">import "/static/annotate/desk.js";</script>'

RENEWED_S = 10.0
"""How often agreement is computed anew while its page is open."""

LINKS = {"": "folder_open", "agreement": "groups"}


class View:
    """One open page: whose it is, and in which language."""

    def __init__(self, desk: Desk, client: Client, tokens: Mapping[str, str] | None) -> None:
        """Look at a request: its invitation says whose it is, else the cookie of who was chosen."""
        request = client.request
        cookies = request.cookies
        self.desk, self.tokens = desk, tokens
        self.url = str(request.base_url)
        self.team = tokens is not None
        asked = who_asks(request.scope)
        chosen = cookies.get("fd_coder", EXPERT)
        self.who = asked if self.team or chosen not in desk.project.coders else chosen
        accepted = request.headers.get("accept-language", "")
        self.language: Language = language_of(cookies, accepted)
        speak(client, self.language)
        self.dark = cookies.get("fd_theme", "dark") != "light"

    @property
    def leads(self) -> bool:
        """Whether this is the expert's page, or that of who works alone on this computer."""
        return self.who == EXPERT

    def say(self, key: str, **values: object) -> str:
        """Return a text in the page's language."""
        return say(self.language, key, **values)

    def au(self, name: str) -> str:
        """Return what an action unit is called."""
        return au_label(self.language, name)

    async def do(self, action: Callable[..., T], *words: Any) -> T | None:
        """Carry out what may take a while beside the page; an error of it is shown in a line."""
        try:
            return await run.io_bound(action, *words)
        except FacedriveError as error:
            said = explain(self.language, str(error))
            ui.notify(said, type="negative", multi_line=True, timeout=9000, close_button="✕")
            return None


def add_pages(app: FastAPI, desk: Desk, tokens: Mapping[str, str] | None) -> None:
    """Add the pages to a server."""
    from nicegui import app as nicegui_app

    @ui.page("/")
    def overview(client: Client) -> None:
        view = View(desk, client, tokens)
        with _frame(view, ""):
            _show_overview(view)

    @ui.page("/agreement")
    def agreement(client: Client) -> None:
        view = View(desk, client, tokens)
        with _frame(view, "agreement"):
            _show_agreement(view)

    @ui.page("/desk/{video}")
    def one(client: Client, video: str, coder: str = "", at: int = 0, au: str = "") -> None:
        view = View(desk, client, tokens)
        ui.add_head_html(HEAD + DESK)
        ui.dark_mode(value=view.dark)
        ui.query("html").props(f'lang="{view.language}"')
        _add_desk(view, video, coder or view.who, at, au)

    nicegui_app.on_exception(lambda error: None)
    ui.run_with(
        app, title="facedrive annotate", favicon="🎭", tailwind=False, show_welcome_message=False,
        reconnect_timeout=20.0, binding_refresh_interval=None,
    )  # fmt: skip


def _add_desk(view: View, video: str, coder: str, at: int, au: str) -> None:
    """Add the desk; what it may see, the routes decide."""
    element = ui.element("fd-desk")
    texts = {key: getattr(text, view.language) for key, text in TEXTS.items()}
    for name, value in {
        "video": video, "coder": coder, "at": str(at), "au": au if au in AU_INDEX else "jaw_drop",
        "texts": json.dumps(texts, ensure_ascii=False),
        "units": json.dumps(_units(view), ensure_ascii=False), "layout": json.dumps(_layout()),
    }.items():  # fmt: skip
        element.props[name] = value


def _units(view: View) -> list[dict[str, str]]:
    """Return what has a slider, in the order of the page."""
    aus = [{"name": au.name, "label": view.au(au.name), "region": au.region, "side": au.side,
            "mirror": au.mirror} for au in AUS]  # fmt: skip
    mirrored = [EXTRA_NAMES[at] for at in EXTRA_MIRROR]
    extras = [{"name": name, "label": view.au(name), "region": "extra", "side": "both",
               "mirror": mirror}
              for name, mirror in zip(EXTRA_NAMES, mirrored, strict=True)]  # fmt: skip
    return aus + extras


def _layout() -> dict[str, Any]:
    """Return how the avatar's inputs follow from labels."""
    pairs = [[INPUTS.index(name), AU_INDEX[one], AU_INDEX[other]]
             for name, (one, other) in PAIRS.items()]  # fmt: skip
    return {"gaze": GAZE.start, "pairs": pairs, "extras": list(EXTRA_NAMES),
            "derived": DERIVED.round(4).tolist()}  # fmt: skip


def _frame(view: View, here: str) -> ui.element:
    """Lay out what every page of the project has; return where its own goes."""
    ui.add_head_html(HEAD)
    mode = ui.dark_mode(value=view.dark)
    ui.query("html").props(f'lang="{view.language}"')
    with ui.element("div").classes("an-shell"):
        with ui.element("nav").classes("fd-rail").props(f'aria-label="{view.say("views")}"'):
            ui.label("annotate").classes("fd-logo")
            for name, icon in LINKS.items():
                if name and not view.leads:
                    continue
                current = 'aria-current="page"' if name == here else ""
                with ui.link(target=f"/{name}").classes("fd-link").props(current):
                    ui.icon(icon).props('aria-hidden="true"')
                    ui.label(view.say(name or "project"))
            ui.element("div").classes("fd-grow")
            add_choices(view.say, view.language, mode)
        main = ui.element("main")
    with main:
        return ui.element("div").classes("fd-view")


def _show_overview(view: View) -> None:
    with ui.element("div").classes("fd-head"):
        ui.html(f"<h1>{escape(view.desk.project.name)}</h1>", sanitize=False)
        _add_who(view)
    place = ui.element("div").classes("an-scroll")

    @ui.refreshable
    def videos() -> None:
        ui.html(_videos_table(view), sanitize=False)

    with place:
        videos()
    if view.leads:
        _add_videos(view, videos.refresh)
        _add_coders(view, videos.refresh)
        _add_exports(view)
        if view.team:
            _add_invitations(view)


def _add_who(view: View) -> None:
    """Say whose page it is; who is alone on this computer may choose."""
    if view.team:
        ui.label(view.say("you_are", name=view.say("expert") if view.leads else view.who)).classes(
            "fd-note-line")  # fmt: skip
        return
    names = {EXPERT: view.say("expert")} | {name: name for name in view.desk.project.coders}

    def choose(name: str) -> None:
        ui.run_javascript(f"remember('fd_coder', {json.dumps(name)}); location.reload()")

    ui.select(
        names, value=view.who, label=view.say("i_am"), on_change=lambda event: choose(event.value)
    ).props("outlined dense").classes("an-who-field")


def _videos_table(view: View) -> str:
    """Return the videos, with how far each of their coders is."""
    found = view.desk.overview(view.who)
    if not found["videos"]:
        return (
            f'<p class="fd-note-line">{view.say("no_videos" if view.leads else "none_yours")}</p>'
        )
    heads = "".join(f"<th>{view.say(key)}</th>" for key in
                    ("video", "frames", "length", "guess_column", "done"))  # fmt: skip
    rows = "".join(_video_row(view, each) for each in found["videos"])
    return f'<table class="an-table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _video_row(view: View, video: dict[str, Any]) -> str:
    name = video["name"]
    link = f"/desk/{quote(name)}?coder={quote(view.who)}"
    seconds = f"{int(video['seconds']) // 60}:{int(video['seconds']) % 60:02d}"
    done = " ".join(_coder_share(view, *each) for each in video["coders"].items()) or view.say(
        "nobody"
    )
    guessed = view.say("guessed" if video["guessed"] else "not_yet")
    return (
        f'<tr><td><a href="{link}">{escape(name)}</a></td><td>{video["frames"]:,}</td>'
        f"<td>{seconds}</td><td>{guessed}</td><td>{done}</td></tr>"
    )


def _coder_share(view: View, coder: str, share: float | str) -> str:
    """Say how far a coder is, or what is wrong with their file."""
    if isinstance(share, str):
        said = escape(explain(view.language, share))
        return f'<span class="an-failed an-wrong">{escape(coder)}: {said}</span>'
    return (
        f'<span class="an-done">{escape(coder)} <i style="--share: {100 * share:.0f}%"></i>'
        f"{100 * share:.0f} %</span>"
    )


def _add_videos(view: View, refresh: Callable[[], object]) -> None:
    """Add what takes a video by its path on this computer."""
    with ui.element("section").classes("fd-card"):
        ui.html(f"<h2>{view.say('add_video')}</h2>", sanitize=False)
        with ui.element("div").classes("fd-row"):
            place = ui.input(view.say("path")).props("outlined dense maxlength=1000")

            async def add() -> None:
                path = Path(place.value or "")
                button.props("loading")
                if await view.do(_take, view.desk, path):
                    place.value = ""
                button.props(remove="loading")
                refresh()

            button = ui.button(view.say("add"), on_click=add).props("outline no-caps")


def _take(desk: Desk, path: Path) -> bool:
    desk.change(lambda project: project.add(path))
    return True


def _add_coders(view: View, refresh: Callable[[], object]) -> None:
    """Add coders, and share the videos out."""
    project = view.desk.project
    with ui.element("section").classes("fd-card"):
        ui.html(f"<h2>{view.say('coders')}</h2>", sanitize=False)
        names = ui.label(", ".join(project.coders) or view.say("nobody")).classes("fd-note-line")
        with ui.element("div").classes("fd-row"):
            name = ui.input(view.say("name")).props("outlined dense maxlength=60")

            async def add() -> None:
                await view.do(view.desk.change, lambda project: project.add_coder(name.value or ""))
                if view.tokens is not None:
                    await view.do(view.desk.change, lambda project: _renew(view))
                names.text = ", ".join(project.coders)
                refresh()

            ui.button(view.say("add"), on_click=add).props("outline no-caps")
        with ui.element("div").classes("fd-row"):
            most = max(len(project.coders), 1)
            count = ui.number(view.say("per_video"), value=min(project.per_video, most), min=1,
                              precision=0).props("outlined dense")  # fmt: skip
            seed = ui.number(view.say("seed"), value=project.seed, precision=0).props(
                "outlined dense")  # fmt: skip

            async def assign() -> None:
                wanted, drawn = int(count.value or 1), int(seed.value or 0)
                await view.do(view.desk.change, lambda project: project.assign(wanted, drawn))
                refresh()

            ui.button(view.say("assign"), on_click=assign).props("outline no-caps")


def _renew(view: View) -> None:
    """Invite who was added."""
    from facedrive.studio.annotate.invitations import invite

    assert isinstance(view.tokens, dict)
    view.tokens.update(invite(view.desk.project))


def _add_exports(view: View) -> None:
    with ui.element("section").classes("fd-card"):
        ui.html(f"<h2>{view.say('export')}</h2>", sanitize=False)
        with ui.element("div").classes("fd-row"):
            for to in EXPORTS:
                ui.link(view.say(f"to_{to}"), f"/export/{to}.zip").classes("an-link")
            ui.link(view.say("dump"), "/dump.zip").classes("an-link")


def _add_invitations(view: View) -> None:
    """List the links that let people in."""
    with ui.element("section").classes("fd-card"):
        ui.html(f"<h2>{view.say('invitations')}</h2>", sanitize=False)
        ui.label(view.say("invitations_note")).classes("fd-note-line")
        for name, token in (view.tokens or {}).items():
            with ui.element("div").classes("fd-row"):
                ui.label(view.say("expert") if name == EXPERT else name).classes("what")
                ui.label(f"{view.url}?token={token}").classes("an-secret")


def _show_agreement(view: View) -> None:
    ui.html(f"<h1>{view.say('agreement')}</h1>", sanitize=False)
    if not view.leads:
        ui.label(view.say("experts_only")).classes("fd-note-line")
        return
    place = ui.element("div").classes("fd-view-part")

    async def renew() -> None:
        found = await view.do(view.desk.agreement)
        if found is not None and drawn != [found]:
            drawn[:] = [found]
            place.clear()
            with place:
                _draw_agreement(view, found)

    drawn: list[dict[str, Any]] = []
    ui.timer(RENEWED_S, renew)


def _draw_agreement(view: View, found: dict[str, Any]) -> None:
    if found["reason"]:
        ui.label(view.say("no_two")).classes("fd-note-line")
        return
    note = view.say("agreement_note", k=found["k"], frames=f"{found['frames']:,}")
    ui.label(note).classes("fd-note-line")
    with ui.element("div").classes("an-scroll"):
        ui.html(_agreement_table(view, found["rows"]), sanitize=False)
    ui.html(f"<h2>{view.say('apart')}</h2>", sanitize=False)
    with ui.element("div").classes("an-scroll"):
        ui.html(_differences_table(view, found["apart"]), sanitize=False)


def _agreement_table(view: View, rows: list[dict[str, Any]]) -> str:
    """Return Table 3 of the paper, with the interval drawn from 0 to 1."""
    heads = "".join(f"<th>{view.say(key)}</th>" for key in
                    ("action_unit", "icc", "interval", "", "level"))  # fmt: skip
    lines = []
    for row in rows:
        if row["icc"] is None:
            lines.append(f"<tr><td>{escape(view.au(row['au']))}</td><td>–</td><td>–</td><td></td>"
                         f"<td>{view.say('undefined')}</td></tr>")  # fmt: skip
            continue
        low, high, at = (min(max(row[key], 0), 1) * 100 for key in ("low", "high", "icc"))
        drawn = (f'<span class="an-range"><i style="left:{low:.1f}%;width:{high - low:.1f}%"></i>'
                 f'<b style="left:{at:.1f}%"></b></span>')  # fmt: skip
        lines.append(
            f"<tr><td>{escape(view.au(row['au']))}</td><td>{row['icc']:.3f}</td>"
            f"<td>{row['low']:.3f} – {row['high']:.3f}</td><td>{drawn}</td>"
            f"<td>{view.say('level_' + row['level'])}</td></tr>"
        )
    return (f'<table class="an-table"><thead><tr>{heads}</tr></thead>'
            f"<tbody>{''.join(lines)}</tbody></table>")  # fmt: skip


def _differences_table(view: View, apart: list[dict[str, Any]]) -> str:
    """Return where coders differ; each leads to its frame."""
    if not apart:
        return f'<p class="fd-note-line">{view.say("none_apart")}</p>'
    rows = "".join(
        f'<tr><td><a href="/desk/{quote(each["video"])}?coder={EXPERT}&at={each["frame"]}'
        f'&au={each["au"]}">{escape(each["video"])} · {each["frame"]}</a></td>'
        f"<td>{escape(view.au(each['au']))}</td><td>{each['first']}–{each['last']}</td>"
        f"<td>{each['apart']:.2f}</td><td>{escape(each['lowest'])} &lt; {escape(each['highest'])}"
        "</td></tr>"
        for each in apart
    )  # fmt: skip
    return f'<table class="an-table"><tbody>{rows}</tbody></table>'
