"""A run of the paper's protocol as one frozen value, read from TOML and saved with its results."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from facedrive.feafa.labels.video import Part
from facedrive.options import option
from facedrive.training.recipe import Reader, RecipeFile, load_recipe

Network = Literal["resnet18", "vgg16", "regional"]
Optimiser = Literal["sgd", "adamw"]
Schedule = Literal["step", "cosine"]
BudgetName = Literal["full", "cpu"]


@dataclass(frozen=True)
class ProtocolRecipe:
    """Everything that decides what is trained and tested, but for the data's place on disk."""

    name: str
    network: Network
    part: tuple[Part, ...]
    """Trained and tested apart, one after the other."""
    seed: int = 0
    crop: int = option(224, low=1)
    """Side of the random part of each prepared crop, pixels (paper, section 4.2)."""
    epochs: int = option(30, low=1)
    step_epochs: int = option(10, low=1)
    """Epochs between two falls of the learning rate (paper, section 4.3)."""
    step_factor: float = 0.1
    batch: int = option(16, low=1)
    """Frames a step, over all processes and pieces together."""
    accumulate: int = option(1, low=1)
    """Pieces that a process takes its share of a batch in, where memory is short."""
    optimiser: Optimiser = "sgd"
    schedule: Schedule = "step"
    """``step`` as the paper; ``cosine`` rises over the first tenth and falls to 0 over the rest."""
    learning_rate: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 5e-4
    folds: int = option(3, low=1)
    """How many of the three folds are run."""
    frames_per_video: int = option(0, low=0)
    """Evenly spaced frames of each training video; 0 for all. All are tested on."""
    budget: BudgetName = "full"
    video_mean: bool = False
    """Show the regional network the mean face of each frame's video as well."""
    widths: tuple[int, ...] = (16, 32, 64)
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


def load_protocol(path: Path) -> ProtocolRecipe:
    """Read a recipe of the protocol.

    Raises:
        DataError: if the file is missing, is no TOML, or a field is unknown or senseless.
    """
    return load_recipe(path, PROTOCOL)


def _read_protocol(file: RecipeFile) -> ProtocolRecipe:
    recipe = file.build(ProtocolRecipe)
    _check(recipe, file)
    return recipe


PROTOCOL: Mapping[str, Reader[ProtocolRecipe]] = {"protocol": _read_protocol}
"""The kind of recipe that this file knows."""


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


def _check(recipe: ProtocolRecipe, file: RecipeFile) -> None:
    """Refuse fields that do not go together."""
    if not recipe.part:
        raise file.wrong("part", "part is empty; name posed, spontaneous or both.")
    if recipe.video_mean and recipe.network != "regional":
        raise file.wrong("video_mean", "only the regional network takes video_mean; leave it out.")
    if len(recipe.widths) != len(ProtocolRecipe.widths):
        raise file.wrong("widths", f"widths has {len(recipe.widths)} numbers; it must have 3.")
