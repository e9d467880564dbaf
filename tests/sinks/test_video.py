"""A recording has its pictures at their own times and stays playable whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from facedrive.errors import DependencyError, SinkError
from facedrive.outputs import Outputs
from facedrive.sinks import video
from facedrive.sinks.video import VideoSink, VideoWriter
from facedrive.sources.video import VideoFile
from facedrive.types import Frame, Image, Sample

from .conftest import MakeSample
from .test_csv import small_disk


def picture(size: tuple[int, int] = (64, 48)) -> NDArray[np.uint8]:
    """Flat colours: red on the left, blue on the right."""
    width, height = size
    pixels = np.full((height, width, 3), (200, 60, 30), np.uint8)
    pixels[:, width // 2 :] = (20, 40, 180)
    return pixels


def noise(seed: int) -> NDArray[np.uint8]:
    """A picture that takes much space."""
    return np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def test_pictures_keep_their_uneven_times_and_colours(tmp_path: Path) -> None:
    times = [100.0, 100.01, 100.05, 100.3, 100.31, 101.9, 104.0]
    writer = VideoWriter(tmp_path / "out.mp4", (64, 48))
    for time in times:
        writer.write(picture(), time)
    writer.close()
    frames = list(VideoFile(tmp_path / "out.mp4").frames())
    assert [frame.time for frame in frames] == pytest.approx(np.array(times) - 100, abs=2e-5)
    for frame in frames:
        assert np.abs(frame.image.astype(int) - picture())[:, ::63].max() <= 4


def test_recording_is_h264_that_every_player_takes(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    writer = VideoWriter(tmp_path / "out.mp4", (64, 48))
    writer.write(picture(), 0.0)
    writer.close()
    with av.open(str(tmp_path / "out.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt, context.colorspace) == ("h264", "yuv420p", 1)


@pytest.mark.parametrize("live", [True, False])
def test_behind_a_live_source_it_encodes_in_a_thread_of_its_own(
    tmp_path: Path, make_sample: MakeSample, live: bool
) -> None:
    threads: set[int] = set()

    def compose(sample: Sample, frame: Frame | None) -> Image:
        threads.add(threading.get_ident())
        return picture()

    with Outputs([VideoSink(tmp_path / "out.mp4", compose)], live=live) as outputs:
        for index in range(5):
            outputs.send(make_sample(index), None)
    assert len(list(VideoFile(tmp_path / "out.mp4").frames())) == 5
    assert (threading.get_ident() in threads) is not live


@pytest.mark.parametrize("size", [(63, 47), (1, 1), (641, 480)])
def test_odd_sizes_are_padded_to_even(tmp_path: Path, size: tuple[int, int]) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", size)
    writer.write(picture(size), 0.0)
    writer.close()
    (frame,) = VideoFile(tmp_path / "out.mp4").frames()
    height, width = frame.image.shape[:2]
    assert (width, height) == (size[0] + size[0] % 2, size[1] + size[1] % 2)


def test_times_that_stand_still_or_go_back_lose_no_picture(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", (64, 48))
    for time in (0.0, 0.0, 0.5, 0.2, 0.6):
        writer.write(picture(), time)
    writer.close()
    times = [frame.time for frame in VideoFile(tmp_path / "out.mp4").frames()]
    assert len(times) == 5
    assert times == sorted(times)


def test_a_picture_of_another_size_is_an_error(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", (64, 48))
    writer.write(picture(), 0.0)
    with pytest.raises(SinkError, match="a picture is 32x32, the recording 64x48"):
        writer.write(picture((32, 32)), 0.1)
    writer.close()
    assert len(list(VideoFile(tmp_path / "out.mp4").frames())) == 1


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills with a POSIX signal")
def test_a_killed_recording_stays_playable(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    code = f"""
import itertools
import numpy as np
from pathlib import Path
from facedrive.sinks.video import VideoWriter
writer = VideoWriter(Path({str(path)!r}), (64, 48))
for index in itertools.count():
    writer.write(np.full((48, 64, 3), index % 200, np.uint8), index / 30)
    if index == 150:
        print("going", flush=True)
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    frames = list(VideoFile(path).frames())
    assert len(frames) > 120  # 5 s were sent; the last fragment of at most 0.5 s may be lost


