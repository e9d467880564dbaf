"""What V4L2 says of a camera is read off its own structures; metadata nodes are no cameras."""

from __future__ import annotations

import errno
import struct
import sys
from pathlib import Path

import pytest

from facedrive.sources import v4l2
from facedrive.sources.v4l2 import CameraInfo, Mode, find_camera, list_cameras, pick_format

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="V4L2 is Linux's")

YUYV, MJPG = (int.from_bytes(code, "little") for code in (b"YUYV", b"MJPG"))
SIZES = {YUYV: [(640, 480), (1280, 720)], MJPG: [(1280, 720)]}
RATES = {(YUYV, 640): [30, 15], (YUYV, 1280): [10], (MJPG, 1280): [60, 30]}

# As linux/videodev2.h lays them out, field by field.
CAPABILITY = "16s32s32sIII3I"
FMTDESC = "III32sII3I"
FRMSIZE = "IIIII16x2I"
FRMIVAL = "IIIIIII16x2I"


def driver(fd: int, request: int, said: bytearray, *, capture: bool = True) -> int:
    """Answer as the kernel's driver of a webcam does."""
    if request == 0x80685600:
        own = 0x04200001 if capture else 0x04A00000
        names = b"uvcvideo", b"HD Pro Webcam C920", b"usb-0000:00:14.0-1"
        said[:] = struct.pack(CAPABILITY, *names, 6, 0x84A00001, own, 0, 0, 0)
        return 0
    index = struct.unpack_from("I", said)[0]
    try:
        if request == 0xC0405602:
            code = list(SIZES)[index]
            said[:] = struct.pack(FMTDESC, index, 1, 0, b"any", code, 0, 0, 0, 0)
        elif request == 0xC02C564A:
            code = struct.unpack_from("I", said, 4)[0]
            said[:] = struct.pack(FRMSIZE, index, code, 1, *SIZES[code][index], 0, 0)
        elif request == 0xC034564B:
            code, width, height = struct.unpack_from("3I", said, 4)
            rate = RATES[code, width][index]
            said[:] = struct.pack(FRMIVAL, index, code, width, height, 1, 1, rate, 0, 0)
    except IndexError as error:
        raise OSError(errno.EINVAL, "no more") from error
    return 0


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of devices: a camera, its metadata node, and its stable path."""
    import fcntl

    for name in ("video0", "video1"):
        (tmp_path / name).touch()
    links = tmp_path / "v4l" / "by-id"
    links.mkdir(parents=True)
    (links / "usb-046d_C920-video-index0").symlink_to("../../video0")
    monkeypatch.setattr(v4l2, "DEV", tmp_path)

    def ioctl(fd: int, request: int, said: bytearray) -> int:
        node = str(Path(f"/proc/self/fd/{fd}").readlink())
        return driver(fd, request, said, capture=node.endswith("video0"))

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    return tmp_path


def test_a_camera_is_read_and_its_metadata_node_left_out(dev: Path) -> None:
    (camera,) = list_cameras()
    assert camera.name == "HD Pro Webcam C920"
    assert camera.path == str(dev / "video0")
    assert camera.stable.endswith("by-id/usb-046d_C920-video-index0")
    assert camera.modes == (
        Mode("YUYV", 640, 480, (30.0, 15.0)),
        Mode("YUYV", 1280, 720, (10.0,)),
        Mode("MJPG", 1280, 720, (60.0, 30.0)),
    )


def test_what_is_no_camera_is_none(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    assert v4l2.read_camera(tmp_path / "plain") is None
    assert v4l2.read_camera(tmp_path / "missing") is None


@pytest.mark.parametrize(
    ("size", "fps", "fourcc"),
    [
        ((1280, 720), 30.0, "MJPG"),  # YUYV gives 10
        ((1280, 720), 10.0, None),
        ((640, 480), 30.0, None),
        (None, 60.0, "MJPG"),
        ((640, 480), 60.0, None),  # nobody can
    ],
)
def test_mjpg_is_taken_where_the_rate_needs_it(
    dev: Path, size: tuple[int, int] | None, fps: float, fourcc: str | None
) -> None:
    assert pick_format(list_cameras()[0], size, fps) == fourcc


def test_a_camera_is_found_by_its_name() -> None:
    cameras = [CameraInfo(f"/dev/video{i}", name, "", "", ()) for i, name in
               enumerate(["C920 (left)", "C920", "Integrated Camera"])]  # fmt: skip
    assert find_camera("c920", cameras) is cameras[1]
    assert find_camera("integrated", cameras) is cameras[2]
    assert find_camera("Brio", cameras) is None
