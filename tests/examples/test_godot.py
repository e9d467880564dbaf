"""The Godot project, run without a window and fed by facedrive's own OSC output.

In Godot 4 as it is, where there is one; else in Godot 3, which Debian has, with the names that
Godot 4 gave its classes changed back.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from facedrive.aus import AU_NAMES
from facedrive.extras import AU_OF_EXTRA, EXTRA_NAMES
from facedrive.mappings.table import FULL_GAZE_DEG, INPUTS, load_mapping
from facedrive.sinks.osc import OscSink

from .conftest import EXAMPLES, make_sample

PROJECT = EXAMPLES / "godot"
SCRIPTS = sorted(PROJECT.glob("*.gd"))
CHECK = Path(__file__).with_name("godot_check.gd")

GODOT_3_NAMES = {
    "@export var": "export var",
    "Node3D": "Spatial",
    "MeshInstance3D": "MeshInstance",
    "Skeleton3D": "Skeleton",
    "Quaternion": "Quat",
    "PackedVector3Array": "PoolVector3Array",
    "_socket.bind(": "_socket.listen(",
    "func _process(delta):\n\twaited": "func _idle(delta):\n\twaited",
}
"""What Godot 4 calls otherwise than Godot 3, longest first where one begins another."""


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What runs the check, but for its environment."""
    folder = tmp_path_factory.mktemp("godot")
    godot_4 = shutil.which("godot4") or shutil.which("godot")
    godot_3 = shutil.which("godot3-server")
    if godot_4 is None and godot_3 is None:
        pytest.skip("no Godot is installed (Debian has godot3-server)")
    for source in (*SCRIPTS, CHECK):
        text = source.read_text(encoding="utf-8")
        for new, old in GODOT_3_NAMES.items() if godot_4 is None else ():
            text = text.replace(new, old)
        (folder / source.name).write_text(text, encoding="utf-8")
    settings = (PROJECT / "project.godot").read_text(encoding="utf-8")
    if godot_4 is None:
        settings = "config_version=4\n"
    (folder / "project.godot").write_text(settings, encoding="utf-8")
    words = [godot_4, "--headless"] if godot_4 else [str(godot_3)]
    return [*words, "--path", str(folder), "-s", CHECK.name]


def show(
    command: list[str], *shapes: str, junk: Sequence[bytes] = (), extras: bool = True
) -> list[list[float]]:
    """Show a winking, nodding, frowning face; return the head's rotation and the shapes' values."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = os.environ | {"FACEDRIVE_CHECK": ",".join([str(port), *shapes])}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        send_until_it_ends(process, OscSink("127.0.0.1", port, extras=extras), junk)
        assert process.stdout is not None
        printed = [line.split() for line in process.stdout]
    values = printed[-len(shapes) - 1 :]
    return [[float(word.replace("Null", "nan")) for word in words] for words in values]


def send_until_it_ends(
    process: subprocess.Popen[str], sink: OscSink, junk: Sequence[bytes]
) -> None:
    """Godot does not say when it listens: what it prints stays in its buffer."""
    gaze = ((0.0, 0.27925268), (0.0, 0.27925268))
    aus = {"left_eye_close": 1.0, "jaw_drop": 0.5, "left_brow_raise": 0.5, "nose_wrinkle": 0.5}
    extras = {"left_mouth_frown": 0.75, "inner_brow_raise": 0.5, "mouth_left": 1.0}
    sample = make_sample(rotation=(0.6, 0.0, 0.0, 0.8), gaze=gaze, **aus, **extras)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        while process.poll() is None:
            for packet in junk:
                sending.sendto(packet, ("127.0.0.1", sink.port))
            sink.send(sample, None)
            time.sleep(0.02)
    sink.close()


def test_arkit_blend_shapes_and_the_head_follow(command: list[str]) -> None:
    shapes = ("jawOpen", "eyeBlink_L", "eyeBlinkRight", "browInnerUp", "eyeLookOutLeft", "mine")
    head, *values = show(command, *shapes)
    assert head == pytest.approx([0.6, 0, 0, 0.8], abs=1e-5)
    assert [value for (value,) in values] == pytest.approx([0.5, 1, 0, 0.5, 0.5, 0], abs=1e-5)


def test_extras_move_arkits_shapes_and_those_of_their_own_names(command: list[str]) -> None:
    shapes = ("jaw_drop", "left_mouth_frown", "mouthFrownLeft", "mouthFrown_R", "mouthLeft")
    _, *values = show(command, *shapes, "eyeSquintLeft")
    assert [value for (value,) in values] == pytest.approx([0.5, 0.75, 0, 0, 1, 0], abs=1e-5)


def test_who_gives_no_extras_has_those_that_go_along_with_aus(command: list[str]) -> None:
    _, *values = show(command, "mouthFrownLeft", "browInnerUp", "eyeSquintLeft", extras=False)
    assert [value for (value,) in values] == pytest.approx([0, 0.25, 0.15], abs=1e-5)


JUNK = (
    b"",
    b"#bundle\0" + bytes(8) + b"\0\0\xff\xff/a",
    b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xff/a",
    b"/facedrive/au/jaw_drop\0\0,f\0\0",
    b"/facedrive/au/jaw_drop\0\0,f\0\0\x7f\xc0\0\0",
    b"/facedrive/au/jaw_drop\0\0,s\0\0yes\0",
    b"/facedrive/au/jaw_drop",
)


def test_au_blend_shapes_win_and_rubbish_is_skipped(command: list[str]) -> None:
    _, *values = show(command, "jaw_drop", "Left Eye Close", "jawOpen", junk=JUNK)
    assert [value for (value,) in values] == pytest.approx([0.5, 1, 0], abs=1e-5)


@pytest.mark.slow
def test_the_scripts_are_godot_4s_language() -> None:
    gdparse = Path(sys.executable).with_name("gdparse")
    if not gdparse.exists():
        pytest.skip("gdtoolkit is not installed")
    subprocess.run([gdparse, *SCRIPTS, CHECK], check=True, capture_output=True)


def test_its_tables_are_facedrives() -> None:
    source = (PROJECT / "shapes.gd").read_text(encoding="utf-8")
    arkit = load_mapping("arkit")
    for channel, row in zip(arkit.channels, arkit.matrix, strict=True):
        shares = {INPUTS[i]: float(f"{row[i]:.4g}") for i in row.nonzero()[0]}
        assert (f'\t"{channel}": {json.dumps(shares)},\n' in source) == bool(row.any())
    rows = (f'\t"{extra}": {json.dumps(AU_OF_EXTRA.get(extra, {}))},\n' for extra in EXTRA_NAMES)
    assert f"const EXTRAS = {{\n{''.join(rows)}}}\n" in source
    listed = "".join(f'\t"{name}",\n' for name in AU_NAMES)
    assert f"const AUS = [\n{listed}]\n" in source
    for way, degrees in FULL_GAZE_DEG.items():
        assert f"FULL_{way.upper()} = {degrees} * PI / 180" in source
