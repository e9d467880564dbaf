"""Recipes of the protocol one after the other: folds, Table 4, and a model of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from facedrive.feafa.protocol.experiment import Experiment
from facedrive.feafa.protocol.machine import Machine
from facedrive.feafa.protocol.model import ALL, make_model
from facedrive.feafa.protocol.prepared import load_prepared
from facedrive.feafa.protocol.recipe import BudgetName, ProtocolRecipe, within_budget
from facedrive.feafa.protocol.tables import Table4


@dataclass(frozen=True)
class ProtocolRun:
    """What to run recipes on, and where to."""

    data: Path
    """The cache that ``facedrive data prepare`` filled."""
    folder: Path
    """Gets a folder a recipe, and the table."""
    folds: str = "video"
    """``video`` as the paper, ``subject``, or the path of a CSV of ``video,fold``."""
    budget: BudgetName = "full"
    """``cpu`` has fewer frames and epochs, for a night on two cores."""
    export: str = ALL
    """What the exported model is trained on: ``all`` labelled videos, after the folds; those of a
    fold, such as ``posed/fold1``; or ``none``, for no model."""


class Outcome(NamedTuple):
    """What a run left."""

    table: str
    """Table 4 in Markdown, as in ``table4.md``."""
    models: dict[str, Path]
    """Recipe's name → its ONNX file."""


def run_protocol(recipes: Sequence[ProtocolRecipe], run: ProtocolRun, machine: Machine) -> Outcome:
    """Train recipes over their folds, score them, and export a model of each.

    What was done before is read, not trained again.

    Args:
        recipes: From ``load_protocol``; their names differ.
        run: Data, folder and options.
        machine: Where to compute; in several processes each calls this.

    Raises:
        DataError: if the data is missing or too little, or a folder holds another run.
        ModelError: if an exported model does not say what PyTorch says.
    """
    data, table = load_prepared(run.data), Table4()
    models: dict[str, Path] = {}
    for recipe in recipes:
        recipe = within_budget(recipe, run.budget)
        experiment = Experiment(recipe, data, run.folder / recipe.name, machine, run.folds)
        table.add(recipe, data.spec, experiment.run())
        model = make_model(experiment, run.export)
        if model is not None:
            models[recipe.name] = model
    return Outcome(table.write(run.folder) if machine.world.leads else "", models)
