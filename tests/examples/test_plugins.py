"""A package that facedrive does not know runs by dotted names, as a user types them.

What is wrong with a plug-in is one line, and the other outputs go on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import demo_frames

import facedrive as fd
from facedrive.cli.main import main

from .conftest import EXAMPLES

PLUGINS = EXAMPLES / "plugins"
BROKEN = """
from dataclasses import dataclass

@dataclass
class Base:
    def send(self, sample, frame):
        pass
    def close(self):
        pass

@dataclass
class NoClose:
    def send(self, sample, frame):
        pass

class NoDataclass:
    def send(self, sample, frame):
        pass
    def close(self):
        pass

@dataclass
class NotMade(Base):
    def __post_init__(self):
        raise OSError("no such printer")

@dataclass
class Stumbles(Base):
    def send(self, sample, frame):
        raise ZeroDivisionError("sums to nothing")

@dataclass
class Tracker:
    def track(self, frame):
        raise IndexError("no box")
    def reset(self):
        pass

@dataclass
class Regressor:
    def estimate(self, crop):
        return None
"""


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two images of a face."""
    folder = tmp_path_factory.mktemp("photographs")
    for index, frame in enumerate(islice(demo_frames(), 2)):
        cv2.imwrite(str(folder / f"{index}.png"), frame.image[..., ::-1])
    return folder


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with plug-ins that have a fault each."""
    (tmp_path / "broken.py").write_text(BROKEN)
    (tmp_path / "fails_on_import.py").write_text("raise ValueError('wrong planet')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("broken", None)


def facedrive(*words: object) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(PLUGINS), *sys.path))}
    command = [sys.executable, "-m", "facedrive", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=240, env=environment, check=False
    )


@pytest.mark.slow
def test_source_tracker_filter_mapping_rig_and_output_run_together(
    photographs: Path, tmp_path: Path
) -> None:
    lines, picture = tmp_path / "lines.jsonl", tmp_path / "picture.mp4"
    ended = facedrive(
        "live", "--no-view", "--no-user-config", "--no-auto-neutral",
        "--source", f"my_plugins.slideshow:Slideshow?path={photographs}&frames_each=3",
        "--tracker", "my_plugins.helmet:HelmetTracker?refresh=2",
        "--smoothing.use", "my_plugins.median:MedianFilter?frames=5",
        "--rig", "my_plugins.mask:MaskReader?width_m=0.2", "--record", picture,
        "--out", "vmc://127.0.0.1:39999?mapping=my_plugins.puppet:PuppetMapping",
        "--out", f"my_plugins.lines:LinesSink?path={lines}&level=0.005",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    written = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [round(each["time"] * 30) for each in written] == list(range(6))
    assert all(each["face"] for each in written)
    assert min(value for each in written for value in each["aus"].values()) >= 0.005
    assert picture.stat().st_size > 0


@pytest.mark.slow
def test_extract_runs_the_regressor(photographs: Path, tmp_path: Path) -> None:
    take = tmp_path / "take.csv"
    regressor = "my_plugins.mirrored:MirroredRegressor"
    ended = facedrive("extract", photographs, "-o", take, "--raw", "--regressor", regressor)
    assert ended.returncode == 0, ended.stderr
    both, plain = fd.read(take), fd.extract(photographs)
    assert both.face.all()
    assert 0 < np.abs(both.aus - plain.aus).max() < 0.3


def test_rig_inspect_reads_the_rig() -> None:
    ended = facedrive("rig", "inspect", "my_plugins.mask:MaskReader", "--json")
    assert json.loads(ended.stdout)["covered"] == ["jaw_drop"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--out", "fails_on_import:Sink"],
         "sink fails_on_import:Sink cannot be imported: ValueError: wrong planet."),
        (["--out", "broken:Missing"],
         "sink broken:Missing cannot be imported: module 'broken' has no attribute 'Missing'. Is"),
        (["--out", "broken:NoClose"], "sink broken:NoClose has no close; a sink has send, close."),
        (["--out", "broken:NoDataclass"],
         "sink broken:NoDataclass is not a dataclass; its fields are its options."),
        (["--out", "broken:NotMade"],
         "sink broken:NotMade failed: OSError: no such printer."),
        (["--out", "broken:Stumbles"],
         "sink broken:Stumbles failed: ZeroDivisionError: sums to nothing."),
        (["--tracker", "broken:Tracker"], "tracker broken:Tracker failed: IndexError: no box."),
        (["--regressor", "broken:Regressor"],
         "regressor broken:Regressor has no crop; a regressor has estimate, crop."),
        (["--source", "nowhere.at_all:Source"],
         "source nowhere.at_all:Source cannot be imported: No module named 'nowhere'. Is"),
        (["--smoothing.use", "broken:Base"],
         "filter broken:Base has no filter and no reset; a filter has filter, reset."),
        (["--rig", "broken:Base", "--record", "picture.mp4"],
         "rig reader broken:Base has no read; a rig reader has read."),
        (["--out", "vmc://127.0.0.1:39999?mapping=broken:Base"],
         "mapping broken:Base has no read; a mapping has read."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_plug_in_is_one_line(
    words: list[str],
    line: str,
    photographs: Path,
    broken: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = [] if "--source" in words else ["--source", str(photographs)]
    assert main(["live", "--no-view", "--no-user-config", *source, *words]) == 2
    said = capsys.readouterr().err
    assert said.splitlines()[-1].startswith(f"facedrive: {line}")
    assert "Traceback" not in said


@pytest.mark.slow
def test_when_one_output_fails_the_others_go_on(
    photographs: Path, broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["live", "--no-view", "--no-user-config", "--source", str(photographs)]
    outputs = ["--out", "broken:Stumbles", "--out", "csv:take.csv"]
    assert main([*words, *outputs]) == 3
    assert "1 of 2 outputs failed: broken:Stumbles" in capsys.readouterr().err
    assert len(fd.read(broken / "take.csv")) == 2
