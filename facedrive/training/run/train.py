"""The training loop: steps, averages the weights, watches, checkpoints, resumes."""

from __future__ import annotations

import dataclasses
import json
import logging
import pickle
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from facedrive.aus import AUS
from facedrive.errors import DataError
from facedrive.files import whole_file
from facedrive.stats.metrics import Scores, score
from facedrive.trackers.align import CropSpec
from facedrive.training.data.faces import FaceSet
from facedrive.training.network import augment, mesh
from facedrive.training.network.batches import Batch, Feeder, Kind, batch_shares
from facedrive.training.network.loss import Loss, make_loss
from facedrive.training.network.network import TAUGHT, Compact
from facedrive.training.network.optimiser import Descent
from facedrive.training.recipe import Recipe
from facedrive.training.run.imported import load_exported
from facedrive.types import Vector

log = logging.getLogger(__name__)


def choose_device(asked: str = "auto") -> torch.device:
    """Return the device to train on: CUDA where there is one, unless asked otherwise."""
    if asked == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(asked)


def autocast(device: torch.device) -> AbstractContextManager[Any]:
    """Use bfloat16 where the hardware multiplies it faster than float32."""
    fast = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=fast)


def build_model(recipe: Recipe) -> Compact:
    """Build the recipe's network with all its layers materialised."""
    model = Compact(
        recipe.widths, recipe.depths, recipe.features, recipe.dropout, recipe.reader_share
    )
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, 1, recipe.crop.size, recipe.crop.size))
    return model


