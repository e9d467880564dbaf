"""A studio in a process of its own, and Chromium to look at it as a person would."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import av
import pytest

from facedrive.sources.demo import CLIP

pytest.importorskip("nicegui")
playwright_api = pytest.importorskip("playwright.sync_api")

expect = playwright_api.expect
"""What a page comes to show, in time."""
expect.set_options(timeout=60_000)

NAMES = ("chromium", "chromium-browser", "google-chrome")

FLAGS = [
    "--no-sandbox", "--disable-gpu-sandbox", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--hide-scrollbars", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-accelerated-2d-canvas",
    "--disable-gpu-rasterization", "--disable-gpu-compositing",
]  # fmt: skip

PICTURES = os.environ.get("FACEDRIVE_PICTURES")
"""A folder to keep what the page looked like in, for people."""

SCALE = 1 if PICTURES else 0.25
"""Pixels of the screen per pixel of the page: a processor draws the avatar, and few do."""

SLOWLY = "window.requestAnimationFrame = (draw) => setTimeout(() => draw(performance.now()), 150);"
"""A processor draws the page; what moves is seen in seven pictures a second as well."""

UNDRAWN = """const drawn = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind.startsWith('webgl') ? null : drawn.call(this, kind, ...more); };"""
"""Where the avatar does not matter it is not drawn, as where WebGL is off."""

UNPAINTED = """for (const name of ['clear', 'drawElements', 'drawArrays', 'texImage3D'])
  WebGL2RenderingContext.prototype[name] = () => {};"""
"""Where only how the avatar moves matters, all is done but its pixels: those take most."""


TOKEN = "0123456789abcdef"


class Running(NamedTuple):
    """A studio that runs, and the address that it printed, which lets in whoever has it."""

    url: str
    printed: str
    folder: Path
    process: subprocess.Popen[str]


def start(folder: Path, *words: str) -> Running:
    """Start ``facedrive studio`` on a free port, with its files below ``folder``."""
    home = folder / "home"
    environment = os.environ | {
        "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"), "XDG_CACHE_HOME": str(home / "cache"),
    }  # fmt: skip
    for name in list(environment):
        if name.startswith("PYTEST"):
            del environment[name]
    command = [sys.executable, "-m", "facedrive", "studio", "--no-open", "--port", "0",
               "--folder", str(folder), *words]  # fmt: skip
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    assert found, (folder / "log.txt").read_text()
    return Running(found[0].partition("/?")[0], found[0], folder, process)


def stop(running: Running) -> None:
    """End a studio as Ctrl-C does."""
    with running.process as process:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def tenth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo clip at ten frames a second: the studio would take half a processor by itself."""
    path = tmp_path_factory.mktemp("tenth") / "clip.mp4"
    with av.open(str(CLIP)) as clip, av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", 10, options={"preset": "ultrafast", "crf": "20"})
        size = clip.streams.video[0]
        stream.width, stream.height, stream.pix_fmt = size.width, size.height, "yuv420p"
        for index, frame in enumerate(islice(clip.decode(video=0), 0, None, 3)):
            frame.pts, frame.time_base = index, Fraction(1, 10)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def studio(tenth: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("studio"), "--source", str(tenth), "--token", TOKEN)
    yield running
    stop(running)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Any]:
    """One a file, and ended with it: while it runs, no other test may run an event loop."""
    with playwright_api.sync_playwright() as opened:
        yield opened


@pytest.fixture(scope="module")
def browser(playwright: Any) -> Iterator[Any]:
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("Chromium is not installed")
    opened = playwright.chromium.launch(executable_path=program, args=FLAGS)
    yield opened
    opened.close()


class Room:
    """The pages of a file, in a window of their own; one that nobody needs is used again."""

    def __init__(self, browser: Any, printed: str) -> None:
        self._browser, self._printed = browser, printed
        self._contexts: dict[str, Any] = {}
        self._free: dict[tuple[str, str], list[Any]] = {}
        self._used: list[tuple[tuple[str, str], Any]] = []
        self.complaints: list[str] = []

    def page(self, script: str, locale: str) -> Any:
        """Give a page that begins with a script; its files may have been read before."""
        kind = (script, locale)
        free = self._free.setdefault(kind, [])
        page = free.pop() if free else self._open(script, locale)
        self._used.append((kind, page))
        page.set_viewport_size({"width": 1024, "height": 768})
        page.bring_to_front()  # what is behind another has a timer a second
        return page

    def clear(self) -> None:
        """Leave what pages show, and have them ready for whoever comes next."""
        while self._used:
            kind, page = self._used.pop()
            page.goto("about:blank")
            self._free[kind].append(page)

    def _open(self, script: str, locale: str) -> Any:
        if locale not in self._contexts:
            self._contexts[locale] = self._browser.new_context(
                device_scale_factor=SCALE, locale=locale
            )
            self._contexts[locale].request.head(self._printed)  # who was let in has a cookie
        page = self._contexts[locale].new_page()
        page.add_init_script(script)
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page


@pytest.fixture(scope="module")
def room(browser: Any, studio: Running) -> Room:
    return Room(browser, studio.printed)


@pytest.fixture
def visit(room: Room, studio: Running) -> Iterator[Callable[..., Any]]:
    """Open a page of the studio, connected; what it complains about fails the test.

    The avatar is not there (``drawn=False``), or moves, or is also ``painted``.
    """

    def opening(
        path: str = "/", *, drawn: bool = True, painted: bool = False, locale: str = "en-US"
    ) -> Any:
        script = "" if painted or PICTURES else UNPAINTED if drawn else UNDRAWN
        page = room.page(SLOWLY + script, locale)
        page.goto(studio.url + path)
        if not path.startswith("/avatar"):
            page.wait_for_function("window.did_handshake")
        return page

    yield opening
    room.clear()
    assert not room.complaints


def picture(page: Any, name: str) -> None:
    """Keep what a page looks like, where somebody wants to see it."""
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{PICTURES}/studio-{name}.png")
