"""Recipes: one reader for every kind, and what the AU model's may say."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.errors import DataError
from facedrive.training.recipe import (
    AU_MODEL,
    RecipeFile,
    SetRecipe,
    as_text,
    load_au_recipe,
    load_recipe,
)

RECIPES = Path(__file__).resolve().parents[2] / "train/recipes"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(f'kind = "au_model"\n{text}')
    return path


def test_the_default_starts_from_a_recipe_of_the_same_network_and_faces() -> None:
    recipe = load_au_recipe(RECIPES / "default.toml")
    assert recipe.first is not None
    for what in ("widths", "depths", "features", "crop", "warped", "transferred", "rendered"):
        assert getattr(recipe, what) == getattr(recipe.first, what)
    assert recipe.first.first is None
    assert recipe.warped.faces == 48_000


def test_tables_become_values_and_the_file_gives_the_name(tmp_path: Path) -> None:
    text = """
epochs = 3
transferred = {faces = 5, share = 0.1, seed = 7}
[crop]
size = 64
padding = 0.2
"""
    recipe = load_au_recipe(write(tmp_path, "mine", text))
    assert (recipe.name, recipe.epochs, recipe.crop.size) == ("mine", 3, 64)
    assert recipe.transferred == SetRecipe(5, 0.1, 7)
    assert recipe.widths == (16, 32, 72, 160)


def test_a_recipe_takes_from_the_one_before_what_it_does_not_say(tmp_path: Path) -> None:
    write(tmp_path, "one", "epochs = 3\nbatch = 5\n[crop]\nsize = 64\npadding = 0.2\n")
    text = 'first = "one.toml"\nepochs = 4\n[crop]\npadding = 0.1\n'
    two = load_au_recipe(write(tmp_path, "two", text))
    assert (two.name, two.epochs, two.batch) == ("two", 4, 5)
    assert (two.crop.size, two.crop.padding) == (64, 0.1)


def test_a_checkpoint_keeps_the_recipe_before_too(tmp_path: Path) -> None:
    write(tmp_path, "one", "epochs = 3\n")
    two = load_au_recipe(write(tmp_path, "two", 'first = "one.toml"\n'))
    kept = json.loads(as_text(two))
    assert kept["first"]["name"] == "one"
    assert kept["first"]["epochs"] == 3


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('first = "mine.toml"', "before itself"),
        ('first = "other.toml"', "cannot be read"),
        ("first = 7", "cannot be read"),
        ("epochs = =", r"no readable recipe.*line 2"),
        ("batch = 8\nepoch = 7", r"mine.toml, line 3: .*'epoch'.*epochs"),
        ("epochs = 0", r"mine.toml, line 2: epochs is 0; it must be .* at least 1"),
        ('epochs = "many"', r"line 2: epochs is 'many'; it must be a whole number"),
        ("[crop]\nsize = 64\nsise = 7", r"line 4: .*'crop.sise'.*crop.size"),
        ("warped = {face = 7}", r"line 2: .*'warped.face'.*warped.faces"),
        ("warped = {faces = 7}", r"line 2: warped has 7 faces but no share"),
        ("warped = {faces = 7, share = 0.6}\nrendered = {faces = 7, share = 0.5}",
         "line 2: the shares of all sets leave no room"),
        ("widths = [1, 2]", r"line 2: widths has to be 4 whole numbers"),
        ("widths = 5", r"line 2: widths"),
        ("avatars = 0.1", r"line 2: avatars are part of the fit to people at rest; add rest"),
    ],
)  # fmt: skip
def test_wrong_recipes_are_refused_by_key_and_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(DataError, match=complaint):
        load_au_recipe(write(tmp_path, "mine", text))


def test_recipes_do_not_go_round_in_a_circle(tmp_path: Path) -> None:
    write(tmp_path, "one", 'first = "two.toml"')
    two = write(tmp_path, "two", 'first = "one.toml"')
    with pytest.raises(DataError, match="before itself"):
        load_au_recipe(two)


def test_a_recipe_that_says_no_kind_or_another_is_told_which_there_are(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("epochs = 3\n")
    with pytest.raises(DataError, match=r'does not say what it trains; write kind = "au_model"'):
        load_au_recipe(path)
    path.write_text('# A comment.\nkind = "au_modell"\n')
    with pytest.raises(DataError, match=r"line 2: kind is 'au_modell'; it must be au_model here"):
        load_au_recipe(path)


def test_every_kind_has_its_own_reader(tmp_path: Path) -> None:
    @dataclasses.dataclass(frozen=True)
    class Other:
        name: str
        part: tuple[str, ...] = ()

    def read(file: RecipeFile) -> Other:
        return file.build(Other)

    path = tmp_path / "mine.toml"
    path.write_text('kind = "other"\npart = "posed"\n')
    assert load_recipe(path, {"other": read}) == Other("mine", ("posed",))
    with pytest.raises(DataError, match="kind is 'other'"):
        load_recipe(path, AU_MODEL)


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "..", "", "a\\\\b", "a\\u0000b"])
def test_a_name_never_leads_out_of_the_output_folder(tmp_path: Path, name: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(f'kind = "au_model"\nname = "{name}"\n')
    with pytest.raises(DataError, match="it names a folder: leave slashes out"):
        load_au_recipe(path)
