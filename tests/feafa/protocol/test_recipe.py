"""Recipes of the protocol: those that ship, their budget, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedrive.errors import DataError
from facedrive.feafa.protocol.recipe import ProtocolRecipe, load_protocol, within_budget
from facedrive.training.recipe import as_text

RECIPES = Path(__file__).resolve().parents[3] / "train/recipes"
PROTOCOL = [
    "feafa_resnet18", "feafa_vgg16", "disfa_resnet18", "disfa_vgg16", "regional",
    "regional_single",
]  # fmt: skip


def shipped(name: str) -> ProtocolRecipe:
    recipe = load_protocol(RECIPES / f"{name}.toml")
    assert recipe is not None
    return recipe


@pytest.mark.parametrize("name", PROTOCOL)
def test_every_recipe_keeps_the_papers_crop_epochs_and_folds(name: str) -> None:
    recipe = shipped(name)
    assert (recipe.crop, recipe.epochs, recipe.folds) == (224, 30, 3)


@pytest.mark.parametrize("name", PROTOCOL[:4])
def test_the_baselines_use_plain_gradient_descent(name: str) -> None:
    recipe = shipped(name)
    assert (recipe.optimiser, recipe.schedule) == ("sgd", "step")
    assert (recipe.step_epochs, recipe.step_factor) == (10, 0.1)
    assert recipe.part == (("posed",) if name.startswith("feafa") else ("spontaneous",))


def test_every_network_gets_the_same_epochs_and_frames() -> None:
    for budget in ("full", "cpu"):
        recipes = [within_budget(shipped(name), budget) for name in PROTOCOL]
        same = {(r.epochs, r.step_epochs, r.crop, r.frames_per_video) for r in recipes}
        assert len(same) == 1


def test_the_cpu_budget_keeps_the_schedules_proportion_and_one_fold_of_vgg16() -> None:
    for name in PROTOCOL:
        full, cut = shipped(name), within_budget(shipped(name), "cpu")
        assert cut.epochs / cut.step_epochs == full.epochs / full.step_epochs
        assert cut.frames_per_video > 0
        assert cut.folds == (1 if cut.network == "vgg16" else 3)
        assert as_text(cut) != as_text(full)


def test_a_recipe_of_another_kind_is_none_of_the_protocol() -> None:
    with pytest.raises(DataError, match="kind is 'au_model'; it must be protocol here"):
        load_protocol(RECIPES / "default.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('network = "resnet19"\npart = "posed"', "network is 'resnet19'; it must be one of"),
        ('network = "vgg16"\npart = "acted"', "part is 'acted'; it must be one of posed"),
        ('network = "vgg16"', "part is missing"),
        ('network = "vgg16"\npart = []', "part is empty"),
        ('network = "vgg16"\npart = "posed"\nbach = 3', r"mine.toml, line 4: no option 'bach'"),
        ('network = "vgg16"\npart = "posed"\nbatch = 0', "batch is 0"),
        ('network = "vgg16"\npart = "posed"\nbatch = 2.5', "batch is 2.5; it must be a whole"),
        ('network = "vgg16"\npart = "posed"\nvideo_mean = true', "only the regional network"),
        ('network = "regional"\npart = "posed"\nwidths = [4]', "widths has 1 numbers"),
        ("network =", "no readable recipe"),
    ],
)
def test_a_senseless_recipe_is_refused_with_its_reason(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'kind = "protocol"\n{text}')
    with pytest.raises(DataError, match=said):
        load_protocol(path)


def test_a_recipe_that_says_no_kind_is_refused_with_the_line_to_write(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('network = "vgg16"\npart = "posed"')
    with pytest.raises(DataError, match='write kind = "protocol" in its first line'):
        load_protocol(path)
