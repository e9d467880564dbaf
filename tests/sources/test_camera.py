"""A camera is set up in the order that works, stamps frames when grabbed, and fails clearly."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facedrive.errors import SourceError
from facedrive.sources import camera
from facedrive.sources.camera import Camera
from facedrive.sources.v4l2 import CameraInfo, Mode


@dataclass
class FakeCapture:
    """A camera that gives ``good`` pictures, then none."""

    good: int = 3
    opened: bool = True
    bad: frozenset[int] = frozenset()
    asked: list[tuple[int, float]] = field(default_factory=list)
    grabbed: int = 0
    released: bool = False

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def set(self, prop: int, value: float) -> bool:
        self.asked.append((prop, value))
        return True

    def get(self, prop: int) -> float:
        return {cv2.CAP_PROP_FRAME_WIDTH: 640.0, cv2.CAP_PROP_FRAME_HEIGHT: 480.0}.get(prop, 30.0)

    def grab(self) -> bool:
        self.grabbed += 1
        return self.grabbed <= self.good

    def retrieve(self) -> tuple[bool, NDArray[np.uint8] | None]:
        if self.grabbed in self.bad:
            return False, None
        return True, np.full((480, 640, 3), (1, 2, self.grabbed), dtype=np.uint8)  # BGR

    def release(self) -> None:
        self.released = True


def test_frames_are_rgb_and_stamped_when_grabbed(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = FakeCapture()
    monkeypatch.setattr(camera, "now", lambda: 100.0 + capture.grabbed)
    frames = Camera(open_capture=lambda device: capture).frames()
    first, second = next(frames), next(frames)
    assert (first.index, second.index) == (0, 1)
    assert (first.time, second.time) == (101.0, 102.0)
    assert first.image[0, 0].tolist() == [1, 2, 1]
    assert second.image[0, 0].tolist() == [2, 2, 1]


def test_format_is_asked_for_before_size_before_rate() -> None:
    capture = FakeCapture()
    source = Camera(fourcc="MJPG", size=(640, 480), fps=60, open_capture=lambda device: capture)
    next(source.frames())
    assert capture.asked == [
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, 640),
        (cv2.CAP_PROP_FRAME_HEIGHT, 480),
        (cv2.CAP_PROP_FPS, 60),
        (cv2.CAP_PROP_BUFFERSIZE, 1),
    ]


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks in /dev")


def opening_error(device: int | str) -> str:
    closed = FakeCapture(opened=False)
    with pytest.raises(SourceError) as caught:
        next(Camera(device, open_capture=lambda device: closed).frames())
    return str(caught.value)


def test_nothing_is_asked_for_that_was_not_given() -> None:
    capture = FakeCapture()
    next(Camera(open_capture=lambda device: capture).frames())
    assert capture.asked == [(cv2.CAP_PROP_BUFFERSIZE, 1)]


def test_another_size_than_asked_for_is_said(caplog: pytest.LogCaptureFixture) -> None:
    next(Camera(size=(1280, 720), open_capture=lambda device: FakeCapture()).frames())
    assert "camera 0 gives 640x480, not 1280x720" in caplog.text


def test_another_rate_or_format_than_asked_for_is_said(caplog: pytest.LogCaptureFixture) -> None:
    class Plain(FakeCapture):
        def get(self, prop: int) -> float:
            yuyv = float(cv2.VideoWriter.fourcc(*"YUYV"))
            return yuyv if prop == cv2.CAP_PROP_FOURCC else super().get(prop)

    next(Camera(fps=60, fourcc="MJPG", open_capture=lambda device: Plain()).frames())
    assert "camera 0 gives 30 frames a second, not 60" in caplog.text
    assert "camera 0 gives YUYV, not MJPG" in caplog.text


def known(monkeypatch: pytest.MonkeyPatch, *cameras: CameraInfo) -> None:
    monkeypatch.setattr(camera, "list_cameras", lambda: list(cameras))
    by_path = {each.path: each for each in cameras}
    monkeypatch.setattr(camera, "read_camera", lambda path: by_path.get(str(path)))


FAST = (Mode("YUYV", 640, 480, (30.0,)), Mode("MJPG", 640, 480, (60.0,)))


def test_mjpg_is_asked_for_where_the_rate_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, CameraInfo("/dev/video0", "C920", "usb-1", "", FAST))
    capture = FakeCapture()
    next(Camera(fps=60, open_capture=lambda device: capture).frames())
    assert capture.asked[0] == (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))


def test_a_camera_that_comes_back_elsewhere_is_found_by_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[int | str] = []

    def open_capture(device: int | str) -> FakeCapture:
        opened.append(device)
        return FakeCapture()

    source = Camera(0, open_capture=open_capture)
    known(monkeypatch, CameraInfo("/dev/video0", "C920", "usb-1", "", FAST))
    next(source.frames())
    other = CameraInfo("/dev/video0", "Integrated Camera", "usb-3", "", FAST)
    known(monkeypatch, other, CameraInfo("/dev/video4", "C920", "usb-2", "", FAST))
    next(source.frames())
    assert opened == [0, "/dev/video4"]


def test_a_camera_is_opened_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int | str] = []

    def open_capture(device: int | str) -> FakeCapture:
        opened.append(device)
        return FakeCapture()

    known(monkeypatch, CameraInfo("/dev/video2", "HD Pro Webcam C920", "usb-1", "", FAST))
    next(Camera("c920", open_capture=open_capture).frames())
    assert opened == ["/dev/video2"]
    with pytest.raises(SourceError, match="no camera 'Brio'; there is 'HD Pro Webcam C920'"):
        next(Camera("Brio", open_capture=open_capture).frames())


@linux_only
def test_a_path_that_is_no_camera_is_not_called_missing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    assert f"{path} is no camera" in opening_error(str(path))


def test_camera_is_released_when_reading_stops() -> None:
    capture = FakeCapture()
    frames = Camera(open_capture=lambda device: capture).frames()
    next(frames)
    frames.close()
    assert capture.released


def test_a_damaged_picture_is_skipped() -> None:
    capture = FakeCapture(bad=frozenset({2}))
    frames = Camera(open_capture=lambda device: capture).frames()
    assert [int(next(frames).image[0, 0, 0]) for _ in range(2)] == [1, 3]


def test_unplugged_camera_is_an_error_that_says_so() -> None:
    capture = FakeCapture(good=2)
    frames = Camera(device=1, open_capture=lambda device: capture).frames()
    next(frames), next(frames)
    with pytest.raises(SourceError, match="camera 1 stopped giving pictures"):
        next(frames)
    assert capture.released


@pytest.mark.parametrize(
    "capture", [FakeCapture(good=0), FakeCapture(good=99, bad=frozenset(range(99)))]
)
def test_camera_without_a_picture_is_an_error(capture: FakeCapture) -> None:
    with pytest.raises(SourceError, match="opens but gives no picture"):
        next(Camera(open_capture=lambda device: capture).frames())


@linux_only
def test_missing_camera_is_an_error_that_lists_those_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(camera, "video_devices", lambda: ["/dev/video2", "/dev/video4"])
    message = opening_error(0)
    assert message.startswith("camera 0 cannot be opened. /dev/video0 does not exist;")
    assert "/dev/video2, /dev/video4" in message


@linux_only
def test_no_camera_at_all_is_an_error_with_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "video_devices", lambda: [])
    assert "plug one in, or use the source demo" in opening_error("/dev/video7")


@linux_only
def test_busy_camera_is_an_error_with_the_next_step(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    device = tmp_path / "video0"
    device.touch()
    monkeypatch.setattr(camera, "video_devices", lambda: [str(device)])
    assert "close other programs that use it" in opening_error(str(device))


@linux_only
def test_forbidden_camera_is_an_error_with_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "video_devices", lambda: ["/dev/video0"])
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert "add them to the group 'video'" in opening_error(0)


def test_opencv_reports_a_missing_camera_by_our_error_alone(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SourceError, match="camera 97 cannot be opened"):
        next(Camera(97).frames())
    assert capfd.readouterr().err == ""


def test_fourcc_has_four_characters() -> None:
    with pytest.raises(SourceError, match="fourcc 'MJPEG' is not 4 characters"):
        Camera(fourcc="MJPEG")
