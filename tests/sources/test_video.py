"""A file gives each whole frame at its own time; what is no video is a clear error."""

from __future__ import annotations

import functools
import http.server
import logging
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from facedrive.errors import SourceError
from facedrive.progress import track_frames
from facedrive.sources.decode import FileFrames
from facedrive.sources.guard import guarded_frames
from facedrive.sources.video import VideoFile, VideoStream
from facedrive.threads import now

from .conftest import WriteClip

Pictures = list[NDArray[np.uint8]]


def test_every_frame_comes_unchanged_and_in_order(
    write_clip: WriteClip, pictures: Pictures
) -> None:
    frames = list(VideoFile(write_clip(pictures)).frames())
    assert [frame.index for frame in frames] == list(range(len(pictures)))
    for frame, picture in zip(frames, pictures, strict=True):
        assert frame.image.dtype == np.uint8
        np.testing.assert_array_equal(frame.image, picture)


def test_uneven_frame_times_are_kept(write_clip: WriteClip, pictures: Pictures) -> None:
    times_ms = [0, 10, 30, 100, 101, 500, 540, 900, 901, 2000]
    frames = VideoFile(write_clip(pictures, times_ms=times_ms)).frames()
    assert [frame.time for frame in frames] == pytest.approx(np.array(times_ms) / 1000, abs=1e-9)


@pytest.mark.slow
def test_a_file_gives_the_same_every_time(write_clip: WriteClip, pictures: Pictures) -> None:
    source = VideoFile(write_clip(pictures, "clip.mp4", codec="libx264", pix_fmt="yuv420p"))
    for first, second in zip(source.frames(), source.frames(), strict=True):
        assert first.time == second.time
        np.testing.assert_array_equal(first.image, second.image)


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (180, 2), (-90, 3)])
def test_rotated_recordings_are_turned_upright(
    write_clip: WriteClip, pictures: Pictures, rotation: int, turns: int
) -> None:
    clip = {"name": "clip.mp4", "codec": "libx264rgb", "pix_fmt": "rgb24", "options": {"qp": "0"}}
    path = write_clip(pictures, rotation=rotation, **clip)
    image = next(VideoFile(path).frames()).image
    upright = np.rot90(pictures[0], turns)
    assert image.shape == upright.shape
    assert np.abs(image.astype(int) - upright).mean() < 8
    assert image.flags.c_contiguous


@pytest.mark.slow
@pytest.mark.parametrize("pix_fmt", ["gray", "bgra", "gray16le", "yuv444p"])
def test_other_pixel_formats_become_rgb(write_clip: WriteClip, pix_fmt: str) -> None:
    grey = np.full((16, 16, 3), 120, dtype=np.uint8)
    frame = next(VideoFile(write_clip([grey], pix_fmt=pix_fmt)).frames())
    assert frame.image.shape == (16, 16, 3)
    np.testing.assert_allclose(frame.image, 120, atol=2)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1, 1), (1, 7)])
def test_tiny_frames_can_be_read(write_clip: WriteClip, size: tuple[int, int]) -> None:
    picture = np.full((*size, 3), (200, 30, 90), dtype=np.uint8)
    (frame,) = VideoFile(write_clip([picture])).frames()
    np.testing.assert_array_equal(frame.image, picture)


@pytest.mark.slow
def test_8k_frames_can_be_read(write_clip: WriteClip) -> None:
    picture = np.full((4320, 7680, 3), 90, dtype=np.uint8)
    clip = write_clip([picture], "clip.avi", codec="mjpeg", pix_fmt="yuvj420p")
    (frame,) = VideoFile(clip).frames()
    assert frame.image.shape == picture.shape
    assert abs(int(frame.image[-1, -1, 0]) - 90) <= 2


@pytest.mark.slow
def test_frame_count_is_what_the_file_says(write_clip: WriteClip, pictures: Pictures) -> None:
    mp4 = write_clip(pictures, "clip.mp4", codec="libx264", pix_fmt="yuv420p")
    assert VideoFile(mp4).frame_count == 10
    assert VideoFile(write_clip(pictures)).frame_count is None


