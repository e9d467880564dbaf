"""What CONTRIBUTING.md says can be typed: each recipe is one file that works by its dotted name."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.filters import FILTERS
from facedrive.mappings import load_mapping
from facedrive.regressors import REGRESSORS
from facedrive.rig import load
from facedrive.sinks import open_sink
from facedrive.sources import open_source
from facedrive.trackers import TRACKERS
from facedrive.types import IDENTITY_HEAD, Frame, Sample

GUIDE = (Path(__file__).resolve().parent.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r'```python title="(\w+)\.py"\n(.*?)```', GUIDE, re.DOTALL))
ROWS = {
    "facedrive/sinks/": "SINKS", "facedrive/sources/": "SOURCES", "facedrive/trackers/": "TRACKERS",
    "facedrive/filters.py": "FILTERS", "facedrive/regressors/": "REGRESSORS",
    "facedrive/rig/": "RIG_READERS", "facedrive/mappings/": "BUILT_IN",
}  # fmt: skip
"""Place that a recipe names → the table there that gets a row."""

LONGEST = 25
"""Lines of a recipe, empty ones left out."""


@pytest.fixture(autouse=True)
def recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put each recipe's file where Python finds it, and forget it afterwards."""
    for name, text in RECIPES.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield
    for name in RECIPES:
        sys.modules.pop(name, None)


def frame(size: int = 400) -> Frame:
    return Frame(np.zeros((size, size, 3), np.uint8), 0.0, 0)


def sample() -> Sample:
    aus = np.zeros(len(AU_NAMES), np.float32)
    aus[AU_INDEX["jaw_drop"]] = 0.4
    return Sample(1.5, 0, aus, np.zeros((2, 2), np.float32), IDENTITY_HEAD, True)


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_is_short(name: str) -> None:
    code = [line for line in RECIPES[name].splitlines() if line.strip()]
    assert len(code) <= LONGEST


def test_output_gets_its_options_and_every_sample(capsys: pytest.CaptureFixture[str]) -> None:
    for level, named in (("0.3", "jaw_drop"), ("0.5", "")):
        sink = open_sink(f"loud:LoudSink?level={level}")
        sink.send(sample(), None)
        sink.close()
        assert capsys.readouterr().out == f"  1.50 s  {named}\ndone\n"


def test_source_gives_its_frames() -> None:
    frames = list(open_source("noise:Noise?count=3").frames())
    assert [each.index for each in frames] == [0, 1, 2]
    assert frames[2].size == (240, 320)


def test_tracker_places_a_face_in_the_middle() -> None:
    face = TRACKERS.open("still:StillTracker?eyes_px=100").track(frame())
    assert face is not None
    corners = face.landmarks_px[[36, 45]]
    assert np.linalg.norm(corners[1] - corners[0]) == pytest.approx(100, rel=0.02)
    assert face.landmarks_px.mean(axis=0) == pytest.approx([200, 200], abs=60)


def test_filter_gives_the_mean_of_the_past() -> None:
    smooth = FILTERS.open("mean:MeanFilter?count=2")
    for value, mean in ((1.0, 1.0), (3.0, 2.0), (5.0, 4.0)):
        assert smooth.filter(np.array([value], np.float32), value) == pytest.approx([mean])
    smooth.reset()
    assert smooth.filter(np.array([7.0], np.float32), 8.0) == pytest.approx([7.0])


def test_model_runs_in_place_of_ours() -> None:
    regressor = REGRESSORS.open("constant:ConstantRegressor?au=chin_raise")
    assert regressor.crop.size == 128
    estimate = regressor.estimate(np.zeros((128, 128), np.uint8))
    assert estimate.aus.argmax() == AU_INDEX["chin_raise"]


def test_rig_is_read_by_its_dotted_name() -> None:
    rig = load("stl_pair:TriangleReader?drop_m=0.02")
    assert rig.targets == ("jaw_drop",)
    assert rig.offsets.min() == pytest.approx(-0.02)


def test_mapping_is_computed() -> None:
    mapping = load_mapping("both_lids:BothLids")
    aus = np.zeros(len(AU_NAMES), np.float32)
    aus[AU_INDEX["left_eye_close"]] = 1.0
    channels = dict(
        zip(mapping.channels, mapping.apply(aus, np.zeros((2, 2), np.float32)), strict=True)
    )
    assert channels["eyeBlinkLeft"] == channels["eyeBlinkRight"] == pytest.approx(0.5)


def test_every_place_and_table_that_a_recipe_names_is_there() -> None:
    root = Path(__file__).resolve().parent.parent
    for place, table in ROWS.items():
        assert f"`{place}`" in GUIDE and f"`{table}`" in GUIDE
        files = [root / place] if place.endswith(".py") else list((root / place).glob("*.py"))
        assert any(re.search(rf"^{table}\b", file.read_text("utf-8"), re.M) for file in files)
