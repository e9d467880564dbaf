"""A run and all that may be asked of it, by name and from another thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from waiting import eventually

from facedrive.calibration import build_profile, load_profile, save_profile
from facedrive.errors import FacedriveError, OptionError, SinkError
from facedrive.live import Live, Status, commands
from facedrive.options import changed
from facedrive.outputs import Outputs
from facedrive.pipeline import Pipeline
from facedrive.recorder import SinkRecorder
from facedrive.settings import Settings
from facedrive.stages import Estimate
from facedrive.threads import now
from facedrive.trackers.align import CropSpec
from facedrive.types import Face, Frame, Sample

LANDMARKS = np.random.default_rng(0).uniform(20, 60, (68, 2)).astype(np.float32)


@dataclass
class Endless:
    """Frames until somebody stops."""

    live: bool = False

    def frames(self) -> Iterator[Frame]:
        index = 0
        while True:
            yield Frame(np.zeros((80, 80, 3), np.uint8), index / 30, index)
            index += 1


class Always:
    """A face in every frame."""

    def track(self, frame: Frame) -> Face | None:
        return Face(LANDMARKS, 1.0)

    def reset(self) -> None:
        pass


class Half:
    """Every AU at one half."""

    crop = CropSpec()

    def estimate(self, crop: object) -> Estimate:
        return Estimate(np.full(24, 0.5, np.float32), np.zeros((2, 2), np.float32))


@dataclass
class Keeps:
    samples: list[Sample] = field(default_factory=list)
    closed: int = 0

    def send(self, sample: Sample, frame: Frame | None) -> None:
        self.samples.append(sample)

    def close(self) -> None:
        self.closed += 1

    def shows_rest(self) -> bool:
        return any(sample.aus.max() < 0.1 for sample in self.samples[-1:])


@pytest.fixture
def sink() -> Keeps:
    return Keeps()


@pytest.fixture
def live(sink: Keeps) -> Iterator[Live]:
    """A run that goes on in a thread of its own."""
    made = Live(Settings(), Endless(), Pipeline(Always(), Half()), Outputs([sink], ["first"]))
    made._recorder = SinkRecorder(SimpleNamespace(mirror=False), made.outputs, Path("x.mp4"))
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    yield made
    made.stop()
    thread.join(20)
    assert not thread.is_alive()


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def status(live: Live) -> Status:
    found = live.call("status")
    assert isinstance(found, Status)
    return found


def test_every_command_says_what_it_does() -> None:
    assert {"recentre", "pause", "record", "mirror", "set", "add", "remove", "enable"} <= set(
        commands()
    )
    for each in commands().values():
        assert each.about.endswith(".")


def test_recentring_makes_this_face_the_neutral(live: Live, sink: Keeps, tmp_path: Path) -> None:
    assert eventually(lambda: sink.samples)
    live.call("recentre")
    assert eventually(sink.shows_rest)
    path = tmp_path / "me.toml"
    live.call("save_profile", [str(path)])
    assert load_profile(path).neutral[3] == pytest.approx(0.52, abs=0.01)


def test_a_profile_that_was_not_read_needs_a_path(live: Live) -> None:
    with pytest.raises(OptionError, match="save_profile needs a path"):
        live.call("save_profile")


def test_pausing_stops_the_frames(live: Live, sink: Keeps) -> None:
    live.call("pause", ["yes"])
    assert eventually(lambda: status(live).paused)
    count = len(sink.samples)
    live.status()
    assert len(sink.samples) <= count + 1
    live.call("pause")
    assert eventually(lambda: len(sink.samples) > count + 1)


@dataclass
class Second:
    """Four frames of a clip that lasts a second."""

    live: bool = False

    def frames(self) -> Iterator[Frame]:
        for index in range(4):
            yield Frame(np.zeros((80, 80, 3), np.uint8), index / 3, index)


@pytest.mark.parametrize(("url", "seconds"), [("osc://127.0.0.1:9", 1.0), ("csv:take.csv", 0.0)])
def test_a_clip_drives_apps_at_its_own_speed_and_files_at_once(url: str, seconds: float) -> None:
    settings = changed(Settings(), "outputs.to", (url,))
    run = Live(settings, Second(), Pipeline(Always(), Half()), Outputs([Keeps()], [url]))
    begun = now()
    run.run()
    assert seconds <= now() - begun < seconds + 0.8


def test_an_option_changes_from_the_next_frame_on(live: Live) -> None:
    live.call("set", ["smoothing.aus.beta", "2.5"])
    live.call("set", ["lost.hold_s", "4"])
    assert live.settings.smoothing.aus.beta == 2.5
    assert live.pipeline.lost.options.hold_s == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["set", "smoothing.aus.bata", "1"], r"Did you mean smoothing\.aus\.beta\?"),
        (["set", "smoothing.aus.beta", "-1"], "it must be a number from 0"),
        (["set", "source.what", "1"], "cannot change while facedrive runs"),
        (["set", "smoothing.aus.beta"], "set needs a value; it is set OPTION VALUE"),
        (["pause", "perhaps"], "on is 'perhaps'; it must be yes or no"),
        (["recentre", "now"], "recentre takes no 'now'"),
        (["recenter"], "no command 'recenter'.* Did you mean recentre"),
        (["remove", "second"], "no output 'second'; there are first"),
        (["add", "ocs://127.0.0.1:9"], "no sink 'ocs'.* Did you mean osc"),
        (["_change", "x", "y"], "no command '_change'"),
    ],
)
def test_what_cannot_be_done_is_told(live: Live, words: list[str], message: str) -> None:
    with pytest.raises(FacedriveError, match=message):
        live.call(words[0], words[1:])


def test_outputs_come_go_and_rest(live: Live, sink: Keeps, tmp_path: Path) -> None:
    url = f"csv:{tmp_path / 'added.csv'}"
    live.call("add", [url])
    live.call("enable", ["first", "no"])
    assert [each.state for each in status(live).outputs] == ["off", "sending"]
    live.call("remove", ["2"])
    live.call("enable", ["1"])
    assert [each[:3] for each in status(live).outputs] == [(1, "first", "sending")]
    with pytest.raises(SinkError, match="no output"):
        live.call("remove", [url])


@pytest.mark.slow
def test_commands_from_many_threads_lose_nothing(live: Live) -> None:
    def change(number: int) -> None:
        for step in range(50):
            live.call("set", ["smoothing.aus.beta", str(number + step / 100)])

    threads = [threading.Thread(target=change, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert status(live).running
    assert live.settings.smoothing.aus.beta % 1 == pytest.approx(0.49)


def test_another_profile_holds_from_the_next_frame_on(
    live: Live, sink: Keeps, tmp_path: Path
) -> None:
    rest = build_profile(np.full(24, 0.5, np.float32), None)
    save_profile(rest, tmp_path / "other.toml")
    live.call("set", ["calibration.profile", str(tmp_path / "other.toml")])
    assert eventually(sink.shows_rest)
