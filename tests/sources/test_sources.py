"""What the user types becomes the source that it names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from facedrive.errors import SourceError
from facedrive.options import Size
from facedrive.sources import SourceOptions, demo, open_source
from facedrive.sources.camera import Camera
from facedrive.sources.images import Images
from facedrive.sources.video import VideoFile, VideoStream
from facedrive.stages import Source


def test_a_number_is_a_camera() -> None:
    source = open_source(SourceOptions("2", fourcc="MJPG", fps=30, size=Size(640, 480)))
    assert source == Camera(2, fourcc="MJPG", size=(640, 480), fps=30)
    assert isinstance(source, Source)
    assert source.live


def test_a_device_path_is_a_camera() -> None:
    assert open_source("/dev/video0") == Camera("/dev/video0")


def test_a_file_is_a_video(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.touch()
    source = open_source(str(clip))
    assert source == VideoFile(clip)
    assert isinstance(source, Source)
    assert not source.live


def test_a_folder_or_an_image_is_images(tmp_path: Path) -> None:
    picture = tmp_path / "face.JPG"
    picture.touch()
    assert open_source(str(tmp_path)) == Images(tmp_path)
    assert open_source(SourceOptions(str(picture), fps=12)) == Images(picture, fps=12)
    assert isinstance(open_source(str(tmp_path)), Source)


@pytest.mark.parametrize("url", ["rtsp://10.0.0.2/face", "http://127.0.0.1:8080/video"])
def test_a_url_is_a_stream(url: str) -> None:
    source = open_source(url)
    assert source == VideoStream(url)
    assert isinstance(source, Source)
    assert source.live


def test_demo_is_the_packaged_clip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "demo.mp4").touch()
    monkeypatch.setattr(demo, "CLIP", tmp_path / "demo.mp4")
    assert open_source("demo") == VideoFile(tmp_path / "demo.mp4")


def test_missing_file_is_an_error_that_lists_what_a_source_can_be(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no file 'clip\.mp5'; a source is a camera index"):
        open_source("clip.mp5")


def test_camera_options_for_a_file_are_not_ignored_in_silence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.touch()
    open_source(SourceOptions(str(clip), fourcc="MJPG", size=Size(1, 1), fps=5))
    assert "fourcc, fps, size: not used; only a camera takes that" in caplog.text


def test_choosing_a_source_loads_neither_opencv_nor_pyav() -> None:
    code = "import sys, facedrive.sources; sys.exit(bool({'cv2', 'av'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