def test_a_frozen_program_starts_no_child_to_count(
    write_clip: WriteClip, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    mp4 = write_clip(pictures, "clip.mp4", codec="libx264", pix_fmt="yuv420p")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "")
    assert VideoFile(mp4).frame_count == 10


def test_how_far_it_is_opens_the_file_once(
    write_clip: WriteClip, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    mp4 = write_clip(pictures, "clip.mp4", codec="libx264", pix_fmt="yuv420p")
    opened, real = [], FileFrames.__init__

    def count(file: FileFrames, path: Path, *more: object) -> None:
        opened.append(path)
        real(file, path)

    monkeypatch.setattr(FileFrames, "__init__", count)
    source = VideoFile(mp4, guarded=False)
    assert len(list(track_frames(source.frames(), source))) == 10
    assert opened == [mp4]


@pytest.mark.slow
def test_truncated_file_gives_its_whole_frames_and_a_warning(
    write_clip: WriteClip, pictures: Pictures, caplog: pytest.LogCaptureFixture
) -> None:
    options = {"movflags": "faststart", "bf": "0"}
    clip = {"codec": "libx264", "pix_fmt": "yuv420p", "options": options}
    path = write_clip(pictures * 3, "clip.mp4", **clip)
    whole = list(VideoFile(path).frames())
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    frames = list(VideoFile(path).frames())
    assert 5 < len(frames) < len(whole)
    for cut, uncut in zip(frames, whole, strict=False):
        np.testing.assert_array_equal(cut.image, uncut.image)
    assert f"ends early, after {len(frames)} of 30 frames" in caplog.text


@pytest.mark.slow
def test_file_cut_between_frames_is_a_warning_too(
    write_clip: WriteClip, pictures: Pictures, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_clip(pictures * 10)  # 4 s of Matroska, whose frames bear no count
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 30 < len(list(VideoFile(path).frames())) < 60
    assert "ends early" in caplog.text


@pytest.mark.slow
def test_whole_file_ends_without_a_warning(
    write_clip: WriteClip, pictures: Pictures, caplog: pytest.LogCaptureFixture
) -> None:
    clips = [
        write_clip(pictures),
        write_clip(pictures, "clip.mp4", codec="libx264", pix_fmt="yuv420p"),
    ]
    for path in clips:
        assert len(list(VideoFile(path).frames())) == 10
    assert caplog.text == ""


def test_damage_in_the_middle_is_left_out(
    write_clip: WriteClip, pictures: Pictures, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_clip(pictures, "clip.mov", codec="png", pix_fmt="rgb24")
    data = bytearray(path.read_bytes())
    signature = data.index(b"\x89PNG", len(data) // 2)
    data[signature : signature + 4] = b"oops"
    path.write_bytes(data)
    frames = list(VideoFile(path).frames())
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4, 5, 7, 8, 9]
    assert [frame.time for frame in frames] == pytest.approx([n.index / 25 for n in frames])
    assert "1 damaged packets were left out" in caplog.text


def test_frames_that_are_gone_leave_a_gap(
    write_clip: WriteClip, pictures: Pictures, caplog: pytest.LogCaptureFixture
) -> None:
    times_ms = [0, 40, 80, 120, 160, 200, 240, 360, 400, 440]  # two are missing after 240
    frames = list(VideoFile(write_clip(pictures, times_ms=times_ms), guarded=False).frames())
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4, 5, 6, 9, 10, 11]
    assert "2 frames are missing" in caplog.text


def test_uneven_times_leave_no_gap(write_clip: WriteClip, pictures: Pictures) -> None:
    times_ms = [0, 10, 30, 100, 101, 500, 540, 900, 901, 2000]
    frames = VideoFile(write_clip(pictures, times_ms=times_ms), guarded=False).frames()
    assert [frame.index for frame in frames] == list(range(10))


@pytest.mark.parametrize("suffix", ["mp4", "avi", "mkv"])
def test_a_title_that_is_no_utf8_is_no_fault(
    write_clip: WriteClip, pictures: Pictures, suffix: str
) -> None:
    path = write_clip(pictures, f"clip.{suffix}", codec="mjpeg", pix_fmt="yuvj420p", title="MMMM")
    path.write_bytes(path.read_bytes().replace(b"MMMM", b"M\xfcl\xe9"))
    assert len(list(VideoFile(path, guarded=False).frames())) == 10


@pytest.mark.parametrize(
    "name",
    ["2024-05-01T10:20:30.mp4", "what?.mp4", "#1 100%.mp4", "Müller Straße.mp4", "a%20b.mp4"],
)
def test_any_name_of_a_file_will_do(write_clip: WriteClip, pictures: Pictures, name: str) -> None:
    (write_clip(pictures, codec="mjpeg", pix_fmt="yuvj420p", name="c.mp4")).rename(
        path := write_clip(pictures[:1]).with_name(name)
    )
    assert len(list(VideoFile(path).frames())) == 10


def test_wide_pixels_are_squared(write_clip: WriteClip) -> None:
    disc = np.zeros((240, 120, 3), np.uint8)  # a disc of 120 x 240 pixels, each twice as wide
    y, x = np.mgrid[-119.5:120, -59.5:60]
    disc[(x / 50) ** 2 + (y / 100) ** 2 < 1] = 255
    clip = {"codec": "mjpeg", "pix_fmt": "yuvj444p", "name": "clip.mp4"}
    image = next(VideoFile(write_clip([disc], aspect=Fraction(2), **clip)).frames()).image
    assert image.shape == (240, 240, 3)
    seen = image[..., 0] > 127
    assert seen.any(axis=0).sum() == pytest.approx(200, abs=4)
    assert seen.any(axis=1).sum() == pytest.approx(200, abs=4)


def test_start_and_timecode_are_read_off_the_file(
    write_clip: WriteClip, pictures: Pictures
) -> None:
    tags = {"creation_time": "2024-05-01T10:20:30.000000Z", "timecode": "01:02:03:10"}
    path = write_clip(pictures, "c.mov", codec="mjpeg", pix_fmt="yuvj420p", tags=tags)
    frame = list(VideoFile(path).frames())[5]
    assert frame.clock.wall_s == pytest.approx(1714558830.2)
    assert frame.clock.timecode_s == pytest.approx(3723 + 10 / 25 + 5 / 25)


def test_a_file_that_breaks_the_decoder_is_an_error(
    write_clip: WriteClip, pictures: Pictures, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken(tmp_path, monkeypatch, "os.kill(os.getpid(), 11)")
    frames = VideoFile(write_clip(pictures)).frames()
    next(frames)
    with pytest.raises(SourceError, match=r"crashed \(signal 11\), after 1 frames"):
        list(frames)


@pytest.mark.slow
def test_a_decoder_that_hangs_is_ended(
    write_clip: WriteClip, pictures: Pictures, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken(tmp_path, monkeypatch, "time.sleep(60)")
    frames = guarded_frames(write_clip(pictures), lambda count: None, progress_s=5.0)
    next(frames)
    began = time.monotonic()
    with pytest.raises(SourceError, match="gave nothing for 5 s, after 1 frames"):
        list(frames)
    assert time.monotonic() - began < 8


def broken(folder: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """Have the child do something else than give its second picture."""
    (folder / "sitecustomize.py").write_text(
        "import os, sys, time\n"
        "if any('facedrive.sources.child' in word for word in sys.orig_argv):\n"
        "    from facedrive.sources import convert\n"
        "    real, calls = convert.Converter.__call__, []\n"
        "    def call(self, picture):\n"
        "        calls.append(0)\n"
        f"        if len(calls) > 1: {fault}\n"
        "        return real(self, picture)\n"
        "    convert.Converter.__call__ = call\n"
    )
    monkeypatch.syspath_prepend(folder)


@pytest.mark.slow
def test_the_child_ends_with_its_parent(
    write_clip: WriteClip, pictures: Pictures, tmp_path: Path
) -> None:
    code = (
        "import os, sys, pathlib, facedrive.sources.video as video\n"
        "from facedrive.sources import guard; guard.MEMORY = pathlib.Path(sys.argv[2])\n"
        "frames = video.VideoFile(pathlib.Path(sys.argv[1])).frames(); next(frames)\n"
        "os.system(f'pgrep -P {os.getpid()} -f sources.child'); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(write_clip(pictures)), str(tmp_path)],
        stdout=subprocess.PIPE, check=False,
    )  # fmt: skip
    child = int(done.stdout.split()[0])
    for _ in range(50):
        if not Path(f"/proc/{child}").exists():
            assert not list(tmp_path.glob("facedrive-*"))
            return
        time.sleep(0.1)
    pytest.fail("the child lives on")


@pytest.mark.parametrize("content", [b"", b"not a video\n" * 500])
def test_file_that_is_no_video_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"clip\.mp4 cannot be opened as video"):
        next(VideoFile(path).frames())


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"none\.mp4 .* No such file"):
        next(VideoFile(tmp_path / "none.mp4").frames())


def test_sound_alone_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))
    with pytest.raises(SourceError, match="has no video stream"):
        next(VideoFile(path).frames())


def test_recording_cut_before_its_first_frame_is_an_error(
    write_clip: WriteClip, pictures: Pictures
) -> None:
    options = {"movflags": "faststart"}
    path = write_clip(pictures, "clip.mp4", codec="libx264", pix_fmt="yuv420p", options=options)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + 40])
    with pytest.raises(SourceError, match=r"clip\.mp4"):
        list(VideoFile(path).frames())


