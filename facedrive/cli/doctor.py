"""``facedrive doctor``: says what works on this machine, and what to do about what does not."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from facedrive import __version__
from facedrive.errors import FacedriveError
from facedrive.sinks import SINKS, Output, describe


class Finding(NamedTuple):
    """One thing that was tried."""

    what: str
    works: bool
    detail: str
    needed: bool = True
    """False where facedrive's main job goes on without it."""


PACKAGES = {
    "numpy": True, "dlib-bin": True, "av": True,
    "python-osc": True, "pyrender": True, "mediapipe": False, "torch": False,
    "torchvision": False, "pyarrow": False,
}  # fmt: skip
"""Distribution → whether live driving needs it."""

OPENCV = ("opencv-contrib-python", "opencv-python", "opencv-contrib-python-headless",
          "opencv-python-headless")  # fmt: skip
RUNTIMES = ("onnxruntime-gpu", "onnxruntime")
"""Distributions of which one may be installed: each overwrites the files of the others."""


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """Say what works on this machine, and what to do about what does not."""

    json: bool = False
    """One JSON object, nothing else."""

    def run(self) -> int:
        """Try everything; exit code 0 when all that is needed works."""
        findings = [finding for check in CHECKS for finding in _findings(check)]
        if self.json:
            print(json.dumps({each.what: each._asdict() for each in findings}))
        else:
            for each in findings:
                mark = "ok" if each.works else ("MISSING" if each.needed else "no")
                print(f"{mark:<8}{each.what:<24}{each.detail}")
        return 0 if all(each.works for each in findings if each.needed) else 1


COMMANDS = {"": Doctor}


def _findings(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Yield what a check finds; a package that is broken ends that check, not the others."""
    try:
        yield from check()
    except (ImportError, AttributeError) as error:
        yield Finding(check.__name__.strip("_"), False, f"a package is broken: {error}")


def _system() -> Iterator[Finding]:
    version = sys.version_info
    yield Finding("Python", version >= (3, 11), platform.python_version())
    yield Finding("facedrive", True, f"{__version__} in {Path(__file__).parent.parent.name}/")
    yield Finding("system", True, f"{platform.platform()}, {os.cpu_count()} cores")


def _packages() -> Iterator[Finding]:
    for name, needed in PACKAGES.items():
        try:
            yield Finding(name, True, metadata.version(name), needed)
        except metadata.PackageNotFoundError:
            yield Finding(name, False, "not installed", needed)
    yield _one_of("OpenCV", OPENCV, OPENCV[0])
    here = [name for name in RUNTIMES if _version(name)]
    yield _one_of("ONNX Runtime", RUNTIMES, here[0] if here else RUNTIMES[-1])


def _one_of(what: str, names: Sequence[str], kept: str) -> Finding:
    """Say which of several distributions is installed; two of them are a fault."""
    found = [name for name in names if _version(name)]
    detail = " and ".join(f"{name} {_version(name)}" for name in found) or "not installed"
    if len(found) > 1:
        detail += (f" overwrite each other: pip uninstall -y {' '.join(found)}, "
                   f"then pip install {kept}")  # fmt: skip
    return Finding(what, len(found) == 1, detail)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _cameras() -> Iterator[Finding]:
    devices = sorted(Path("/dev").glob("video*"))
    usable = [str(each) for each in devices if os.access(each, os.R_OK | os.W_OK)]
    if devices and not usable:
        detail = f"{devices[0]} is there but may not be opened; add yourself to the group video"
    else:
        detail = ", ".join(usable) or "none in /dev; try --source demo, or a video file"
    yield Finding("cameras", bool(usable), detail, needed=False)


def _models() -> Iterator[Finding]:
    from facedrive.regressors.onnx import OnnxRegressor
    from facedrive.trackers.dlib import DlibTracker

    def regressor() -> str:
        return OnnxRegressor(device="cpu").provider

    def tracker() -> str:
        DlibTracker()
        return "loads"

    yield _try("AU model", regressor)
    yield _try("landmark model", tracker)


def _gpu() -> Iterator[Finding]:
    from facedrive.regressors.onnx import OnnxRegressor

    yield _try("CUDA", lambda: OnnxRegressor(device="cuda").provider, needed=False)


def _drawing() -> Iterator[Finding]:
    yield _try("OpenGL off-screen", _opengl, needed=False)
    from facedrive.sinks.window import display_fault

    fault = display_fault()
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or "answers"
    detail = f"{fault}; live runs without its window" if fault else shown
    yield Finding("display", not fault, detail, needed=False)
    if importlib.util.find_spec("cv2"):
        import cv2

        gui = next((line.split(":", 1)[1].strip() for line in cv2.getBuildInformation().splitlines()
                    if line.strip().startswith(("GUI:", "QT:", "GTK+:"))), "")  # fmt: skip
        yield Finding("window toolkit", gui not in ("", "NONE", "NO"), gui or "none", needed=False)


def _opengl() -> str:
    """Open a context and name what draws in it."""
    from facedrive.render.context import current, open_context

    context = open_context()
    try:
        with current(context):
            from OpenGL import GL

            return bytes(GL.glGetString(GL.GL_RENDERER)).decode()
    finally:
        context.close()


def _ports() -> Iterator[Finding]:
    for output in filter(None, map(_describe, SINKS)):
        if output.port is not None:
            taken = _answers if output.tcp else _taken
            listens = "somebody listens" if taken(output.port) else "nobody listens here yet"
            detail = f"{output.scheme}://: {listens}"
            yield Finding(f"port {output.port}", True, detail, needed=False)


def _describe(scheme: str) -> Output | None:
    """Describe an output, or None where the package that it needs is missing."""
    try:
        return describe(scheme)
    except FacedriveError:
        return None


def _taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _answers(port: int) -> bool:
    """Say whether a TCP port takes a connection."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _try(what: str, action: Callable[[], str], *, needed: bool = True) -> Finding:
    try:
        return Finding(what, True, action(), needed)
    except FacedriveError as error:
        return Finding(what, False, str(error), needed)


CHECKS = (_system, _packages, _models, _gpu, _cameras, _drawing, _ports)
