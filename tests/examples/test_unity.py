"""The Unity components, compiled against stubs of Unity and uOSC and fed by facedrive's own OSC."""

from __future__ import annotations

import math
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pythonosc.osc_bundle import OscBundle

from facedrive.extras import AU_OF_EXTRA, EXTRA_NAMES
from facedrive.mappings.table import FULL_GAZE_DEG, INPUTS, load_mapping
from facedrive.sinks.osc import OscSink

from .conftest import EXAMPLES, make_sample

SOURCES = sorted((EXAMPLES / "unity").glob("*.cs"))


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
        receiving.bind(("127.0.0.1", 0))
        receiving.settimeout(30)
        yield receiving


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("mcs") is None or shutil.which("mono") is None:
        pytest.skip("no C# compiler (mcs and mono) is installed")
    built = tmp_path_factory.mktemp("unity") / "receiver.exe"
    stubs = Path(__file__).with_name("unity_stubs.cs")
    subprocess.run(["mcs", "-warnaserror", f"-out:{built}", *SOURCES, stubs], check=True)
    return built


AUS = {"left_eye_close": 1.0, "jaw_drop": 0.5, "left_brow_raise": 0.5, "nose_wrinkle": 0.5}
KNOWN = {"left_mouth_frown": 0.75, "inner_brow_raise": 0.5, "mouth_left": 1.0}


def run(program: Path, *shapes: str, junk: bytes = b"", extras: bool = True) -> list[str]:
    """Show a winking, nodding, frowning face; return the head and each blend shape's weight."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = ["mono", str(program), str(port), *shapes]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
            sending.sendto(junk, ("127.0.0.1", port))
        sink = OscSink("127.0.0.1", port, extras=extras)
        gaze = ((0.0, 0.27925268), (0.0, 0.27925268))
        turned = (0.6, 0.0, 0.0, 0.8) if not junk else (0.0, 0.6, 0.0, 0.8)
        # It ends with the first face that it sees, before the packet of that frame's extras.
        for seen in (False, True):
            sink.send(make_sample(seen=seen, rotation=turned, gaze=gaze, **AUS, **KNOWN), None)
        sink.close()
        return running.stdout.read().splitlines()


@pytest.mark.slow
def test_arkit_blend_shapes_and_the_head_follow(program: Path) -> None:
    shapes = ("face.jawOpen", "eyeBlink_L", "eyeBlinkRight", "browInnerUp", "eyeLookOutLeft")
    head, *weights = run(program, *shapes, "mine")
    assert [float(number) for number in head.split()] == pytest.approx([0.6, 0, 0, 0.8])
    assert weights[-1] == "none"
    assert [float(weight) for weight in weights[:-1]] == pytest.approx([50, 100, 0, 50, 50])


def test_extras_move_arkits_shapes_and_those_of_their_own_names(program: Path) -> None:
    shapes = ("mouthFrownLeft", "mouthFrown_R", "mouthLeft", "eyeSquintLeft")
    _, *weights = run(program, *shapes)
    assert [float(weight) for weight in weights] == pytest.approx([75, 0, 100, 0])
    _, *weights = run(program, "jaw_drop", "left_mouth_frown", "mouthFrownLeft", "mouthLeft")
    assert weights == ["50", "75", "none", "100"]


def test_who_gives_no_extras_has_those_that_go_along_with_aus(program: Path) -> None:
    shapes = ("mouthFrownLeft", "browInnerUp", "eyeSquintLeft")
    _, *weights = run(program, *shapes, extras=False)
    assert [float(weight) for weight in weights] == pytest.approx([0, 25, 15])


def test_au_blend_shapes_win_and_rubbish_is_skipped(program: Path) -> None:
    junk = b"#bundle\0" + bytes(8) + b"\0\0\xff\xff/a"
    head, *weights = run(program, "jaw_drop", "Left Eye Close", "jawOpen", junk=junk)
    assert [float(number) for number in head.split()] == pytest.approx([0, -0.6, 0, 0.8])
    assert weights == ["50", "100", "none"]


def test_the_uosc_component_takes_what_uosc_hands_it(
    program: Path, receiver: socket.socket
) -> None:
    sink = OscSink(*receiver.getsockname())
    aus = {"left_eye_close": 1.0, "jaw_drop": 0.5}
    sink.send(
        make_sample(rotation=(0.6, 0.0, 0.0, 0.8), gaze=((0.0, 0.27925268), (0, 0)), **aus), None
    )
    sink.close()
    messages = [(one.address, *one.params) for one in OscBundle(receiver.recv(65_536))]
    messages += [("/facedrive/au/jaw_drop", "text"), ("/other/au/jaw_drop", 1)]
    messages += [("/facedrive/au/jaw_drop", math.nan), ("/facedrive/head/rotation", 0, 0, 0, 0)]
    lines = "\n".join(" ".join(map(str, message)) for message in messages)
    command = ["mono", str(program), "uosc", "jawOpen", "eyeBlink_L", "eyeLookOutLeft"]
    shown = subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout
    head, *weights = shown.splitlines()
    assert [float(number) for number in head.split()] == pytest.approx([0.6, 0, 0, 0.8])
    assert [float(weight) for weight in weights] == pytest.approx([50, 100, 50])


def test_its_table_is_facedrives() -> None:
    source = (EXAMPLES / "unity" / "FacedriveFace.cs").read_text(encoding="utf-8")
    arkit = load_mapping("arkit")
    rows = [
        " ".join([channel, *(f"{INPUTS[i]} {row[i]:.4g}" for i in row.nonzero()[0])])
        for channel, row in zip(arkit.channels, arkit.matrix, strict=True)
        if row.any()
    ]
    for extra in EXTRA_NAMES:
        shares = (f"{au} {share:.4g}" for au, share in AU_OF_EXTRA.get(extra, {}).items())
        rows.append(" ".join([extra, *shares]))
    assert re.findall(r'^        "(.+)",$', source, re.MULTILINE) == rows
    for way, degrees in FULL_GAZE_DEG.items():
        assert f"Full{way.title()} = {degrees}f * Degree" in source
