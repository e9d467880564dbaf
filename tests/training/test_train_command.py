"""``facedrive train`` makes the AU model from a data folder: photographs, warped and rendered."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import cv2
import pytest

pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.cli.main import main
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.sources.demo import open_demo
from facedrive.training import build
from facedrive.training.recipe import SetRecipe

pytestmark = pytest.mark.slow

RECIPE = """
kind = "au_model"
epochs = 1
batch = 4
widths = [4, 4, 8, 8]
depths = [1, 1, 1]
features = 16
crop = {size = 64, padding = 0.3}
warped = {faces = 6, share = 0.25, seed = 1}
transferred = {faces = 6, share = 0.25, seed = 4}
rendered = {faces = 4, share = 0.25, seed = 2}
"""


@pytest.fixture(scope="module")
def run(ten_faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "tiny.toml").write_text(RECIPE)
    words = ["--data", str(ten_faces), "--cache", str(folder / "cache"),
             "--output", str(folder / "out"), "--device", "cpu"]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "FACELESS", SetRecipe(256, 0.0, 7))
        patch.setattr(build, "VALIDATION_WARPED", SetRecipe(4, 0.0, 3))
        patch.setattr(build, "VALIDATION_TRANSFERRED", SetRecipe(4, 0.0, 5))
        assert main(["train", str(folder / "tiny.toml"), *words]) == 0
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the first five frames of the demo clip."""
    folder = tmp_path_factory.mktemp("pictures")
    for frame in islice(open_demo().frames(), 5):
        cv2.imwrite(str(folder / f"{frame.index}.png"), frame.image[..., ::-1])
    return folder


@pytest.mark.parametrize("name", ["model.onnx", "model-int8.onnx"])
def test_it_ends_in_a_model_that_extract_runs(
    run: Path, name: str, pictures: Path, tmp_path: Path
) -> None:
    model, take = run / "out" / name, tmp_path / "take.csv"
    assert OnnxRegressor(model, "cpu").crop.size == 64
    assert main(["extract", str(pictures), "-o", str(take), "--model", str(model)]) == 0
    assert len(take.read_text().splitlines()) == 1 + 5
