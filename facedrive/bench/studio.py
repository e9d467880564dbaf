"""What the studio costs, measured from outside: start, latency, pictures, memory, drags, weight.

The studio runs in a process of its own on the demo clip, as a user's does; pages are WebSocket
clients that take samples and pictures. What only a browser knows (the first picture drawn, from
captured to drawn, the weight of the page) is measured where Chromium and Playwright are there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import psutil

from facedrive.errors import FacedriveError
from facedrive.options import changed
from facedrive.settings import Settings
from facedrive.studio.engine import Engine
from facedrive.threads import Worker, now, wall_clock

ROUNDS = 3
"""Times that the run is measured without a page and with one, in turn."""

DRAGS = 1000

START_S = 60.0
"""How long the studio may take to begin."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

FLAGS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
         "--disable-dev-shm-usage", "--disable-background-networking")  # fmt: skip

HOMES = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "APPDATA", "LOCALAPPDATA")
"""Where a user's files are looked for, on one system or another."""

WIRE = "osc://127.0.0.1:39999"
"""A loopback port that nobody listens on: sending costs the same."""


class Studio:
    """A studio that runs in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], port: int, begun: float) -> None:
        """Know where it is, and when it was begun by the wall clock."""
        self.process, self.port, self.begun = process, port, begun
        self.url = f"http://127.0.0.1:{port}"

    def figures(self) -> dict[str, float]:
        """Ask what it has done so far."""
        with urllib.request.urlopen(f"{self.url}/figures", timeout=START_S) as answer:
            found: dict[str, float] = json.loads(answer.read())
        return found

    @property
    def memory_mb(self) -> float:
        """What it holds, with its children; what they share counts once, where Linux says so."""
        held = [each.memory_full_info() for each in self._processes()]
        return sum(getattr(each, "pss", each.rss) for each in held) / 2**20

    @property
    def processor_s(self) -> float:
        """What it has taken of all cores, with its children."""
        return sum(sum(each.cpu_times()[:2]) for each in self._processes())

    def _processes(self) -> list[psutil.Process]:
        process = psutil.Process(self.process.pid)
        return [process, *process.children(recursive=True)]


class Viewer:
    """A page without a browser: takes what it is sent, and notes how old it is."""

    def __init__(self, studio: Studio) -> None:
        """Connect, and take pictures too."""
        self.first: dict[int, float] = {}
        """When the first message of each kind came, by the wall clock."""
        self.ages_ms: list[float] = []
        self._address = f"ws://127.0.0.1:{studio.port}/feed?picture=1"
        self._worker = Worker("viewer", self._take)

    def close(self) -> None:
        """Go."""
        self._worker.stop()

    def _take(self, stopping: threading.Event) -> None:
        from websockets.sync.client import connect

        with connect(self._address, proxy=None, max_size=2**22) as connection:
            while not stopping.is_set():
                try:
                    message = connection.recv(0.2)
                except TimeoutError:
                    continue
                came = wall_clock()
                kind = message[0]
                self.first.setdefault(int(kind), came)
                if kind == 1:
                    (captured_ms,) = struct.unpack_from("<d", bytes(message), 8)  # pyrefly: ignore[bad-argument-type]
                    self.ages_ms.append(came * 1000 - captured_ms)


def measure(seconds: float, memory_s: float, pages: int, browser: str | None) -> dict[str, Any]:
    """Measure all of it; see ``facedrive bench studio``.

    Raises:
        FacedriveError: if the studio does not begin.
    """
    with _running() as studio:
        report = _measure_start(studio)
        report |= _measure_latency(studio, seconds)
        if memory_s:
            report |= _measure_memory(studio, memory_s, pages)
    report |= measure_drags()
    program = browser or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is not None and _has_playwright():
        with _running() as studio:
            report |= _measure_browser(studio, program, seconds, pages)
    return report


@contextmanager
def _running() -> Iterator[Studio]:
    """Run ``facedrive studio`` with folders of its own, and end it."""
    with tempfile.TemporaryDirectory(prefix="facedrive-", ignore_cleanup_errors=True) as folder:
        homes = dict.fromkeys(HOMES, folder)
        command = [sys.executable, "-m", "facedrive", "studio", "--no-open", "--port", "0",
                   "--folder", folder, "--source", "demo", "--out", WIRE]  # fmt: skip
        begun = wall_clock()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   text=True, env=os.environ | homes)  # fmt: skip
        with process:
            assert process.stdout is not None
            try:
                found = re.search(r"http://[\d.]+:(\d+)", process.stdout.readline())
                if found is None:
                    raise FacedriveError("the studio did not begin; start facedrive studio itself.")
                yield Studio(process, int(found[1]), begun)
            finally:
                process.terminate()


def _measure_start(studio: Studio) -> dict[str, float]:
    """Return when, after the command, the first sample and picture were at a page."""
    _wait(lambda: bool(studio.figures()))
    viewer = Viewer(studio)
    _wait(lambda: {1, 2} <= viewer.first.keys())
    processor_s = studio.processor_s
    viewer.close()
    return {"first_sample_s": viewer.first[1] - studio.begun,
            "first_picture_s": viewer.first[2] - studio.begun,
            "first_picture_processor_s": processor_s}  # fmt: skip


def _measure_latency(studio: Studio, seconds: float) -> dict[str, float]:
    """Return frame to wire without a page and with one, and what the pictures take."""
    without: list[float] = []
    having: list[float] = []
    ages_ms: list[float] = []
    busy_s = 0.0
    for _ in range(ROUNDS):
        _sleep(seconds)
        without.append(studio.figures()["wire_ms"])
        viewer, before = Viewer(studio), studio.figures()
        _sleep(seconds)
        after = studio.figures()
        viewer.close()
        having.append(after["wire_ms"])
        busy_s += after["picture_s"] - before["picture_s"]
        ages_ms += viewer.ages_ms
        _wait(lambda: studio.figures()["pages"] == 0)
    return {
        "wire_without_page_ms": float(np.median(without)),
        "wire_with_page_ms": float(np.median(having)),
        "wire_ratio": float(np.median(np.divide(having, without))),
        "captured_to_page_ms": float(np.median(ages_ms)),
        "pictures_of_a_core": busy_s / (ROUNDS * seconds),
    }


def _measure_memory(studio: Studio, seconds: float, pages: int) -> dict[str, float]:
    """Return what the studio holds with some pages open, and what that grew by."""
    with ExitStack() as stack:
        for _ in range(pages):
            stack.callback(Viewer(studio).close)
        _sleep(min(20.0, seconds / 2))
        before = studio.memory_mb
        _sleep(seconds)
        after = studio.memory_mb
    return {"memory_mb": after, "memory_growth_mb": after - before, "memory_pages": pages,
            "memory_s": seconds}  # fmt: skip


def measure_drags(count: int = DRAGS) -> dict[str, float]:
    """Return what becomes of many changes of a slider in a row, as fast as they can be made.

    Returns:
        drags_s: what they took; drags_lost: whether the last one does not hold;
        drags_longest_gap_ms: the longest time without a sample meanwhile, and
        usual_longest_gap_ms: the same for as long without drags.
    """
    settings = changed(changed(Settings(), "source.what", "demo"), "control.ctl", False)
    engine = Engine(settings)
    engine.start()
    try:
        _wait(lambda: engine.feed.frames > 60)
        start = now()
        for step in range(count):
            engine.change("smoothing.aus.min_cutoff_hz", f"{1 + step / count:g}")
        took = now() - start
        _sleep(1.0)
        busy = engine.feed.longest_gap_s(now() - start)
        held = engine.settings.smoothing.aus.min_cutoff_hz
        since = now()
        _sleep(took + 1.0)
        usual = engine.feed.longest_gap_s(now() - since)
    finally:
        engine.close()
    return {"drags": count, "drags_s": took, "drags_lost": int(held != 1 + (count - 1) / count),
            "drags_longest_gap_ms": busy * 1000, "usual_longest_gap_ms": usual * 1000}  # fmt: skip


def _has_playwright() -> bool:
    from importlib.util import find_spec

    return find_spec("playwright") is not None


def _measure_browser(studio: Studio, program: str, seconds: float, pages: int) -> dict[str, float]:
    """Return what a browser without a graphics card sees, and what the studio holds with it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1024, "height": 768}, device_scale_factor=0.5)
        asked = wall_clock()
        page.goto(studio.url)
        page.wait_for_selector("fd-avatar[data-index]", state="attached", timeout=START_S * 1000)
        drawn = wall_clock()
        page.wait_for_timeout(1000 * seconds)
        delay_ms = page.evaluate("facedriveFeed.delay")
        drawn_hz = page.evaluate(DRAWN_HZ, 1000 * seconds)
        kilobytes = page.evaluate(WEIGHT)
        page.goto("about:blank")
        small = _measure_small(browser, studio, seconds)
        page.goto(studio.url)
        for number in range(1, pages):
            browser.new_page().goto(studio.url + VIEWS[number % len(VIEWS)])
        page.wait_for_timeout(1000 * seconds)
        memory_mb = studio.memory_mb
        browser.close()
    return {"browser_page_to_drawn_s": drawn - asked, "browser_captured_to_drawn_ms": delay_ms,
            "browser_frames_a_second": drawn_hz, "page_kb": kilobytes,
            "browser_memory_mb": memory_mb, **small}  # fmt: skip


