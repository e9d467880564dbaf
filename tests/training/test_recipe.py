"""Recipes of the live path's AU model."""

import dataclasses
import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.errors import DataError
from facedrive.training.recipe import Source, load_recipe

RECIPES = Path(__file__).resolve().parents[2] / "train/recipes"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(f'kind = "aus"\n{text}')
    return path


def test_the_default_starts_from_a_recipe_of_the_same_network_and_faces() -> None:
    recipe = load_recipe(RECIPES / "default.toml")
    assert recipe.first is not None
    for what in ("widths", "depths", "features", "crop", "moved", "lent", "rendered"):
        assert getattr(recipe, what) == getattr(recipe.first, what)
    assert recipe.first.first is None


def test_tables_become_values_and_the_file_gives_the_name(tmp_path: Path) -> None:
    text = (
        "epochs = 3\nlent = {faces = 5, share = 0.1, seed = 7}\n[crop]\nsize = 64\npadding = 0.2\n"
    )
    recipe = load_recipe(write(tmp_path, "mine", text))
    assert (recipe.name, recipe.epochs, recipe.crop.size) == ("mine", 3, 64)
    assert recipe.lent == Source(5, 0.1, 7)


def test_a_recipe_takes_from_the_one_before_what_it_does_not_say(tmp_path: Path) -> None:
    write(tmp_path, "one", "epochs = 3\nbatch = 5\n[crop]\nsize = 64\npadding = 0.2\n")
    two = load_recipe(write(tmp_path, "two", 'first = "one.toml"\nepochs = 4\n'))
    assert (two.name, two.epochs, two.batch, two.crop.size) == ("two", 4, 5, 64)


def test_a_checkpoint_keeps_the_recipe_before_too(tmp_path: Path) -> None:
    write(tmp_path, "one", "epochs = 3\n")
    two = load_recipe(write(tmp_path, "two", 'first = "one.toml"\n'))
    kept = json.loads(json.dumps(dataclasses.asdict(two)))
    assert kept["first"]["name"] == "one"
    assert kept["first"]["epochs"] == 3


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('first = "mine.toml"', "before itself"),
        ('first = "other.toml"', "no readable recipe"),
        ("first = 7", "no readable recipe"),
        ("epoch = 7", "epochs"),
        ("moved = {faces = 7}", "share"),
        ("epochs =", "no readable recipe"),
    ],
)
def test_wrong_recipes_are_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(DataError, match=complaint):
        load_recipe(write(tmp_path, "mine", text))


def test_recipes_do_not_go_round_in_a_circle(tmp_path: Path) -> None:
    write(tmp_path, "one", 'first = "two.toml"')
    two = write(tmp_path, "two", 'first = "one.toml"')
    with pytest.raises(DataError, match="before itself"):
        load_recipe(two)
