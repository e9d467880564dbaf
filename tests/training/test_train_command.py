"""``facedrive train`` makes the AU model from a data folder: photographs, warped and rendered."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the train extra")

from clips import demo_frames
from exporting import export_quickly

from facedrive.cli.main import main
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.training import build
from facedrive.training.build import Workshop
from facedrive.training.data.faces import Kind
from facedrive.training.recipe import Recipe, SetRecipe, load_au_recipe
from facedrive.training.run import distil

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

FEW = {
    "FACELESS": SetRecipe(256, 0.0, 7),
    "VALIDATION_WARPED": SetRecipe(4, 0.0, 3),
    "VALIDATION_TRANSFERRED": SetRecipe(4, 0.0, 5),
}
"""What every run needs besides its recipe's sets, for a short one."""


@pytest.fixture(scope="module")
def run(ten_faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "tiny.toml").write_text(RECIPE)
    words = ["--data", str(ten_faces), "--cache", str(folder / "cache"),
             "--output", str(folder / "out"), "--device", "cpu"]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, few in FEW.items():
            patch.setattr(build, name, few)
        export_quickly(patch)
        assert main(["train", str(folder / "tiny.toml"), *words]) == 0
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the first five frames of the demo clip."""
    folder = tmp_path_factory.mktemp("pictures")
    for frame in islice(demo_frames(), 5):
        cv2.imwrite(str(folder / f"{frame.index}.png"), frame.image[..., ::-1])
    return folder


def test_it_ends_in_models_that_extract_runs_and_keeps_the_faces_that_it_made(
    run: Path, pictures: Path, tmp_path: Path, ten_faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("model.onnx", "model-int8.onnx"):
        model, take = run / "out" / name, tmp_path / f"{name}.csv"
        assert OnnxRegressor(model, "cpu").crop.size == 64
        assert main(["extract", str(pictures), "-o", str(take), "--model", str(model)]) == 0
        assert len(take.read_text().splitlines()) == 1 + 5
    _check_faces(run, ten_faces, monkeypatch)


def _check_faces(run: Path, ten_faces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faces of every kind are kept, and the same are there for another run."""
    for name, few in FEW.items():
        monkeypatch.setattr(build, name, few)
    recipe = load_au_recipe(run / "tiny.toml")
    made = {path.name for path in (run / "cache").iterdir()}
    shop = build.Workshop(ten_faces, run / "cache")
    sets, validation = shop.gather(recipe), shop.validation()
    assert {path.name for path in (run / "cache").iterdir()} == made
    assert {kind: len(each) for kind, each in sets.items()} == {
        Kind.PHOTOGRAPH: 6, Kind.WARPED: 6, Kind.TRANSFERRED: 6, Kind.RENDERED: 4,
    }  # fmt: skip
    assert [len(validation[kind]) for kind in sorted(validation)] == [2, 4, 4]
    train = set(shop.photographs.person[shop.photographs.rows_of("train")])
    for kind, each in sets.items():
        assert each.crops.std() > 10
        assert each.tracked_px is not None and np.isfinite(each.tracked_px).mean() > 0.5
        assert kind == Kind.RENDERED or set(each.person) <= train
    assert sets[Kind.RENDERED].taught is not None


def test_refit_trains_nothing_and_says_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[object] = []

    def refit(recipe: Recipe, folder: Path, exported: Path, shop: Workshop) -> Path:
        asked.extend((recipe.rest, recipe.avatars, folder, exported, shop.data))
        return folder / "model-int8.onnx"

    monkeypatch.setattr(distil, "refit", refit)
    (tmp_path / "tiny.toml").write_text(
        f"{RECIPE}\n".replace("epochs", "rest = true\navatars = 0.2\nepochs", 1)
    )
    words = ["--data", "DATA", "--output", "OUT", "--refit", "old.onnx"]
    assert main(["train", str(tmp_path / "tiny.toml"), *words]) == 0
    assert asked == [True, 0.2, Path("OUT"), Path("old.onnx"), Path("DATA")]
    assert "is old.onnx with another correction" in capsys.readouterr().out