def _measure_small(browser: Any, studio: Studio, seconds: float) -> dict[str, float]:
    """Return the same of an avatar that is so small that drawing it holds nothing up."""
    page = browser.new_page(viewport=SMALL)
    page.goto(f"{studio.url}/avatar")
    page.wait_for_selector("fd-avatar[data-index]", state="attached", timeout=START_S * 1000)
    page.evaluate("facedriveFeed.delays.length = 0")
    page.wait_for_timeout(1000 * seconds)
    found = {"browser_small_captured_to_applied_ms": page.evaluate("facedriveFeed.delay"),
             "browser_small_frames_a_second": page.evaluate(DRAWN_HZ, 1000 * seconds)}  # fmt: skip
    page.close()
    return found


SMALL = {"width": 256, "height": 256}
"""Of the page of such an avatar; a browser draws still smaller ones once a second."""


VIEWS = ("/", "/setup", "/tune", "/outputs", "/takes")

DRAWN_HZ = """ms => new Promise(done => { let count = 0; const end = performance.now() + ms;
    const draw = () => { count += 1; performance.now() < end ? requestAnimationFrame(draw)
        : done(count * 1000 / ms); }; requestAnimationFrame(draw); })"""
"""How often the page is drawn."""

WEIGHT = """() => performance.getEntriesByType('navigation').concat(
    performance.getEntriesByType('resource')).filter(each => !each.name.includes('/rig'))
    .reduce((sum, each) => sum + each.encodedBodySize, 0) / 1024"""
"""All that the page fetched but the rig, kilobytes."""


def _wait(promise: Callable[[], bool]) -> None:
    end = now() + START_S
    while not promise():
        if now() > end:
            raise FacedriveError("the studio gives no samples; start facedrive studio itself.")
        _sleep(0.02)


def _sleep(seconds: float) -> None:
    threading.Event().wait(seconds)
