"""Table 4 over several recipes: what each reached, what it costs, and under which budget."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from facedrive.feafa.labels.video import Part
from facedrive.feafa.protocol.experiment import PartScores
from facedrive.feafa.protocol.networks import build_network, count_macs
from facedrive.feafa.protocol.recipe import Budget, ProtocolRecipe
from facedrive.feafa.protocol.score_tables import table4
from facedrive.feafa.protocol.scores import FoldScores
from facedrive.files import write_whole
from facedrive.trackers.align import CropSpec

CONSTANT = "constant mean"


@dataclass
class Results:
    """What recipes reached, gathered one after the other."""

    models: dict[str, dict[str, FoldScores]] = field(default_factory=dict)
    """By row of the table, then by part."""
    costs: dict[str, dict[str, float]] = field(default_factory=dict)
    """Multiplications a crop and parameters, by row."""
    budgets: set[str] = field(default_factory=set)

    def add(self, recipe: ProtocolRecipe, spec: CropSpec,
            reached: Mapping[Part, PartScores]) -> None:  # fmt: skip
        """Take in what a recipe reached."""
        constant = self.models.setdefault(CONSTANT, {})
        row = self.models.setdefault(row_name(recipe), {})
        for part, scores in reached.items():
            row[part] = scores.network
            if part not in constant or len(constant[part].folds) < len(scores.constant.folds):
                constant[part] = scores.constant
        self.costs[row_name(recipe)] = cost(recipe, spec)
        self.budgets.add(recipe.budget)

    def write(self, folder: Path) -> str:
        """Write ``table4.md`` and ``table4.json`` into a folder, and return the former."""
        text = self.as_markdown()
        write_whole(folder / "table4.md", text)
        write_whole(folder / "table4.json", json.dumps(self.as_dict(), indent=1) + "\n")
        return text

    def as_markdown(self) -> str:
        """Lay out the table, then how it was reached and what each network costs."""
        lines = [table4(self.models), "MSE summed over the AUs, mean ± spread over folds."]
        if "cpu" in self.budgets:
            cut = Budget()
            lines.append(
                f"CPU budget: {cut.frames_per_video} frames a training video, {cut.epochs} epochs, "
                f"learning rate falls every {cut.step_epochs}; all frames of the test videos."
            )
        for name, each in self.costs.items():
            lines.append(
                f"{name}: {each['macs'] / 1e6:.0f} million multiplications a crop, "
                f"{each['parameters'] / 1e6:.2f} million parameters."
            )
        return "\n\n".join(line.rstrip() for line in lines) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "budgets": sorted(self.budgets),
            "costs": self.costs,
            "models": {
                name: {part: scores.as_dict() for part, scores in parts.items()}
                for name, parts in self.models.items()
            },
        }


def row_name(recipe: ProtocolRecipe) -> str:
    """Name a recipe's row: recipes of one network for the two parts share one."""
    name = recipe.name.removeprefix("feafa_").removeprefix("disfa_")
    if recipe.budget == "full":
        return name
    return f"{name} (CPU budget, {recipe.folds} fold{'s' if recipe.folds > 1 else ''})"


def cost(recipe: ProtocolRecipe, spec: CropSpec) -> dict[str, float]:
    """Count a recipe's multiplications a crop and its parameters."""
    network = build_network(recipe, spec)
    shape = (1, 1 + recipe.video_mean, recipe.crop, recipe.crop)
    parameters = sum(each.numel() for each in network.parameters())
    macs = count_macs(network, torch.zeros(shape, dtype=torch.uint8))
    return {"macs": float(macs), "parameters": float(parameters)}
