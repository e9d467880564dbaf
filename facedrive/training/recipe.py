"""Recipes: training runs as frozen values, read from TOML and saved in their checkpoints.

The first line of a recipe says what it trains, ``kind = "au_model"``. Whoever trains something of
another kind hands ``load_recipe`` a reader of it.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from facedrive.errors import DataError, OptionError
from facedrive.files import parse_toml, read_text
from facedrive.options import build, find, option, options_of
from facedrive.types import CropSpec

T = TypeVar("T")


@dataclass(frozen=True)
class RecipeFile:
    """A recipe that was read but not understood yet."""

    path: Path
    text: str
    table: dict[str, Any]
    """As TOML has it, without ``kind``."""

    def build(self, declaration: type[T]) -> T:
        """Make a dataclass of the table.

        Raises:
            DataError: if a key is unknown, or a value of the wrong type, out of range or missing.
        """
        options = options_of(declaration)
        values: dict[str, object] = {}
        for name, value in _flat(self.table, {each.path for each in options}):
            try:
                choice = find(options, name)
                whole = [value] if choice.many and not isinstance(value, (list, tuple)) else value
                values[name] = choice.check(whole)
            except OptionError as error:
                raise self.wrong(name, str(error)) from error
        try:
            return build(declaration, values)
        except OptionError as error:
            raise DataError(f"{self.path}: {error}") from error

    def wrong(self, name: str, why: str) -> DataError:
        """Return an error that says in which line a key is wrong, and why."""
        line = _line_of(name, self.text)
        return DataError(f"{self.path}, line {line}: {why}" if line else f"{self.path}: {why}")


Reader = Callable[[RecipeFile], T]


def load_recipe(path: Path, kinds: Mapping[str, Reader[T]]) -> T:
    """Read a recipe of one of some kinds.

    Args:
        path: The TOML file.
        kinds: What makes a recipe of a file of each kind.

    Raises:
        DataError: if the file is missing, is no TOML, or says no such kind or anything unknown.
    """
    text = read_text(path, DataError, "readable recipe")
    table = parse_toml(path, text, DataError, "readable recipe")
    kind = table.pop("kind", None)
    if kind is None:
        lines = " or ".join(f'kind = "{each}"' for each in kinds)
        raise DataError(f"{path} does not say what it trains; write {lines} in its first line.")
    file = RecipeFile(path, text, {"name": path.stem} | table)
    _check_name(file)
    if not isinstance(kind, str) or kind not in kinds:
        raise file.wrong("kind", f"kind is {kind!r}; it must be {' or '.join(kinds)} here.")
    return kinds[kind](file)


def _check_name(file: RecipeFile) -> None:
    """Refuse a name that is no name of a folder: it would lead out of the one for the output."""
    name = file.table["name"]
    if not isinstance(name, str) or name in ("", ".", "..") or re.search(r"[/\\\x00-\x1f:]", name):
        raise file.wrong("name", f"name is {name!r}; it names a folder: leave slashes out.")


def as_text(recipe: Any) -> str:
    """Return a recipe, a dataclass, as one line of JSON: equal for equal recipes."""
    return json.dumps(asdict(recipe), sort_keys=True)


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a table over another, group by group."""
    merged = {**below, **above}
    for name, value in below.items():
        if isinstance(value, dict) and isinstance(above.get(name), dict):
            merged[name] = _merge(value, above[name])
    return merged


def _flat(
    table: Mapping[str, Any], paths: set[tuple[str, ...]], above: tuple[str, ...] = ()
) -> Iterator[tuple[str, Any]]:
    """Give the values of a table by dotted name."""
    for name, value in table.items():
        path = (*above, name)
        if isinstance(value, dict) and path not in paths:
            yield from _flat(value, paths, path)
        else:
            yield ".".join(path), value


def _line_of(name: str, text: str) -> int:
    """Return the number of the line that sets a dotted name; 0 if none does."""
    *groups, key = name.split(".")
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\]]+)\]", line):
            inside = header[1].strip()
        here = inside == ".".join(groups) and re.match(rf"\s*{re.escape(key)}\s*=", line)
        inline = groups and re.match(rf"\s*{re.escape(groups[-1])}\s*=.*\b{re.escape(key)}\b", line)
        if here or inline:
            return number
    return 0


@dataclass(frozen=True)
class SetRecipe:
    """A set of faces that is made before training."""

    faces: int = option(0, low=0)
    """How many; 0 leaves it out."""
    share: float = option(0.0, low=0, high=1)
    """Of every batch."""
    seed: int = option(0, low=0)


@dataclass(frozen=True)
class Augment:
    """How strongly each thing varies; zeros leave the plain centre crop."""

    tracked: float = 0.6
    """Share of the crops that lie where the live tracker would cut them."""
    turn_rad: float = 0.1
    scale: float = 0.1
    shift: float = 0.04
    """Of the crop's side."""
    stretch: float = 0.03
    flip: float = 0.5
    contrast: float = 0.25
    gamma: float = 0.3
    shade: float = 0.4
    """Strength of a light from one side."""
    blur: float = 0.25
    """Share of the crops that lose resolution."""
    sharpen: float = 0.2
    """Share of the crops whose edges stand out, as webcams make them."""
    noise: float = 8.0
    """Largest standard deviation of sensor noise, grey levels."""
    occlude: float = 0.12
    """Share of the crops with a patch covered."""