@pytest.mark.slow
def test_a_disk_that_fills_up_leaves_a_playable_recording(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    writer = VideoWriter(path, (64, 48))
    with small_disk(100_000), pytest.raises(SinkError, match=r"out\.mp4 cannot be written"):
        for index in range(1000):
            writer.write(noise(index), index / 30)
    writer.close()
    assert len(list(VideoFile(path).frames())) >= 10


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
def test_disk_that_is_full_from_the_start_is_an_error() -> None:
    writer = None
    with pytest.raises(SinkError, match="/dev/full cannot be written: No space left on device"):
        writer = VideoWriter(Path("/dev/full"), (64, 48))
        writer.write(picture(), 0.0)
    if writer is not None:
        writer.close()


@pytest.mark.parametrize("opened", [VideoSink, lambda path: VideoWriter(path, (64, 48))])
def test_missing_folder_is_an_error(tmp_path: Path, opened: type[VideoSink]) -> None:
    with pytest.raises(SinkError, match=r"out\.mp4 cannot be written: No such file"):
        opened(tmp_path / "none" / "out.mp4")


def test_a_recording_of_the_same_name_gets_a_number(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_text("mine")
    for _ in range(2):
        writer = VideoWriter(tmp_path / "out.mp4", (64, 48))
        writer.write(picture(), 0.0)
        writer.close()
    assert (tmp_path / "out.mp4").read_text() == "mine"
    names = {each.name for each in tmp_path.iterdir()}
    assert names == {"out.mp4", "out-2.mp4", "out-3.mp4"}


def test_an_overwritten_recording_is_the_old_one_until_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "10:20 100%?.mp4"
    path.write_text("mine")
    writer = VideoWriter(path, (64, 48), overwrite=True)
    writer.write(picture(), 0.0)
    assert path.read_text() == "mine"
    writer.close()
    assert len(list(VideoFile(path).frames())) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_pyav_without_h264_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "ENCODER_NAME", "no_such_encoder")
    with pytest.raises(DependencyError, match=r"cannot encode H\.264"):
        VideoWriter(tmp_path / "out.mp4", (64, 48))
    assert list(tmp_path.iterdir()) == []


class TestVideoSink:
    def test_it_records_the_camera_picture(
        self, tmp_path: Path, make_sample: MakeSample, frame: Frame
    ) -> None:
        sink = VideoSink(tmp_path / "out.mp4")
        for index in range(3):
            sink.send(make_sample(index), frame)
        sink.close()
        frames = list(VideoFile(tmp_path / "out.mp4").frames())
        assert [each.time for each in frames] == pytest.approx([0, 1 / 30, 2 / 30], abs=2e-5)
        np.testing.assert_allclose(frames[0].image, frame.image, atol=4)

    def test_it_records_what_compose_makes(self, tmp_path: Path, make_sample: MakeSample) -> None:
        def compose(sample: Sample, frame: Frame | None) -> Image | None:
            return None if sample.index == 1 else np.full((20, 30, 3), 90, np.uint8)

        sink = VideoSink(tmp_path / "out.mp4", compose)
        for index in range(3):
            sink.send(make_sample(index), None)
        sink.close()
        frames = list(VideoFile(tmp_path / "out.mp4").frames())
        assert [each.image.shape for each in frames] == [(20, 30, 3)] * 2

    def test_a_replay_without_pictures_says_that_the_recording_is_empty(
        self, tmp_path: Path, make_sample: MakeSample, caplog: pytest.LogCaptureFixture
    ) -> None:
        sink = VideoSink(tmp_path / "out.mp4")
        sink.send(make_sample(), None)
        sink.close()
        assert "out.mp4 is not written" in caplog.text
        assert list(tmp_path.iterdir()) == []
