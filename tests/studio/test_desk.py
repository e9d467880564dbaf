"""What all pages share: recordings with and without a picture, and what two pages do at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from disk import small_disk

pytest.importorskip("nicegui")

from facedrive.assembly import load_rig
from facedrive.calibration import build_profile, default_profile, load_profile, save_profile
from facedrive.errors import DataError, FacedriveError, SinkError
from facedrive.options import changed
from facedrive.settings import Settings
from facedrive.sources import open_source
from facedrive.studio.acts import posed
from facedrive.studio.apps import APPS
from facedrive.studio.desk import Desk
from facedrive.studio.engine import Engine
from facedrive.types import Frame

LONG = "n" * 10_000


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk whose engine is not started: what it is asked for is done at once."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    opened = Desk(Engine(Settings()), tmp_path)
    yield opened
    opened.engine._outputs.close()


def send(desk: Desk, count: int, *, first: int = 0, picture: bool = True) -> None:
    """Send as the run would."""
    image = np.full((48, 64, 3), 90, np.uint8)
    for index in range(first, first + count):
        sample = replace(posed(np.full(24, 0.5, np.float32), index), time=index / 30)
        frame = Frame(image, sample.time, index) if picture else None
        desk.engine._outputs.send(sample, frame)


def test_a_take_is_recorded_with_the_cameras_picture_if_wanted(desk: Desk) -> None:
    desk.with_picture = True
    desk.record()
    send(desk, 12)
    desk.record()
    (entry,) = desk.library.entries()
    assert entry.rows == 12
    with av.open(str(entry.picture)) as video:
        frames = [frame.time for frame in video.decode(video=0)]
    assert len(frames) >= 8  # one that a slow disk has no time for is dropped
    assert frames[0] == 0
    assert desk.picture_of(entry.name).startswith("/picture/take")
    name = desk.library.rename(entry.name, "waving")
    assert (desk.library.folder / "waving.mp4").is_file()
    desk.library.delete(name)
    assert not list(desk.library.folder.iterdir())


def test_without_a_wish_no_picture_is_kept_and_a_curve_stands_for_it(desk: Desk) -> None:
    desk.record()
    send(desk, 12, picture=False)
    desk.record()
    (entry,) = desk.library.entries()
    assert not entry.picture.exists()
    assert not entry.thumbnail.exists()
    assert desk.picture_of(entry.name) == desk.picture_of("no such take") == ""
    assert entry.curve == (1.0,) * 64  # half of everything is much


def test_a_full_disk_ends_the_recording_in_a_line_and_keeps_what_was_written(desk: Desk) -> None:
    desk.engine.add(f"csv:{desk.library.folder.parent / 'other.csv'}")
    desk.record()
    send(desk, 3, picture=False)
    with small_disk(6000):
        send(desk, 30, first=3, picture=False)
    assert not desk.is_recording
    assert "cannot be written: File too large" in desk.recording_error
    (entry,) = desk.library.entries()
    assert 3 <= entry.rows < 30
    desk.record()  # there is room again
    assert desk.is_recording
    assert desk.recording_error == ""
    send(desk, 2)
    desk.record()
    assert len(desk.library.entries()) == 2


def test_a_take_that_is_deleted_while_it_plays_plays_on(desk: Desk) -> None:
    desk.record()
    send(desk, 10)
    desk.record()
    (entry,) = desk.library.entries()
    player = desk.play(entry.name)
    entry.path.unlink()
    assert desk.player is player
    assert player.at(player.duration).aus[0] == pytest.approx(0.5)
    with pytest.raises(DataError, match="was it deleted"):
        desk.library.trim(entry.name, 0, 1)
    with pytest.raises(DataError, match="was it deleted"):
        desk.play(entry.name)
    assert desk.library.entries() == []


def test_two_pages_at_one_slider_leave_what_the_last_of_them_said(desk: Desk) -> None:
    ready = threading.Barrier(2)

    def drag(levels: np.ndarray) -> None:
        ready.wait()
        for level in levels:
            desk.move("jaw_drop", float(level), linked=True)

    pages = [threading.Thread(target=drag, args=(levels,))
             for levels in (np.linspace(0, 1, 500), np.linspace(1, 0, 500))]  # fmt: skip
    for each in pages:
        each.start()
    for each in pages:
        each.join()
    desk.move("jaw_drop", 0.25, linked=True)
    assert desk.hand.level("jaw_drop") == pytest.approx(0.25)
    assert desk.engine.act is desk.hand


def test_two_pages_that_change_options_lose_none(desk: Desk) -> None:
    engine, ready = desk.engine, threading.Barrier(2)

    def change(name: str) -> None:
        ready.wait()
        for step in range(100):
            engine.change(name, f"{1 + step / 50:g}")

    names = ("smoothing.aus.beta", "smoothing.gaze.beta")
    pages = [threading.Thread(target=change, args=(name,)) for name in names]
    for each in pages:
        each.start()
    for each in pages:
        each.join()
    smoothing = engine.settings.smoothing
    assert (smoothing.aus.beta, smoothing.gaze.beta) == pytest.approx((2.98, 2.98))


def test_two_pages_that_add_outputs_lose_none(desk: Desk) -> None:
    urls = [f"osc://127.0.0.1:{port}" for port in range(9000, 9020)]
    adding = [threading.Thread(target=desk.engine.add, args=(url,)) for url in urls]
    for each in adding:
        each.start()
    for each in adding:
        each.join()
    assert sorted(desk.engine.settings.outputs.to) == urls
    assert sorted(each.name for each in desk.engine.outputs()) == urls


def test_an_output_that_is_there_already_is_not_sent_to_twice(desk: Desk) -> None:
    desk.engine.add("osc://127.0.0.1:9")
    with pytest.raises(SinkError, match="is an output already"):
        desk.engine.add("osc://127.0.0.1:9")
    assert len(desk.engine.outputs()) == len(desk.engine.settings.outputs.to) == 1


def test_a_set_up_keeps_the_tuning_that_is_in_no_file_yet(desk: Desk) -> None:
    engine = desk.engine
    engine.use_profile(build_profile(np.full(24, 0.2, np.float32), None))
    saved = desk.save_setup("stream")
    held = engine.settings.calibration.profile
    assert held == desk.profiles / "stream.toml"
    assert load_profile(held).neutral[8] == pytest.approx(0.22)
    engine.change("calibration.profile", None)
    desk.load_setup("stream")
    assert engine.settings.calibration.profile == held
    engine.use_profile(build_profile(np.full(24, 0.3, np.float32), None))
    assert desk.save_setup("stream") == saved
    assert load_profile(held).neutral[8] == pytest.approx(0.32)
    desk.save_setup("stream")  # nothing new to keep
    assert [each.name for each in desk.profiles.iterdir()] == ["stream.toml"]


def test_a_set_up_of_the_name_of_anothers_profile_leaves_that_alone(desk: Desk) -> None:
    other = desk.profiles / "stream.toml"
    save_profile(default_profile(), other)
    desk.engine.use_profile(build_profile(np.full(24, 0.2, np.float32), None))
    desk.save_setup("stream")
    assert load_profile(other).neutral[8] == 0
    assert desk.engine.settings.calibration.profile == desk.profiles / "stream-2.toml"


@pytest.mark.parametrize(
    "do",
    [
        lambda desk: open_source(LONG),
        lambda desk: desk.engine.change("source.what", LONG),
        lambda desk: desk.engine.add(f"csv:{LONG}"),
        lambda desk: desk.engine.add(f"osc://127.0.0.1:9?mapping={LONG}"),
        lambda desk: desk.engine.add(f"vmc://127.0.0.1:9?mapping={LONG}"),
        lambda desk: load_rig(f"{LONG}.glb"),
        lambda desk: desk.engine.change(LONG, "1"),
        lambda desk: desk.engine.add(LONG),
        lambda desk: desk.engine.add(f"osc://127.0.0.1:{LONG}"),
        lambda desk: desk.rig(LONG),
        lambda desk: desk.mapping(LONG),
        lambda desk: desk.load_setup(LONG),
        lambda desk: desk.play(LONG),
        lambda desk: desk.library.note(LONG, LONG),
        lambda desk: desk.gallery.keep(f"{LONG}.glb", b"glTF"),
    ],
)  # fmt: skip
def test_a_name_of_ten_thousand_letters_is_taken_or_refused_in_a_line(
    desk: Desk, do: Callable[[Desk], object]
) -> None:
    try:
        do(desk)
    except FacedriveError as error:
        assert "\n" not in str(error)


def test_a_name_that_is_kept_is_cut_to_what_a_disk_takes(desk: Desk) -> None:
    desk.record()
    send(desk, 2)
    desk.record()
    (entry,) = desk.library.entries()
    name = desk.library.rename(entry.name, LONG)
    assert len(name) == 80
    desk.library.note(name, LONG)
    assert len(desk.library.find(name).notes) == 2000


def test_a_virtual_camera_shows_the_chosen_rig(desk: Desk) -> None:
    (camera,) = [app for app in APPS if app.scheme == "camera"]
    assert desk.address_of(camera) == "camera:"
    desk.engine.settings = changed(desk.engine.settings, "view.rig", Path("/my rigs/a&b.vrm"))
    assert desk.address_of(camera) == "camera:?rig=/my%20rigs/a%26b.vrm"