@dataclass(frozen=True)
class Settings:
    """What a recipe of the AU model may say."""

    name: str = ""
    """Of the run; by default the file's."""
    seed: int = option(0, low=0)
    epochs: int = option(40, low=1)
    batch: int = option(64, low=1)
    learning_rate: float = option(1.5e-3, low=0)
    """The highest: it rises to it over the first 15 % of the epochs, then falls to nothing."""
    inner_rate: float = option(0.8e-3, low=0)
    """The same for the matrices inside the network, which ``optimiser.py`` treats apart."""
    weight_decay: float = option(0.02, low=0)
    ema: float = option(0.998, low=0, high=1)
    """Decay of the running average of the weights, which is what is kept."""
    match: bool = False
    """Learn to answer as the exported network that it starts from, whatever the labels are; it has
    the same widths and more blocks."""
    rest: bool = False
    """Fit a correction to people at rest when all else is done."""
    avatars: float = option(0.0, low=0)
    """In that fit, what heads of another maker (``rendered/avatars.py``) count beside the faces
    whose answers stay; 0 leaves them out."""
    widths: tuple[int, int, int, int] = (16, 32, 72, 160)
    depths: tuple[int, int, int] = (1, 3, 4)
    """Blocks of each stage."""
    features: int = option(320, low=1)
    dropout: float = option(0.02, low=0, high=1)
    reader_share: float = option(0.75, low=0, high=1)
    """How much of what the teacher would say is read off the mesh (``mesh.py``). Of people not
    trained on, a mesh is placed nearly as well as of the others, and what the head knows by heart
    is worth less."""
    rare: float = option(0.5, low=0)
    """How much oftener faces with rare expressions are drawn."""
    point_weight: float = 0.75
    """Of the mesh-point loss beside the AU loss."""
    gaze_weight: float = 0.5
    read_weight: float = 1.0
    """Of what the reader alone makes of the mesh."""
    taught_weight: float = 1.0
    """Of what the teacher says of rendered faces."""
    unseen_weight: float = 0.4
    """Of an AU that the teacher does not see, or hardly, on photographs: it is rare in them."""
    known_weight: float = 2.0
    """Of such an AU where its label is known: on warped and on rendered faces."""
    warped: SetRecipe = SetRecipe()
    """Photographs whose faces are bent, scored by the teacher again."""
    transferred: SetRecipe = SetRecipe()
    """The same in the skin of other people, half of them not bent."""
    rendered: SetRecipe = SetRecipe()
    """Synthetic faces with known labels."""
    crop: CropSpec = field(default_factory=CropSpec)
    augment: Augment = field(default_factory=Augment)


@dataclass(frozen=True)
class Recipe(Settings):
    """Everything that decides what AU model is trained, but for the data's place on disk."""

    first: Recipe | None = None
    """Trained before; this one starts from its weights. TOML names its file, beside its own, and
    gets from it whatever it does not say itself."""


def load_au_recipe(path: Path) -> Recipe:
    """Read a recipe of the AU model.

    Raises:
        DataError: as ``load_recipe``, or if the recipe comes before itself.
    """
    return load_recipe(path, AU_MODEL)


def _read_au_model(file: RecipeFile, later: tuple[Path, ...] = ()) -> Recipe:
    """Read a recipe that some others start from."""
    if file.path.resolve() in later:
        raise DataError(f"{file.path} would have to be trained before itself; mend its `first`.")
    table, first = dict(file.table), None
    if "first" in table:
        before = file.path.parent / str(table.pop("first"))
        first = load_recipe(
            before, {"au_model": lambda each: _read_au_model(each, (*later, file.path.resolve()))}
        )
        inherited = asdict(first)
        del inherited["first"]
        table = _merge(inherited, table)
    settings = dataclasses.replace(file, table=table).build(Settings)
    recipe = Recipe(**vars(settings), first=first)
    _check(file, recipe)
    return recipe


AU_MODEL: Mapping[str, Reader[Recipe]] = {"au_model": _read_au_model}
"""The kind of recipe that this file knows."""


def _check(file: RecipeFile, recipe: Recipe) -> None:
    """Refuse what no single value shows to be wrong."""
    for name, count in (("widths", 4), ("depths", 3)):
        if len(getattr(recipe, name)) != count:
            raise file.wrong(name, f"{name} has to be {count} whole numbers.")
    if recipe.avatars and not recipe.rest:
        raise file.wrong("avatars", "avatars are part of the fit to people at rest; "
                         "add rest = true, or leave them out.")  # fmt: skip
    for name in ("warped", "transferred", "rendered"):
        made: SetRecipe = getattr(recipe, name)
        if made.faces and not made.share:
            raise file.wrong(name, f"{name} has {made.faces} faces but no share of the batches; "
                             "give it one.")  # fmt: skip
    if recipe.warped.share + recipe.transferred.share + recipe.rendered.share >= 1:
        raise file.wrong("warped", "the shares of all sets leave no room for photographs; "
                         "lower one.")  # fmt: skip
