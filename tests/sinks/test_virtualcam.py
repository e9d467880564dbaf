"""The virtual camera gets the avatar before the background; without a device it says what to do."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from facedrive.errors import DependencyError, FacedriveError, RenderError, SinkError, one_line
from facedrive.sinks import open_sink
from facedrive.sinks.virtualcam import CameraSink
from facedrive.types import Frame, Sample

MakeSample = Callable[..., Sample]


@dataclass
class Device:
    """Stands in for pyvirtualcam's camera."""

    width: int
    height: int
    fps: float
    device: str | None = None
    pictures: list[Any] = field(default_factory=list)
    closed: bool = False
    broken: bool = False

    def send(self, picture: Any) -> None:
        if self.broken:
            raise RuntimeError("No such device")
        assert picture.shape == (self.height, self.width, 3)
        assert picture.dtype == np.uint8
        self.pictures.append(picture.copy())

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> list[Device]:
    """The devices that are opened."""
    opened: list[Device] = []

    def camera(*words: Any, **named: Any) -> Device:
        opened.append(Device(*words, **named))
        return opened[-1]

    module = types.ModuleType("pyvirtualcam")
    module.Camera = camera
    module.__spec__ = sys.__spec__
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)
    return opened


@pytest.fixture
def no_rig(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read no rig: it takes a second, and nothing is drawn."""
    monkeypatch.setattr(CameraSink, "_read_rig", lambda _: None)


def drawn(sink: Any, sample: Sample, frame: Frame | None = None) -> None:
    try:
        sink.send(sample, frame)
    except RenderError as error:
        pytest.skip(str(error))


@pytest.mark.slow
def test_the_avatar_stands_before_the_colour_and_moves(
    devices: list[Device], make_sample: MakeSample
) -> None:
    sink = open_sink("camera:/dev/video7?background=#00b140&size=320x180&detail=90&fps=24")
    drawn(sink, make_sample(jaw_drop=0.0))
    drawn(sink, make_sample(jaw_drop=1.0))
    sink.close()
    (device,) = devices
    assert (device.width, device.height, device.fps) == (320, 180, 24)
    assert device.device == "/dev/video7"
    assert device.closed
    shut, opened = (each.astype(int) for each in device.pictures)
    assert (shut[:4, :4] == (0, 0xB1, 0x40)).all()
    assert np.abs(shut[90, 160] - (0, 0xB1, 0x40)).max() > 30
    assert (np.abs(shut - opened).max(axis=2) > 12).sum() > 200


@pytest.mark.slow
def test_blur_takes_the_frame_and_keeps_it_where_there_is_none(
    devices: list[Device], make_sample: MakeSample
) -> None:
    sink = open_sink("camera:?background=blur&size=320x180&detail=90")
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 0] = 200
    drawn(sink, make_sample(), Frame(red, 0.0, 0))
    drawn(sink, make_sample())
    sink.close()
    for picture in devices[0].pictures:
        np.testing.assert_allclose(picture[0, 0], (200, 0, 0), atol=2)


def test_it_runs_behind_a_live_source_in_a_thread_of_its_own() -> None:
    assert CameraSink.slow


@pytest.mark.usefixtures("no_rig")
def test_without_a_device_the_line_says_how_to_make_one(
    devices: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: Any, **__: Any) -> None:
        raise RuntimeError(
            "'v4l2loopback' backend: No v4l2 loopback device found. " + "See also. " * 30
        )

    monkeypatch.setattr(sys.modules["pyvirtualcam"], "Camera", none)
    with pytest.raises(SinkError, match=r"no virtual camera .* modprobe v4l2loopback") as raised:
        open_sink("camera:")
    assert "exclusive_caps=1; on Windows" in one_line(str(raised.value))
    with pytest.raises(SinkError, match="no virtual camera at /dev/video9"):
        open_sink("camera:/dev/video9")


def test_without_its_package_the_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DependencyError, match=r"pip install 'facedrive\[virtualcam\]'"):
        open_sink("camera:")


@pytest.mark.usefixtures("no_rig")
def test_a_device_that_goes_away_ends_this_output_in_a_line(
    devices: list[Device], make_sample: MakeSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = open_sink("camera:/dev/video7?size=64x36")
    devices[0].broken = True
    black = np.zeros((36, 64, 3), np.uint8)
    monkeypatch.setattr(CameraSink, "picture", lambda *_: black)
    with pytest.raises(SinkError, match="/dev/video7 is gone: No such device"):
        sink.send(make_sample(), None)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("size=641x480", "sides must be even"),
        ("size=9000x480", "4096 at most"),
        ("fps=0", "fps"),
        ("background=gren", "no colour such as"),
        ("rig=no.vrm", "no.vrm"),
    ],
)
def test_what_cannot_be_drawn_is_refused_at_once(
    devices: list[Device], query: str, said: str
) -> None:
    with pytest.raises(FacedriveError, match=said):
        open_sink(f"camera:?{query}")
    assert not devices
