"""The window, on a screen of its own: what each of its keys does."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import pytest
from waiting import eventually

from facedrive.remote.ctl import ask
from facedrive.sinks import viewer
from facedrive.sources.demo import CLIP

from .screen import Screen, open_screen

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="needs Xvfb")]

RIG = Path(__file__).resolve().parents[2] / "rigs" / "basic.obj"

AGAIN_S = 30.0
"""How long a key may have no effect before it is pressed again."""

REPEATS = 10
"""The demo clip, so many times: no run ends before its keys are pressed."""


@dataclass
class Live:
    """``facedrive live`` with its window."""

    screen: Screen
    process: subprocess.Popen[bytes]
    log: Path
    recording: Path
    receiver: socket.socket
    window: str = ""

    def press(self, key: str) -> None:
        self.screen.press(self.window, key)

    def press_until(self, key: str, promise: Callable[[], bool], what: str) -> None:
        """Press a key; again after a while without an effect, as people do on a slow machine."""
        end = time.monotonic() + AGAIN_S
        self.press(key)
        while not promise() and time.monotonic() < end:
            time.sleep(0.05)
        if not promise():
            self.press(key)
        self.until(promise, what)

    def says(self, words: str) -> bool:
        return words in self.log.read_text(encoding="utf-8")

    def sends(self, wait_s: float) -> bool:
        """Say whether a packet comes within a time; the ones from before do not count."""
        self.receiver.setblocking(False)
        try:
            while self.receiver.recv(65_536):
                pass
        except BlockingIOError:
            self.receiver.settimeout(wait_s)
        try:
            return bool(self.receiver.recv(65_536))
        except TimeoutError:
            return False

    def until(self, promise: Callable[[], bool], what: str) -> None:
        """Wait for something; fails with what the command said if it does not come."""
        for _ in range(2400):
            if promise():
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        assert promise(), f"{what}; {self.log.read_text(encoding='utf-8')}"


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo again and again, its packets copied."""
    path = tmp_path_factory.mktemp("viewer") / "long.mkv"
    with av.open(str(path), "w") as out:
        stream, offset = None, 0
        for _ in range(REPEATS):
            with av.open(str(CLIP)) as container:
                video = container.streams.video[0]
                stream = stream or out.add_stream_from_template(video)
                for packet in container.demux(video):
                    if packet.dts is not None:
                        packet.stream, packet.pts = stream, packet.pts + offset
                        packet.dts += offset
                        out.mux(packet)
                assert video.duration is not None
                offset += video.duration
    return path


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    with open_screen(tmp_path_factory.mktemp("screen")) as opened:
        yield opened


@pytest.fixture(scope="module")
def started() -> Iterator[list[Live]]:
    """The runs so far: starting takes the longest, so one run serves all keys but ``q``."""
    runs: list[Live] = []
    yield runs
    for run in runs:
        run.process.kill()
        run.process.wait()
        run.receiver.close()


@pytest.fixture
def live(
    started: list[Live], screen: Screen, long_clip: Path, tmp_path_factory: pytest.TempPathFactory
) -> Live:
    """A run whose window shows pictures.

    On a busy computer Qt 5 at times loses the X server's message that its window is on the screen
    now, and paints nothing; taken off and put back, the window paints.
    """
    if not started or started[-1].process.poll() is not None:
        started.append(start(screen, long_clip, tmp_path_factory.mktemp("run")))
    newest = started[-1]
    for _ in range(20):
        if eventually(lambda: shows_pictures(newest), 6, every=0.2):
            return newest
        if newest.window:
            screen.put_back(newest.window)
    raise AssertionError(f"no window with pictures; {newest.log.read_text(encoding='utf-8')}")


def start(screen: Screen, clip: Path, folder: Path) -> Live:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    command = [
        sys.executable, "-m", "facedrive", "live", "--source", str(clip), "--rig", str(RIG),
        "--out", f"osc://127.0.0.1:{receiver.getsockname()[1]}",
    ]  # fmt: skip
    log = folder / "log.txt"
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=folder, env=screen.environment, stdout=said, stderr=said
        )
    return Live(screen, process, log, folder / "facedrive.mp4", receiver)


def shows_pictures(live: Live) -> bool:
    """Say whether the window has a picture: its title tells the frame rate, and it is not black."""
    live.window = live.screen.do("search", "--name", f"^{viewer.NAME}").split("\n")[0]
    named = " fps" in live.screen.do("getwindowname", live.window) if live.window else False
    return named and live.screen.picture(live.log.with_name("screen.png")).std() > 20


def ends_the_run(live: Live, key: str) -> None:
    live.press_until(key, lambda: live.process.poll() is not None, "it goes on")
    assert live.process.poll() == 0


def sets_the_neutral(live: Live, key: str) -> None:
    def times() -> int:
        return live.log.read_text(encoding="utf-8").count("neutral set")

    before = times()
    live.press_until(key, lambda: times() > before, "no neutral is set")


def pauses_and_goes_on(live: Live, key: str) -> None:
    live.until(lambda: live.sends(5), "nothing is sent")
    live.press_until(key, lambda: not live.sends(1), "it is not paused")
    live.press_until(key, lambda: live.sends(5), "it does not go on")


def records_a_clip(live: Live, key: str) -> None:
    live.press_until(key, live.recording.exists, "no recording")
    size = live.recording.stat().st_size
    live.until(lambda: live.recording.stat().st_size > size, "the recording does not grow")
    live.press_until(key, lambda: live.says("recording finished"), "the recording does not end")
    with av.open(str(live.recording)) as container:
        assert any(frame.width > 0 for frame in container.decode(video=0))


def mirrors(live: Live, key: str) -> None:
    def mirrored() -> bool:
        return bool(ask("status", (), live.process.pid)["mirror"])

    assert not mirrored()
    live.press_until(key, mirrored, "the view is not mirrored")


KEYS: dict[str, Callable[[Live, str], None]] = {
    "n": sets_the_neutral,
    "c": sets_the_neutral,
    "m": mirrors,
    "r": records_a_clip,
    "p": pauses_and_goes_on,
    "q": ends_the_run,
}
"""Key → what it does; what ends the run comes last."""


def test_the_window_shows_the_face_and_the_avatar(live: Live, tmp_path: Path) -> None:
    live.until(
        lambda: live.screen.picture(tmp_path / "screen.png").std() > 20, "the screen is empty"
    )


@pytest.mark.parametrize("key", KEYS)
def test_a_key_does_what_the_title_says(key: str, live: Live) -> None:
    KEYS[key](live, key)


def test_every_key_is_tried_and_those_of_the_title_are_keys() -> None:
    assert set(viewer.KEYS) == set(KEYS)
    told = dict(re.findall(r"\b(\w) (\w+)", viewer.TITLE_KEYS))
    assert {viewer.KEYS[key] for key in told} == set(viewer.KEYS.values())
