"""The run behind the page: options, outputs and acts change while it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from waiting import eventually

pytest.importorskip("nicegui")

from clips import demo_frames

from facedrive.calibration import build_profile, default_profile, save_profile
from facedrive.errors import FacedriveError, OptionError, SinkError
from facedrive.filters import OneEuro
from facedrive.options import changed
from facedrive.pipeline import Pipeline
from facedrive.settings import Settings
from facedrive.sinks.video import VideoWriter
from facedrive.sources.camera import video_devices
from facedrive.studio.acts import Hand, Wave
from facedrive.studio.engine import Engine

pytestmark = pytest.mark.slow


def running_pipeline(engine: Engine) -> Pipeline:
    assert engine.live is not None
    return engine.live.pipeline


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    settings = changed(changed(Settings(), "source.what", "demo"), "control.ctl", False)
    opened = Engine(settings)
    opened.start()
    assert eventually(lambda: opened.feed.newest is not None)
    yield opened
    opened.close()


def aus_filter(engine: Engine) -> OneEuro:
    """Return the options by which the run smooths AUs."""
    assert engine.live is not None
    return engine.live.pipeline.pipelines[0].smoothing._aus.options


def test_an_option_that_may_change_does_so_in_the_run(engine: Engine) -> None:
    live = engine.live
    assert engine.change("smoothing.aus.beta", "3.5") == "3.5"
    assert engine.live is live
    assert engine.settings.smoothing.aus.beta == 3.5
    assert eventually(lambda: aus_filter(engine).beta == 3.5)


def test_another_option_opens_its_stage_again_and_outputs_stay(engine: Engine) -> None:
    engine.add("osc://127.0.0.1:9")
    pipeline = engine.live.pipeline
    engine.change("tracker.dlib.check_every", "5")
    assert eventually(lambda: engine.live.pipeline is not pipeline)
    assert eventually(lambda: engine.state == "running")
    assert [each.name for each in engine.outputs()] == ["osc://127.0.0.1:9"]
    engine.remove("osc://127.0.0.1:9")
    assert engine.settings.outputs.to == ()


def test_of_several_people_the_one_who_is_asked_for_is_shown(
    engine: Engine, tmp_path: Path
) -> None:
    clip = tmp_path / "two.mp4"
    with closing(VideoWriter(clip, (640, 240))) as film:
        for frame in islice(demo_frames(), 40):
            half = cv2.resize(frame.image, (320, 240))
            film.write(np.hstack([half, half[:, ::-1]]), frame.time)
    engine.change("tracker.faces", "all")
    engine.change("source.what", str(clip))
    assert eventually(lambda: engine.persons == 2)
    sides = []
    for number in (1, 2):
        engine.show_person(number)
        assert eventually(lambda: engine.feed.newest is not None and engine.feed.newest.face)
        newest = engine.feed.newest
        assert newest is not None and newest.person == number and newest.landmarks_px is not None
        sides.append(newest.landmarks_px[:, 0].mean() < 320)
        assert engine.raw() is not None
    assert sides[0] != sides[1]
    engine.change("tracker.faces", "1")
    engine.change("source.what", "demo")
    assert eventually(lambda: engine.state == "running" and engine.persons == 1)
    assert engine.feed.whose == 1


def test_a_value_that_cannot_be_changes_nothing(engine: Engine) -> None:
    before = engine.settings
    with pytest.raises(OptionError):
        engine.change("lost.hold_s", "long")
    with pytest.raises(FacedriveError):
        engine.add("nowhere://")
    assert engine.settings == before


def test_a_hand_takes_over_and_the_source_comes_back(engine: Engine) -> None:
    hand = Hand()
    hand.set(cheeks_puff=0.8)
    engine.perform(hand)
    assert eventually(lambda: engine.feed.newest is not None and engine.feed.newest.aus[22] > 0.7)
    assert engine.state == "acting"
    engine.resume()
    assert eventually(lambda: engine.state == "running" and not engine.feed.acted)


def test_a_wave_ends_by_itself(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facedrive.studio.acts.WAVE_S", 0.02)
    engine.perform(Wave())
    assert eventually(lambda: engine.act is None and engine.state == "running")


def test_a_source_that_is_none_is_said_and_another_heals_it(engine: Engine) -> None:
    engine.change("source.what", "no such clip.mp4")
    assert eventually(lambda: engine.state == "failed")
    assert "no such clip" in engine.error
    engine.change("source.what", "demo")
    assert eventually(lambda: engine.state == "running")
    assert engine.error == ""


def test_a_hundred_drags_lose_none_and_the_run_goes_on(engine: Engine) -> None:
    for step in range(100):
        engine.change("smoothing.aus.min_cutoff_hz", f"{1 + step / 100:g}")
    assert engine.settings.smoothing.aus.min_cutoff_hz == pytest.approx(1.99)
    newest = engine.feed.newest
    assert eventually(lambda: engine.feed.newest is not newest, 5)
    assert eventually(lambda: aus_filter(engine).min_cutoff_hz == pytest.approx(1.99))


def test_a_rig_and_a_mirror_leave_the_source_open(engine: Engine) -> None:
    live = engine.live
    engine.change("view.rig", "some/head.glb")
    engine.change("view.mirror", "no")
    engine.change("view.rig", None)
    assert engine.live is live


def test_the_picture_is_turned_as_the_settings_say(engine: Engine) -> None:
    assert eventually(lambda: engine.feed.picture is not None)
    height, width = engine.feed.size
    assert height != width
    engine.change("source.picture.rotate", "90")
    assert eventually(lambda: engine.feed.size == (width, height))
    engine.change("source.picture.rotate", None)
    assert eventually(lambda: engine.feed.size == (height, width))


def test_a_profile_in_use_takes_the_learnt_rests_place(engine: Engine) -> None:
    pipeline = running_pipeline(engine)
    assert pipeline.resting is not None
    mine = build_profile(np.full(24, 0.2, np.float32), None)
    engine.use_profile(mine)
    assert pipeline.profile is mine
    assert pipeline.resting is None
    engine.change("tracker.dlib.check_every", "7")
    assert eventually(lambda: running_pipeline(engine) is not pipeline)
    assert running_pipeline(engine).profile is mine
    assert running_pipeline(engine).resting is None
    engine.change("calibration.profile", None)
    assert eventually(lambda: running_pipeline(engine).resting is not None)
    assert engine.profile is not mine


def test_a_set_up_brings_its_own_profile(engine: Engine, tmp_path: Path) -> None:
    before, path = engine.settings, tmp_path / "mine.toml"
    save_profile(build_profile(np.full(24, 0.3, np.float32), None), path)
    engine.use_profile(default_profile())
    engine.replace(changed(before, "calibration.profile", path))
    assert eventually(lambda: engine.profile is not None and engine.profile.neutral[8] > 0.3)
    engine.replace(before)
    assert eventually(lambda: engine.profile is not None and engine.profile.neutral[8] == 0)
    assert eventually(lambda: engine.state == "running")


@pytest.mark.parametrize("url", ["csv:{}?overwrite=yes", "parquet:{}?overwrite=yes"])
def test_what_the_run_reads_is_never_an_output(url: str, tmp_path: Path) -> None:
    profile = tmp_path / "mine.toml"
    save_profile(default_profile(), profile)
    kept, url = profile.read_bytes(), url.format(profile)
    settings = changed(Settings(), "calibration.profile", profile)
    unstarted = Engine(settings)
    with pytest.raises(SinkError, match="is an input of this run"):
        unstarted.add(url)
    unstarted.replace(changed(settings, "outputs.to", (url,)))
    (output,) = unstarted.outputs()
    assert output.state == "failed"
    assert "is an input of this run" in output.error
    assert profile.read_bytes() == kept


@pytest.mark.skipif(bool(video_devices()), reason="this machine has a camera")
def test_without_a_camera_the_demo_clip_plays_and_says_so() -> None:
    opened = Engine(changed(Settings(), "control.ctl", False))
    opened.start()
    try:
        assert eventually(lambda: opened.stand_in and opened.feed.newest is not None)
        assert opened.state == "running"
    finally:
        opened.close()
