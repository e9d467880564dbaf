"""What the page offers of a camera is what the camera says."""

from __future__ import annotations

import pytest

pytest.importorskip("nicegui")

from facedrive.options import Size
from facedrive.sources.v4l2 import CameraInfo, Mode
from facedrive.studio import cameras
from facedrive.studio.cameras import USUAL_RATES, USUAL_SIZES, chosen, offer

INFO = CameraInfo("/dev/video2", "C920", "usb-1", "", (
    Mode("YUYV", 640, 480, (30.0, 15.0)), Mode("MJPG", 640, 480, (30.0,)),
    Mode("MJPG", 1280, 720, (60.0, 30.0)), Mode("YUYV", 320, 240, (30.0,)),
))  # fmt: skip


def test_sizes_rates_and_formats_are_the_cameras() -> None:
    found = offer(INFO)
    assert found.sizes == (Size(320, 240), Size(640, 480), Size(1280, 720))
    assert found.rates == (15, 30, 60)
    assert found.formats == ("YUYV", "MJPG")


def test_at_a_size_only_what_goes_with_it_is_offered() -> None:
    found = offer(INFO, Size(1280, 720))
    assert (found.rates, found.formats) == ((30, 60), ("MJPG",))
    assert found.sizes == offer(INFO).sizes


def test_a_camera_that_does_not_say_gets_the_usual() -> None:
    assert offer(None) == (USUAL_SIZES, USUAL_RATES, ())


@pytest.mark.parametrize(
    ("what", "path"), [("2", "/dev/video2"), ("/dev/video2", "/dev/video2"), ("0", None),
                       ("demo", None), ("rtsp://x", None)],
)  # fmt: skip
def test_a_setting_means_a_camera_by_number_or_path(what: str, path: str | None) -> None:
    assert chosen(what, ["/dev/video2"]) == path


def test_cameras_are_called_by_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "list_cameras", lambda: [INFO])
    assert cameras.cameras() == {"/dev/video2": "C920 (/dev/video2)"}
    monkeypatch.setattr(cameras, "list_cameras", list)
    monkeypatch.setattr(cameras, "video_devices", lambda: ["/dev/video7"])
    assert cameras.cameras() == {"/dev/video7": "/dev/video7"}
