"""``facedrive doctor`` tells what is wrong with this machine."""

from __future__ import annotations

import json
import socket
from importlib import metadata

import pytest

from facedrive.cli import doctor
from facedrive.cli.main import main


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Packages that stand for those of this machine."""
    found = {"opencv-contrib-python": "5.0.0", "onnxruntime": "1.22.0"}

    def version(name: str) -> str:
        if name not in found:
            raise metadata.PackageNotFoundError(name)
        return found[name]

    monkeypatch.setattr(metadata, "version", version)
    return found


def finding(what: str) -> doctor.Finding:
    (found,) = (each for each in doctor._packages() if each.what == what)
    return found


def test_one_wheel_of_each_is_well(installed: dict[str, str]) -> None:
    assert finding("OpenCV")[1:3] == (True, "opencv-contrib-python 5.0.0")
    assert finding("ONNX Runtime")[1:3] == (True, "onnxruntime 1.22.0")


def test_a_second_opencv_is_told_with_what_to_do(installed: dict[str, str]) -> None:
    installed["opencv-python"] = "4.10.0"
    assert finding("OpenCV") == (
        "OpenCV",
        False,
        "opencv-contrib-python 5.0.0 and opencv-python 4.10.0 overwrite each other: "
        "pip uninstall -y opencv-contrib-python opencv-python, "
        "then pip install opencv-contrib-python",
        True,
    )


def test_a_second_onnx_runtime_is_told_with_what_to_do(installed: dict[str, str]) -> None:
    installed["onnxruntime-gpu"] = "1.23.0"
    assert not finding("ONNX Runtime").works
    assert finding("ONNX Runtime").detail.endswith("then pip install onnxruntime-gpu")


def test_none_is_said_to_be_missing(installed: dict[str, str]) -> None:
    installed.clear()
    assert finding("OpenCV")[1:3] == (False, "not installed")


def listens(scheme: str, port: int, monkeypatch: pytest.MonkeyPatch) -> str:
    output = doctor.describe(scheme)
    monkeypatch.setattr(type(output), "port", property(lambda _: port))
    monkeypatch.setattr(doctor, "SINKS", [scheme])
    (found,) = doctor._ports()
    return found.detail


@pytest.mark.parametrize(("scheme", "kind"), [
    ("ws", socket.SOCK_STREAM), ("vts", socket.SOCK_STREAM), ("osc", socket.SOCK_DGRAM),
])  # fmt: skip
def test_a_port_is_asked_in_its_own_protocol(
    scheme: str, kind: socket.SocketKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {socket.SOCK_STREAM: socket.SOCK_DGRAM, socket.SOCK_DGRAM: socket.SOCK_STREAM}[kind]
    for used, expected in ((kind, "somebody listens"), (other, "nobody listens here yet")):
        with socket.socket(socket.AF_INET, used) as taken:
            taken.bind(("127.0.0.1", 0))
            if used == socket.SOCK_STREAM:
                taken.listen()
            port = taken.getsockname()[1]
            assert listens(scheme, port, monkeypatch) == f"{scheme}://: {expected}"


def test_a_broken_package_is_a_line_and_the_other_checks_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> doctor.Iterator[doctor.Finding]:
        raise AttributeError("module 'cv2' has no attribute 'VideoCapture'")
        yield

    monkeypatch.setattr(doctor, "CHECKS", (broken, doctor._system))
    assert main(["doctor", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert "no attribute 'VideoCapture'" in found["broken"]["detail"]
    assert found["Python"]["works"]
