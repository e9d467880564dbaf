"""``facedrive cameras`` names cameras, their stable paths and what they can give."""

from __future__ import annotations

import json

import pytest

from facedrive.cli.main import main
from facedrive.sources.v4l2 import CameraInfo, Mode

C920 = CameraInfo(
    "/dev/video0", "HD Pro Webcam C920", "usb-1", "/dev/v4l/by-id/usb-C920-video-index0",
    (Mode("MJPG", 1280, 720, (60.0, 29.97)),),
)  # fmt: skip


def test_a_camera_is_shown_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("facedrive.sources.v4l2.list_cameras", lambda: [C920])
    assert main(["cameras"]) == 0
    name, path, stable, _, mode = capsys.readouterr().out.splitlines()
    assert (name, path.strip(), stable.strip()) == (*C920[1::-1], C920.stable)
    assert mode.split() == ["MJPG", "1280x720", "60", "29.97"]


def test_json_has_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("facedrive.sources.v4l2.list_cameras", lambda: [C920])
    assert main(["cameras", "--json"]) == 0
    (camera,) = json.loads(capsys.readouterr().out)["cameras"]
    assert camera["stable"] == C920.stable
    assert camera["modes"] == [{"fourcc": "MJPG", "width": 1280, "height": 720,
                                "fps": [60.0, 29.97]}]  # fmt: skip


def test_none_is_said_with_the_next_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("facedrive.sources.v4l2.list_cameras", list)
    monkeypatch.setattr("sys.platform", "linux")
    assert main(["cameras"]) == 1
    assert capsys.readouterr().out == "no camera; plug one in, or try --source demo\n"
    monkeypatch.setattr("sys.platform", "darwin")
    assert main(["cameras"]) == 1
    assert "(cameras are listed on Linux only)" in capsys.readouterr().out
