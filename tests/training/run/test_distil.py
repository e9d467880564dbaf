"""From faces to an exported model, by way of the recipe that comes first."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import onnx
import torch
from exporting import export_quickly

from facedrive.aus import AU_INDEX
from facedrive.errors import DataError
from facedrive.extras import EXTRA_NAMES
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.stats.splits import People
from facedrive.training.build import Workshop
from facedrive.training.data.faces import FaceSet, Kind
from facedrive.training.data.labels import PARAMETRIC_AUS
from facedrive.training.data.resting import RestingFaces, fold_name
from facedrive.training.recipe import Recipe
from facedrive.training.run import distil as distilling
from facedrive.training.run import heads, rest
from facedrive.training.run.distil import distil, refit
from facedrive.training.run.train import Run, build_model, load_averaged
from facedrive.types import CropSpec, Image, Vector

from ..noise import TINY, every_kind, faces
from .conftest import DEEP, Trained

pytestmark = pytest.mark.slow

SHORT = replace(TINY, epochs=1)
MADE = [AU_INDEX[name] for name in PARAMETRIC_AUS]


class NoiseShop(Workshop):
    """Has noise for whatever recipe, and remembers which it was asked for."""

    def __init__(self) -> None:
        super().__init__(Path(), Path())
        object.__setattr__(self, "asked", [])

    asked: list[str]

    def gather(self, recipe: Recipe) -> dict[Kind, FaceSet]:
        self.asked.append(recipe.name)
        return every_kind()

    def validation(self) -> dict[Kind, FaceSet]:
        resting = faces()
        resting.targets.aus[:] *= 0.1
        resting.targets.aus[:, MADE] = 0
        return {Kind.PHOTOGRAPH: resting, Kind.WARPED: faces(), Kind.TRANSFERRED: resting}

    def faceless(self, crop: CropSpec) -> Image:
        return np.zeros((640, crop.size, crop.size), np.uint8)

    def resting(self) -> RestingFaces:
        return RestingFaces(faces(20), np.arange(10) % 5, np.ones(10, np.intp))

    def avatars(self) -> FaceSet:
        return faces()

    def extra_scores(self, people: People) -> Vector:
        return np.full((len(every_kind()[Kind.PHOTOGRAPH]), len(EXTRA_NAMES)), 0.2, np.float32)


FIRST = replace(SHORT, name="first")
SECOND = replace(SHORT, name="second", rest=True, learning_rate=1e-9, inner_rate=1e-9, first=FIRST)


class Outcome(NamedTuple):
    """What became of a recipe that starts from another."""

    run: Run
    asked: list[str]
    small: Path


def shorten(patch: pytest.MonkeyPatch) -> None:
    """Fit what is fitted last to fewer faces; presence in as many steps."""
    for module, name, few in ((rest, "ANCHORS", 64), (rest, "RESTING", 16), (rest, "STEPS", 20),
                              (heads, "BATCH", 64)):  # fmt: skip
        patch.setattr(module, name, few)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    run, shop = Run(SECOND, tmp_path_factory.mktemp("run"), torch.device("cpu")), NoiseShop()
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        export_quickly(patch)
        return Outcome(run, shop.asked, distil(run, shop))


def test_a_recipe_starts_from_the_weights_of_the_one_before_it(outcome: Outcome) -> None:
    assert outcome.asked == ["first", "second"]
    before, after = build_model(FIRST), build_model(SECOND)
    load_averaged(before, outcome.run.folder / "first" / "checkpoint.pt")
    load_averaged(after, outcome.run.checkpoint)
    weights = zip(before.parameters(), after.parameters(), strict=True)
    assert max((a - b).abs().max().item() for a, b in weights) < 1e-6
    assert OnnxRegressor(outcome.small).crop == SECOND.crop


def test_the_recipe_before_is_not_trained_again_once_its_follower_has_begun(
    outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = NoiseShop()
    monkeypatch.setattr(distilling, "export", lambda *_: None)  # the model is there
    shorten(monkeypatch)
    distil(outcome.run, shop)
    assert shop.asked == ["second"]


def test_presence_tells_faces_from_blanks(outcome: Outcome) -> None:
    regressor, crops = OnnxRegressor(outcome.small, "cpu"), faces().crops[:, :32, :32]
    blank = regressor.estimate(np.zeros((32, 32), np.uint8)).presence
    assert blank is not None and blank < 0.5
    shown = [regressor.estimate(np.ascontiguousarray(crop)).presence for crop in crops]
    assert np.median([each for each in shown if each is not None]) > 0.7


def test_the_extras_were_taught(outcome: Outcome) -> None:
    crop = np.ascontiguousarray(faces().crops[0, :32, :32])
    extras = OnnxRegressor(outcome.small, "cpu").estimate(crop).extras
    assert extras is not None and extras.any()  # else each is exactly 0


def test_a_model_without_each_fold_of_the_people_at_rest_lies_beside_it(outcome: Outcome) -> None:
    folds = [OnnxRegressor(outcome.run.folder / "folds" / fold_name(fold)) for fold in range(5)]
    crop = np.ascontiguousarray(faces().crops[0, :32, :32])
    assert len({each.estimate(crop).aus.tobytes() for each in folds}) == 5


def test_a_refit_changes_an_exported_models_correction_and_nothing_else(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(monkeypatch)
    recipe, (_, small) = replace(DEEP, rest=True, avatars=1.0), trained.models
    again = refit(recipe, tmp_path / "again", small, NoiseShop())
    before, after = (onnx.load(each) for each in (small, again))
    changed = {one.name for one, other in
               zip(before.graph.initializer, after.graph.initializer, strict=True)
               if one != other}  # fmt: skip
    layer = "model.correction"
    assert changed == {f"{layer}.{part}.{name}" for part in ("hidden", "answer")
                       for name in ("weight", "bias")}  # fmt: skip
    assert before.metadata_props == after.metadata_props
    assert OnnxRegressor(tmp_path / "again" / "folds" / fold_name(4)).crop == recipe.crop


def test_a_recipe_that_fits_no_correction_cannot_refit(outcome: Outcome, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="first fits no correction; add rest = true"):
        refit(FIRST, tmp_path, outcome.small, NoiseShop())