def test_reading_can_stop_early(write_clip: WriteClip, pictures: Pictures) -> None:
    frames = VideoFile(write_clip(pictures)).frames()
    next(frames)
    frames.close()
    assert list(frames) == []


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """Serve the temporary folder on loopback; returns its address."""
    handler = functools.partial(QuietHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_stream_frames_are_stamped_on_the_monotonic_clock(
    web: str, write_clip: WriteClip, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_clip(pictures)
    ticks = iter(range(1000, 2000))
    monkeypatch.setattr("facedrive.sources.video.now", lambda: float(next(ticks)))
    source = VideoStream(f"{web}/clip.mkv", guarded=False)
    frames = list(source.frames())
    assert source.live
    assert [frame.index for frame in frames] == list(range(10))
    assert [frame.time for frame in frames] == [1000.0 + i for i in range(10)]
    np.testing.assert_array_equal(frames[9].image, pictures[9])


def test_a_stream_is_decoded_in_a_child_by_the_same_clock(
    web: str, write_clip: WriteClip, pictures: Pictures
) -> None:
    write_clip(pictures)
    before = now()
    frames = list(VideoStream(f"{web}/clip.mkv").frames())
    assert [frame.index for frame in frames] == list(range(10))
    assert before < frames[0].time <= frames[9].time < now()
    np.testing.assert_array_equal(frames[9].image, pictures[9])


def test_a_stream_that_crashes_the_decoder_is_an_error(
    web: str, write_clip: WriteClip, pictures: Pictures
) -> None:
    write_clip(pictures)
    frames = VideoStream(f"{web}/clip.mkv").frames()
    next(frames)
    (child,) = [each for each in psutil.Process().children() if "child" in str(each.cmdline())]
    assert "clip.mkv" not in str(child.cmdline())  # others may read it
    child.kill()
    with pytest.raises(SourceError, match=r"clip.mkv: the decoder crashed \(signal 9\), after"):
        list(frames)


def test_endless_stream_that_ends_has_broken_off(
    web: str, tmp_path: Path, write_clip: WriteClip, pictures: Pictures
) -> None:
    write_clip(pictures, "clip.mjpeg", codec="mjpeg", pix_fmt="yuvj420p")
    with pytest.raises(SourceError, match="broke off"):
        list(VideoStream(f"{web}/clip.mjpeg").frames())


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/a.mp4", "nonsense://camera"])
def test_stream_that_cannot_be_reached_is_an_error(address: str) -> None:
    with pytest.raises(SourceError, match=f"{address} cannot be opened"):
        next(VideoStream(address).frames())


def test_missing_page_is_an_error(web: str) -> None:
    with pytest.raises(SourceError, match="404"):
        next(VideoStream(f"{web}/none.mp4").frames())


@pytest.mark.slow
def test_reference_clip_is_read_whole(shared: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = VideoFile(shared / "data" / "clips" / "d20.mp4")
    times = [frame.time for frame in source.frames()]
    assert len(times) == source.frame_count == 175
    np.testing.assert_allclose(np.diff(times), 1 / 25, atol=1e-6)
    assert caplog.record_tuples == [] or caplog.records[0].levelno < logging.WARNING
