"""From faces to an exported model, by way of the recipe that comes first."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch

from facedrive.aus import AU_INDEX
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.training.build import Workshop
from facedrive.training.data.faces import FaceSet, Kind
from facedrive.training.data.labels import PARAMETRIC_AUS
from facedrive.training.recipe import Recipe
from facedrive.training.run.distil import distil
from facedrive.training.run.train import Run, build_model, load_averaged

from ..noise import TINY, every_kind, faces

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


def test_a_recipe_starts_from_the_weights_of_the_one_before_it(tmp_path: Path) -> None:
    first = replace(SHORT, name="first")
    recipe = replace(SHORT, name="second", learning_rate=1e-9, inner_rate=1e-9, first=first)
    shop, run = NoiseShop(), Run(recipe, tmp_path, torch.device("cpu"))
    small = distil(run, shop)
    assert shop.asked == ["first", "second"]
    before, after = build_model(first), build_model(recipe)
    load_averaged(before, tmp_path / "first" / "checkpoint.pt")
    load_averaged(after, run.checkpoint)
    weights = zip(before.parameters(), after.parameters(), strict=True)
    assert max((a - b).abs().max().item() for a, b in weights) < 1e-6
    assert OnnxRegressor(small).crop == recipe.crop


def test_the_recipe_before_is_not_trained_again_once_its_follower_has_begun(
    tmp_path: Path,
) -> None:
    recipe = replace(SHORT, name="second", first=replace(SHORT, name="first"))
    for expected in (["first", "second"], ["second"]):
        shop = NoiseShop()
        distil(Run(recipe, tmp_path, torch.device("cpu")), shop)
        assert shop.asked == expected
