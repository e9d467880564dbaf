"""A training run as one frozen value, read from TOML and saved beside its checkpoint."""

from __future__ import annotations

import inspect
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from facedrive.errors import DataError, unknown
from facedrive.training.network.augment import Augment
from facedrive.training.recipe_file import read_recipe_table
from facedrive.types import CropSpec

KIND = "aus"
"""What the recipe files of the live path's AU model say they are."""


@dataclass(frozen=True)
class Source:
    """A set of faces that is made before training."""

    faces: int
    """How many; 0 leaves it out."""
    share: float
    """Of every batch."""
    seed: int


NO_FACES = Source(0, 0.0, 0)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is trained, but for the data's place on disk."""

    name: str
    seed: int = 0
    epochs: int = 40
    batch: int = 64
    learning_rate: float = 1.5e-3
    """The highest: it rises to it over the first 15 % of the epochs, then falls to nothing."""
    inner_rate: float = 0.8e-3
    """The same for the matrices inside the network, which ``descent.py`` treats apart."""
    weight_decay: float = 0.02
    ema: float = 0.998
    """Decay of the running average of the weights, which is what is kept."""
    widths: tuple[int, int, int, int] = (16, 32, 72, 160)
    depths: tuple[int, int, int] = (1, 3, 4)
    """Blocks of each stage."""
    features: int = 320
    dropout: float = 0.02
    reader_share: float = 0.75
    """How much of what the teacher would say is read off the mesh (``mesh.py``). Of people not
    trained on, a mesh is placed nearly as well as of the others, and what the head knows by heart
    is worth less."""
    rare: float = 0.5
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
    exact_weight: float = 2.0
    """Of such an AU where it has a label: on moved and on rendered faces."""
    moved: Source = NO_FACES
    """Photographs whose faces were made to move, scored by the teacher again."""
    lent: Source = NO_FACES
    """The same in the skin of other people, half of them without a movement."""
    rendered: Source = NO_FACES
    """Synthetic faces with exact labels."""
    crop: CropSpec = field(default_factory=CropSpec)
    augment: Augment = field(default_factory=Augment)
    first: Recipe | None = None
    """Trained before; this one starts from its weights. TOML names its file, beside its own, and
    gets from it whatever it does not say itself."""


def as_text(recipe: Recipe) -> str:
    """Return a recipe as one line of JSON, equal for equal recipes."""
    return json.dumps(asdict(recipe), sort_keys=True)


def load_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        DataError: if the file is missing, is no TOML, names an unknown field, or comes before
            itself.
    """
    return _load(path, ())


def _load(path: Path, later: tuple[Path, ...]) -> Recipe:
    """Read a recipe that some others start from."""
    if path.resolve() in later:
        raise DataError(f"{path} would have to be trained before itself; mend its `first`.")
    said, table = read_recipe_table(path)
    if said != KIND:
        raise DataError(f"{path} is a recipe of kind '{said}', not '{KIND}'.")
    sources = dict.fromkeys(("moved", "lent", "rendered"), Source)
    for part, kind in {"crop": CropSpec, "augment": Augment, **sources}.items():
        if part in table:
            table[part] = _build(kind, table[part], path)
    if "first" in table:
        first = _load(path.parent / str(table["first"]), (*later, path.resolve()))
        table = vars(first) | table | {"first": first}
    recipe: Recipe = _build(Recipe, table, path)
    return recipe


def _build(kind: type[Any], table: dict[str, Any], path: Path) -> Any:
    fields = set(inspect.signature(kind).parameters)
    for name in table:
        if name not in fields:
            raise DataError(f"{path}: " + unknown("field", name, fields))
    frozen = {name: tuple(v) if isinstance(v, list) else v for name, v in table.items()}
    try:
        return kind(**frozen)
    except TypeError as error:
        raise DataError(f"{path}: {error}.") from error
