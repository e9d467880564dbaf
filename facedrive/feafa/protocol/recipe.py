"""A run of the paper's protocol as one frozen value, read from TOML and saved with its results."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from facedrive.errors import DataError, unknown
from facedrive.feafa.labels.video import Part

Network = Literal["resnet18", "vgg16", "regional"]
Optimiser = Literal["sgd", "adamw"]
Schedule = Literal["step", "cosine"]
BudgetName = Literal["full", "cpu"]

NETWORKS: tuple[str, ...] = get_args(Network)


@dataclass(frozen=True)
class ProtocolRecipe:
    """Everything that decides what is trained and tested, but for the data's place on disk."""

    name: str
    network: Network
    part: tuple[Part, ...]
    """Trained and tested apart, one after the other."""
    seed: int = 0
    crop: int = 224
    """Side of the random part of each prepared crop, pixels (paper, section 4.2)."""
    epochs: int = 30
    step_epochs: int = 10
    """Epochs between two falls of the learning rate (paper, section 4.3)."""
    step_factor: float = 0.1
    batch: int = 16
    """Frames a step, over all processes and pieces together."""
    accumulate: int = 1
    """Pieces that a process takes its share of a batch in, where memory is short."""
    optimiser: Optimiser = "sgd"
    schedule: Schedule = "step"
    """``step`` as the paper; ``cosine`` rises over the first tenth and falls to 0 over the rest."""
    learning_rate: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 5e-4
    folds: int = 3
    """How many of the three folds are run."""
    frames_per_video: int = 0
    """Evenly spaced frames that each training video lends; 0 for all. All are tested on."""
    budget: BudgetName = "full"
    video_mean: bool = False
    """Show the regional network the mean face of each frame's video as well."""
    widths: tuple[int, int, int] = (16, 32, 64)
    """Channels of the regional network at a half, a quarter and an eighth of the crop's side."""
    features: int = 48
    """Of each facial region, in the regional network."""
    dropout: float = 0.1
    """In the regional network's heads; VGG16 keeps its own."""


@dataclass(frozen=True)
class Budget:
    """What fits into a night on two processor cores, the same for every network."""

    frames_per_video: int = 16
    epochs: int = 12
    step_epochs: int = 4
    """In the proportion of the full 30 and 10."""
    vgg16_folds: int = 1


def load_protocol(path: Path) -> ProtocolRecipe | None:
    """Read a recipe of the protocol; None if the file is a recipe of another kind.

    Raises:
        DataError: if the file is missing, is no TOML, or a field is unknown or senseless.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path} is no readable recipe: {error}.") from error
    if "network" not in table:
        return None
    table.setdefault("name", path.stem)
    part = table.get("part", [])
    table["part"] = (part,) if isinstance(part, str) else tuple(part)
    table["widths"] = tuple(table.get("widths", ProtocolRecipe.widths))
    _check(table, path)
    return ProtocolRecipe(**table)


def within_budget(recipe: ProtocolRecipe, name: BudgetName) -> ProtocolRecipe:
    """Return the recipe as it is, or cut down to what a processor does in a night."""
    if name == "full":
        return recipe
    cut = Budget()
    return dataclasses.replace(
        recipe,
        budget="cpu",
        frames_per_video=cut.frames_per_video,
        epochs=cut.epochs,
        step_epochs=cut.step_epochs,
        folds=cut.vgg16_folds if recipe.network == "vgg16" else recipe.folds,
    )


def as_text(recipe: ProtocolRecipe) -> str:
    """Return the recipe as one line of JSON, equal for equal recipes."""
    return json.dumps(dataclasses.asdict(recipe), sort_keys=True)


def _check(table: dict[str, Any], path: Path) -> None:
    """Refuse a table that is no protocol recipe, and say which field is why."""
    fields = {each.name: each for each in dataclasses.fields(ProtocolRecipe)}
    for name in table:
        if name not in fields:
            raise DataError(f"{path}: " + unknown("field", name, fields))
    _check_choice(path, "network", [table["network"]], NETWORKS)
    _check_choice(path, "part", table["part"] or [""], get_args(Part))
    _check_choice(path, "optimiser", [table.get("optimiser", "sgd")], get_args(Optimiser))
    _check_choice(path, "schedule", [table.get("schedule", "step")], get_args(Schedule))
    if table.get("video_mean") and table["network"] != "regional":
        raise DataError(f"{path}: only the regional network takes video_mean; leave it out.")
    for name in ("epochs", "step_epochs", "batch", "accumulate", "folds", "crop"):
        value = table.get(name, fields[name].default)
        if not isinstance(value, int) or value < 1:
            raise DataError(f"{path}: {name} is {value!r}; it must be a whole number from 1.")


def _check_choice(path: Path, field: str, given: list[Any], known: tuple[str, ...]) -> None:
    for each in given:
        if each not in known:
            raise DataError(f"{path}: " + unknown(field, str(each), known))
