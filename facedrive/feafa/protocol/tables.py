"""Scores as CSV, JSON and Markdown tables, and the paper's Table 4 over several recipes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from facedrive.feafa.labels.video import Part
from facedrive.feafa.protocol.networks import build_network, count_macs
from facedrive.feafa.protocol.recipe import Budget, ProtocolRecipe
from facedrive.feafa.protocol.scores import (
    METRICS,
    OVERALL,
    Estimate,
    Figures,
    FoldScores,
    PartScores,
)
from facedrive.files import write_whole
from facedrive.types import CropSpec

PARTS = {"posed": "posed (FEAFA)", "spontaneous": "spontaneous (DISFA)"}
"""The two datasets of Table 4 → its columns."""

CONSTANT = "constant mean"


def write_scores(scores: FoldScores, folder: Path) -> None:
    """Write ``scores.csv``, ``scores.json`` and ``scores.md`` into a folder."""
    texts = {
        "scores.csv": to_csv(scores),
        "scores.json": json.dumps(scores.as_dict(), indent=1) + "\n",
        "scores.md": to_markdown(scores),
    }
    for name, text in texts.items():
        write_whole(folder / name, text)


def to_csv(scores: FoldScores) -> str:
    """Lay out a row per fold (and ``all``) and AU (and ``sum``, ``mean``); empty for NaN."""
    lines = io.StringIO()
    table = csv.writer(lines, lineterminator="\n")
    bounds = [f"{name}{end}" for name in METRICS for end in ("", "_low", "_high")]
    table.writerow(["fold", "videos", "frames", "au", *bounds])
    for fold, figures in _sets(scores):
        start = [fold, figures.videos, figures.frames]
        for column, au in enumerate(scores.aus):
            table.writerow([*start, au, *_cells(figures.aus, [(m, column) for m in range(6)])])
        table.writerow([*start, "mean", *_cells(figures.overall, list(range(1, 7)))])
        table.writerow([*start, "sum", *_cells(figures.overall, [0]), *[""] * 15])
    return lines.getvalue()


def to_markdown(scores: FoldScores) -> str:
    """Lay out the figures over AUs by fold, then those per AU over all folds."""
    lines = [_row(["fold", "videos", "frames", *OVERALL.values()]), _rule(3 + len(OVERALL))]
    for fold, figures in _sets(scores):
        cells = [_shown(figures.overall, index) for index in range(len(OVERALL))]
        lines.append(_row([fold, figures.videos, figures.frames, *cells]))
    spreads = [plus_minus(*scores.spread(name)) for name in OVERALL]
    lines += [_row(["mean ± spread", "", "", *spreads]), ""]
    lines += [_row(["AU, all folds", *METRICS.values()]), _rule(1 + len(METRICS))]
    for column, au in enumerate(scores.aus):
        cells = [_shown(scores.pooled.aus, (row, column)) for row in range(len(METRICS))]
        lines.append(_row([au, *cells]))
    lines += ["", "In brackets: 95 % bootstrap interval over videos."]
    return "\n".join(lines) + "\n"


@dataclass
class Table4:
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
        lines = [lay_out(self.models), "MSE summed over the AUs, mean ± spread over folds."]
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


def lay_out(results: Mapping[str, Mapping[str, FoldScores]]) -> str:
    """Lay out Table 4 in Markdown: MSE summed over AUs, mean ± spread over folds.

    Args:
        results: By model, then by part (``posed``, ``spontaneous``); a part may be absent.
    """
    lines = [_row(["model", *PARTS.values()]), _rule(1 + len(PARTS))]
    for model, parts in results.items():
        cells = [
            plus_minus(*parts[part].spread("mse_sum")) if part in parts else "" for part in PARTS
        ]
        lines.append(_row([model, *cells]))
    return "\n".join(lines) + "\n"


def plus_minus(mean: float, spread: float) -> str:
    """Write a mean over folds, and its spread if there is one."""
    if not np.isfinite(mean):
        return "–"
    return f"{mean:.4f} ± {spread:.4f}" if np.isfinite(spread) else f"{mean:.4f}"


def _sets(scores: FoldScores) -> Iterator[tuple[str, Figures]]:
    """Yield each fold under its number, then all folds."""
    yield from ((str(number), figures) for number, figures in scores.folds.items())
    yield "all", scores.pooled


def _cells(estimate: Estimate, indices: list[int] | list[tuple[int, int]]) -> list[str]:
    found = [each[index] for index in indices for each in vars(estimate).values()]
    return [f"{value:.6g}" if np.isfinite(value) else "" for value in found]


def _shown(estimate: Estimate, index: int | tuple[int, int]) -> str:
    value, low, high = (float(each[index]) for each in vars(estimate).values())
    if not np.isfinite(value):
        return "–"
    return f"{value:.4f} [{low:.4f}, {high:.4f}]" if np.isfinite(low) else f"{value:.4f}"


def _row(cells: list[Any]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _rule(columns: int) -> str:
    return "|---|" + "---:|" * (columns - 1)