def running_average(model: nn.Module, decay: float) -> AveragedModel:
    """Follow a model's weights with an exponential average that forgets its start quickly."""

    def average(old: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
        share = 1 - min(decay, (1 + float(count)) / (10 + float(count)))
        return old + share * (new - old)

    return AveragedModel(model, avg_fn=average, use_buffers=True)


def load_averaged(model: Compact, path: Path) -> None:
    """Fill a model with the averaged weights of a checkpoint.

    Raises:
        DataError: if it is no checkpoint, or one of another network.
    """
    try:
        averaged = torch.load(path, weights_only=True, map_location="cpu")["averaged"]
        model.load_state_dict({name.removeprefix("module."): values
                               for name, values in averaged.items()
                               if name != "n_averaged"})  # fmt: skip
    except (OSError, KeyError, RuntimeError, pickle.UnpicklingError) as error:
        raise DataError(f"{path} is no checkpoint of this recipe's network: {error}.") from error


def _mesh(faces: FaceSet, crop: CropSpec) -> Tensor:
    """Give the (N, P, 2) points of faces where their plain centre crops have them."""
    places = (faces.points_px * 2 + 1) / faces.spec.size - 1
    return torch.from_numpy(places * np.float32(faces.spec.span / crop.span))


def _seen_by_teacher(sets: dict[Kind, FaceSet]) -> mesh.Meshes:
    """Gather all meshes that the teacher placed, and its scores of them."""
    points, scores = [], []
    for kind, faces in sets.items():
        placed = np.flatnonzero(np.isfinite(faces.points_px).all(axis=(1, 2)))
        points.append(torch.from_numpy(faces.points_px[placed]))
        scores.append(torch.from_numpy(_taught(kind, faces)[placed]))
    return mesh.Meshes(torch.cat(points), torch.cat(scores))


def _taught(kind: Kind, faces: FaceSet) -> Vector:
    """Give (N, 28) scores of the teacher; NaN where labels come from elsewhere."""
    if faces.taught is not None:
        return faces.taught
    theirs = faces.targets.known if kind == Kind.PHOTOGRAPH else TAUGHT[: len(AUS)].numpy()
    aus = np.where(theirs, faces.targets.aus, np.float32(np.nan))
    return np.hstack([aus, faces.targets.gaze.reshape(len(faces), -1)])


@torch.no_grad()
def predict(model: nn.Module, faces: FaceSet, recipe: Recipe,
            device: torch.device) -> tuple[Vector, Vector]:  # fmt: skip
    """Run the plain centre crops of ``faces`` through a model; (N, 24) AUs and (N, 4) gaze."""
    model.eval()
    answers = []
    for start in range(0, len(faces), BLOCK):
        crops = plain_crops(faces, np.arange(start, min(start + BLOCK, len(faces))), recipe)
        with autocast(device):
            answer = model(crops.to(device))
        aus, gaze = answer.settle()
        answers.append(torch.cat([aus.clamp(0, 1), gaze], 1).float().cpu())
    both = torch.cat(answers).numpy()
    return both[:, :-4], both[:, -4:]


BLOCK = 256
"""Faces that a network is asked about at once."""


def plain_crops(faces: FaceSet, rows: NDArray[np.intp], recipe: Recipe) -> Tensor:
    """Cut the middle of some faces: (N, 1, S, S) floats, 0 to 255, in whole steps."""
    crops = torch.from_numpy(faces.crops[rows])[:, None].float()
    cuts = augment.plain_cuts(len(crops), faces.spec, recipe.crop, crops.device)
    return augment.warp(crops, cuts, recipe.crop.size).round()


@dataclass
class Learner:
    """What changes from step to step, and the step."""

    model: Compact
    averaged: AveragedModel
    """The same with the running average of its weights, which is kept in the end."""
    descent: Descent
    loss: Loss

    def step(self, batch: Batch) -> float:
        """Take one step and return its loss."""
        crops = batch.crops.contiguous(memory_format=torch.channels_last)
        with autocast(crops.device):
            answer = self.model(crops)
        value = self.loss(answer, batch)
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.descent.step()
        self.averaged.update_parameters(self.model)
        return float(value.detach())

    @property
    def parts(self) -> dict[str, Any]:
        """What a checkpoint keeps, by name."""
        return {name: getattr(self, name) for name in PARTS}


PARTS = ("model", "averaged", "descent")


@dataclass
class Run:
    """A training run in a folder, which continues where it was stopped."""

    recipe: Recipe
    folder: Path
    device: torch.device
    start: Path | None = None
    """A checkpoint whose averaged weights to start from, or an exported model; random if None.
    The recipe's ``first`` is not looked at here."""
    compile: bool = False
    """Whether to fuse the network's operations, which is faster on some CPUs and slower on others
    (``train/README.md``); needs a C++ compiler."""

    @property
    def checkpoint(self) -> Path:
        """Where the run keeps its state."""
        return self.folder / "checkpoint.pt"

    def fit(self, sets: dict[Kind, FaceSet], watched: dict[Kind, FaceSet]) -> Compact:
        """Train to the recipe's last epoch and return the averaged model.

        Args:
            sets: What to train on.
            watched: Faces of other people, to see how it goes.
        """
        feeder = Feeder(self.recipe, batch_shares(self.recipe, sets), self.device)
        learner = self._begin(sets, feeder.steps * self.recipe.epochs)
        first = self._resume(learner)
        if self.compile:
            learner.model.compile()
        steps, epochs = feeder.steps, self.recipe.epochs
        with (
            closing(SummaryWriter(str(self.folder), purge_step=first)) as board,
            tqdm(total=epochs * steps, initial=first * steps, unit="step", mininterval=2) as bar,
            logging_redirect_tqdm(),
        ):
            for epoch in range(first, epochs):
                bar.set_description(f"epoch {epoch + 1}/{epochs}")
                loss = self._learn(learner, feeder, epoch, bar)
                self._report(board, learner.averaged, watched, epoch, loss)
                self._save(learner, epoch + 1)
        return cast(Compact, learner.averaged.module)

    def _begin(self, sets: dict[Kind, FaceSet], steps: int) -> Learner:
        """Make the network and what trains it for so many steps."""
        recipe = self.recipe
        torch.manual_seed(recipe.seed)
        model = build_model(recipe)
        model.learn_mesh(_mesh(sets[Kind.PHOTOGRAPH], recipe.crop))
        if self.start is not None:
            self._take_over(model, self.start, sets[Kind.PHOTOGRAPH])
        if not model.reader.taught and not self.checkpoint.exists():
            mesh.teach(model.reader, model.geometry, _seen_by_teacher(sets), recipe.seed)
        model = model.to(self.device).to(memory_format=torch.channels_last)
        averaged = running_average(model, recipe.ema)
        descent = Descent(model, recipe, steps)
        return Learner(model, averaged, descent, make_loss(recipe, sets, self.device))

    def _take_over(self, model: Compact, start: Path, faces: FaceSet) -> None:
        """Start from a checkpoint's averaged weights, or from an exported model's."""
        if start.suffix != ".onnx":
            load_averaged(model, start)
            return
        rows = np.linspace(0, len(faces) - 1, 2 * BLOCK).astype(np.intp)
        load_exported(model, start, plain_crops(faces, rows, self.recipe))

    def _learn(self, learner: Learner, feeder: Feeder, epoch: int, bar: tqdm[Any]) -> float:
        """Train for one epoch and return its mean loss."""
        random = np.random.default_rng([self.recipe.seed, epoch])
        torch.manual_seed(self.recipe.seed * 100_003 + epoch)
        learner.model.train()
        total = 0.0
        for batch in feeder.epoch(random):
            total += learner.step(batch)
            bar.update()
        return total / feeder.steps

    def _report(self, board: SummaryWriter, averaged: AveragedModel,
                watched: dict[Kind, FaceSet], epoch: int, loss: float) -> None:  # fmt: skip
        board.add_scalar("loss", loss, epoch)
        for kind, faces in watched.items():
            scores = validate(averaged.module, kind, faces, self.recipe, self.device)
            means = {name: float(np.nanmean(getattr(scores, name)))
                     for name in ("pearson", "mae", "slope")}  # fmt: skip
            for name, value in means.items():
                board.add_scalar(f"{kind.name.lower()}/{name}", value, epoch)
            log.info("epoch %d: loss %.4f, %s r %.4f, MAE %.4f, slope %.2f",
                     epoch + 1, loss, kind.name.lower(), *means.values())  # fmt: skip

    def _save(self, learner: Learner, epoch: int) -> None:
        recipe = json.dumps(dataclasses.asdict(self.recipe))
        whole = {name: part.state_dict() for name, part in learner.parts.items()}
        with whole_file(self.checkpoint, DataError) as file:
            torch.save(whole | {"epoch": epoch, "recipe": recipe}, file)

    def _resume(self, learner: Learner) -> int:
        """Take up the folder's checkpoint; return how many epochs are behind it."""
        if not self.checkpoint.exists():
            return 0
        saved = torch.load(self.checkpoint, weights_only=True, map_location=self.device)
        if saved["recipe"] != json.dumps(dataclasses.asdict(self.recipe)):
            raise DataError(
                f"{self.checkpoint} was trained by another recipe; name another --output or "
                "delete it."
            )
        for name, part in learner.parts.items():
            part.load_state_dict(saved[name])
        log.info("resuming after epoch %d", saved["epoch"])
        return int(saved["epoch"])


def validate(
    model: nn.Module, kind: Kind, faces: FaceSet, recipe: Recipe, device: torch.device
) -> Scores:
    """Score a model on the AUs in which it follows the labels of these faces."""
    aus, _ = predict(model, faces, recipe, device)
    taught = TAUGHT[: len(AUS)].numpy()
    followed = taught if kind == Kind.PHOTOGRAPH else np.ones_like(taught)
    return score(aus[:, followed], faces.targets.aus[:, followed])
