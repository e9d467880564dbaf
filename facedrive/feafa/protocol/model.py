"""What a run ends in: an AU model that ``facedrive live`` and ``facedrive extract`` run.

The live path reads one crop at a time. A network that also sees the mean face of a video is
therefore trained once more without it (as ``regional_single.toml``), and that one is exported.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from facedrive.errors import DataError, unknown
from facedrive.feafa.protocol.experiment import Experiment
from facedrive.feafa.protocol.prepared import Prepared
from facedrive.feafa.protocol.recipe import ProtocolRecipe
from facedrive.feafa.protocol.trainer import FoldTrainer
from facedrive.files import whole_path
from facedrive.training.recipe import as_text
from facedrive.training.run.export import check, write_model
from facedrive.types import FACE_SIDE, CropSpec

ALL, NONE = "all", "none"
"""Videos that a model may be of, beside those of a fold, such as ``posed/fold1``."""

OUTPUTS = ("aus", "gaze")

NO_GAZE = "none: always 0, straight ahead; the network was trained on AUs alone"


class LiveNetwork(nn.Module):
    """A network of the protocol in the terms of the live path."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Read (N, 1, S, S) uint8 crops: (N, 24) AUs, 0 to 1, and (N, 4) zeros for gaze."""
        aus = self.network(crops).clamp(0.0, 1.0)
        return aus, torch.zeros(crops.shape[0], 4)


class Trained(NamedTuple):
    """A network that one crop is enough for."""

    network: nn.Module
    recipe: ProtocolRecipe
    videos: str
    """Which it was trained on, for people."""


def make_model(experiment: Experiment, videos: str = ALL) -> Path | None:
    """Train a network on all videos, or take a fold's, and write ``model.onnx``.

    Args:
        experiment: Whose recipe, data and folder; its folds need not be done for ``all``.
        videos: ``all`` labelled ones of the recipe's parts; those that a fold was trained on, as
            ``posed/fold1``; or ``none``, which makes no model.

    Returns:
        The ONNX file in the experiment's folder; None where none was asked for.

    Raises:
        DataError: if the fold is none of the recipe's or not trained, or its network needs the
            mean face; if there are too few frames.
        ModelError: if PyTorch and ONNX Runtime disagree.
    """
    if videos == NONE:
        return None
    trained = _train_on_all(experiment) if videos == ALL else _train_fold(experiment, videos)
    path, world = experiment.folder / "model.onnx", experiment.machine.world
    if world.leads:
        export_network(trained, experiment.data.spec, path)
    world.wait()
    return path


def export_network(trained: Trained, spec: CropSpec, path: Path) -> None:
    """Write a trained network as ONNX, and check it against ONNX Runtime.

    Args:
        trained: The network.
        spec: How the prepared crops are aligned that it was trained on.
        path: The ONNX file; an older one stays if the new one cannot be written, or is wrong.

    Raises:
        DataError: if it cannot be written.
        ModelError: if PyTorch and ONNX Runtime disagree.
    """
    network = LiveNetwork(trained.network.to("cpu").float()).eval()
    crop = live_crop(spec, trained.recipe.crop)
    notes = {
        "gaze": NO_GAZE,
        "recipe": as_text(trained.recipe),
        "trained_on": trained.videos,
    }
    with whole_path(path, DataError, "make room and run the same command again") as part:
        write_model(network, crop, part, OUTPUTS, notes)
        check(network, part, crop)


def live_crop(spec: CropSpec, size: int) -> CropSpec:
    """Return the crop that shows what the middle ``size`` pixels of a prepared crop show."""
    span = spec.span * size / spec.size
    return CropSpec(size, (span / FACE_SIDE - 1) / 2)


def _train_on_all(experiment: Experiment) -> Trained:
    """Train on every labelled video of the recipe's parts, in the folder ``all``."""
    data, recipe = experiment.data, replace(experiment.recipe, video_mean=False)
    videos = np.concatenate([data.labelled_videos(part) for part in recipe.part])
    rows = data.labelled_rows(videos, recipe.frames_per_video)
    trainer = FoldTrainer(
        recipe, data, rows, rows[:0], experiment.folder / ALL, experiment.machine,
        f"{recipe.name}, all videos",
    )  # fmt: skip
    what = f"{len(rows)} frames of all {len(videos)} labelled videos, {' and '.join(recipe.part)}"
    return Trained(trainer.fit(), recipe, what)


def _train_fold(experiment: Experiment, name: str) -> Trained:
    """Return the network of a fold, which is trained unless it was before."""
    recipe, data = experiment.recipe, experiment.data
    if recipe.video_mean:
        raise DataError(
            f"the folds of {recipe.name} see the mean face of a video, which a live face has "
            f"not; ask for a model of {ALL}, which is trained without it."
        )
    folds = {
        f"{part}/fold{number}": rows
        for part in recipe.part
        for number, rows in enumerate(experiment.rows(part), 1)
    }
    if name not in folds:
        raise DataError(unknown("fold", name, [*folds, ALL, NONE]))
    rows = folds[name]
    title = f"{recipe.name}, {name.replace('/', ' ')}"
    trainer = FoldTrainer(recipe, data, *rows, experiment.folder / name, experiment.machine, title)
    return Trained(trainer.fit(), recipe, f"{_extent(data, rows.train)}, {name}")


def _extent(data: Prepared, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> str:
    return f"{len(rows)} frames of {len(np.unique(data.video[rows]))} videos"
