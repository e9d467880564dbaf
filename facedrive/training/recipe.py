"""A training run as one frozen value, read from TOML and saved beside its checkpoint."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facedrive.errors import DataError, unknown
from facedrive.trackers.align import CropSpec
from facedrive.training.augment import Augment


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is trained, but for the data's place on disk."""

    name: str
    seed: int = 0
    epochs: int = 40
    batch: int = 64
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.02
    ema: float = 0.998
    """Decay of the running average of the weights, which is what is kept."""
    widths: tuple[int, int, int, int] = (16, 32, 72, 160)
    depths: tuple[int, int, int] = (1, 2, 2)
    features: int = 320
    dropout: float = 0.1
    rare: float = 0.5
    """How much oftener faces with rare expressions are drawn."""
    point_weight: float = 1.0
    """Of the mesh-point loss beside the AU loss."""
    gaze_weight: float = 0.5
    unseen_weight: float = 0.1
    """Of an AU the teacher is blind to, held at 0 on photographs (it is rare in them)."""
    synthetic_share: float = 0.35
    """Share of the faces drawn that are synthetic, where there are any."""
    synthetic_weight: float = 1.0
    """Of an AU on synthetic faces that the teacher sees well on real ones."""
    blind_weight: float = 5.0
    """Of an AU on synthetic faces that the teacher is blind to: they alone show it."""
    crop: CropSpec = field(default_factory=CropSpec)
    augment: Augment = field(default_factory=Augment)


def load_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        DataError: if the file is missing, is no TOML, or names an unknown field.
    """
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path} is no readable recipe: {error}.") from error
    table.setdefault("name", path.stem)
    for part, kind in (("crop", CropSpec), ("augment", Augment)):
        if part in table:
            table[part] = _build(kind, table[part], path)
    recipe: Recipe = _build(Recipe, table, path)
    return recipe


def _build(kind: type[Any], table: dict[str, Any], path: Path) -> Any:
    fields = {each.name for each in dataclasses.fields(kind)}
    for name in table:
        if name not in fields:
            raise DataError(f"{path}: " + unknown("field", name, fields))
    frozen = {name: tuple(v) if isinstance(v, list) else v for name, v in table.items()}
    return kind(**frozen)
