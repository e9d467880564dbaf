"""Trains the AU model: what a step of it is, and what a run of them starts from."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from facedrive.aus import AUS
from facedrive.errors import DataError
from facedrive.stats.metrics import Scores, mean_of_known, score
from facedrive.training.data.faces import FaceSet, Kind, digest_sets
from facedrive.training.network import mesh
from facedrive.training.network.batches import Batch, Feeder, batch_shares, plain_cuts, warp
from facedrive.training.network.loss import make_loss, match
from facedrive.training.network.network import HEADS, TAUGHT, Answer, Compact
from facedrive.training.network.optimiser import Descent
from facedrive.training.recipe import Recipe, as_text
from facedrive.training.run.checkpoint import Origin, read_checkpoint
from facedrive.training.run.imported import load_exported
from facedrive.training.run.loop import CHECKPOINT, Loop, Stateful
from facedrive.types import CropSpec, Vector

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
    saved = read_checkpoint(path)
    heads = {name: each for name, each in model.state_dict().items() if name.startswith(HEADS)}
    try:
        model.load_state_dict(heads | {name.removeprefix("module."): values
                                       for name, values in saved["parts"]["averaged"].items()
                                       if name != "n_averaged"})  # fmt: skip
    except (KeyError, RuntimeError) as error:
        raise DataError(f"{path} is no checkpoint of this recipe's network: {error}.") from error


def _mesh(faces: FaceSet, crop: CropSpec) -> Tensor:
    """Give the (N, P, 2) points of faces where their plain centre crops have them."""
    places = (faces.points_px * 2 + 1) / faces.spec.size - 1
    return torch.from_numpy(places * np.float32(faces.spec.span / crop.span))


def _seen_by_teacher(sets: dict[Kind, FaceSet]) -> mesh.Meshes:
    """Gather all meshes that the teacher placed, and its scores of them."""
    points: list[Tensor] = []
    scores: list[Tensor] = []
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
        aus, gaze = answer.combine()
        answers.append(torch.cat([aus.clamp(0, 1), gaze], 1).float().cpu())
    both = torch.cat(answers).numpy()
    return both[:, :-4], both[:, -4:]


BLOCK = 256
"""Faces that a network is asked about at once."""


def plain_crops(faces: FaceSet, rows: NDArray[np.intp], recipe: Recipe) -> Tensor:
    """Cut the middle of some faces: (N, 1, S, S) floats, 0 to 255, in whole steps."""
    crops = torch.from_numpy(faces.crops[rows])[:, None].float()
    cuts = plain_cuts(len(crops), faces.spec, recipe.crop, crops.device)
    return warp(crops, cuts, recipe.crop.size).round()


class Learner:
    """The AU model as the training loop sees it."""

    def __init__(self, recipe: Recipe, model: Compact, sets: dict[Kind, FaceSet],
                 validation: dict[Kind, FaceSet], device: torch.device,
                 other: Compact | None = None) -> None:  # fmt: skip
        """Prepare all steps of a model that already lies on its device.

        Args:
            recipe: Of the run.
            model: Changed in place.
            sets: What to train on.
            validation: Faces of other people, to see how it goes.
            device: To train on.
            other: A network to match instead of the labels.
        """
        self.recipe, self.model, self.device = recipe, model, device
        self.validation = validation
        self.averaged = running_average(model, recipe.ema)
        """The same with the running average of its weights, which is kept in the end."""
        self.feeder = Feeder(recipe, batch_shares(recipe, sets), device)
        self.epochs, self.steps = recipe.epochs, self.feeder.steps
        self.batches = self.feeder.batches
        self.descent = Descent(model, recipe, self.epochs * self.steps)
        self.loss: Callable[[Answer, Batch], Tensor] = make_loss(recipe, sets, device)
        if other is not None:
            self.loss = match(recipe, other, sets, device)
        self.multiply = autocast(device)

    @property
    def parts(self) -> dict[str, Stateful]:
        """What a checkpoint keeps, by name."""
        return {"model": self.model, "averaged": self.averaged, "optimiser": self.descent}

    def step(self, batch: Batch, epoch: int, step: int) -> Tensor:
        """Take one step and return its loss."""
        self.model.train()
        crops = batch.crops.contiguous(memory_format=torch.channels_last)
        with self.multiply:
            answer = self.model(crops)
            value = self.loss(answer, batch)
        value.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.descent.step()
        self.averaged.update_parameters(self.model)
        return value.detach()

    def validate(self, epoch: int) -> dict[str, float]:
        """Score the averaged model on the validation people, by kind of face."""
        figures: dict[str, float] = {}
        for kind, faces in self.validation.items():
            scores = validate(self.averaged.module, kind, faces, self.recipe, self.device)
            means = {name: mean_of_known(getattr(scores, name))
                     for name in ("pearson", "mae", "slope")}  # fmt: skip
            figures |= {f"{kind.name.lower()}/{name}": value for name, value in means.items()}
            log.info("epoch %d, %s: r %.4f, MAE %.4f, slope %.2f", epoch + 1, kind.name.lower(),
                     *means.values())  # fmt: skip
        return figures


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
        return self.folder / CHECKPOINT

    def fit(self, sets: dict[Kind, FaceSet], validation: dict[Kind, FaceSet]) -> Compact:
        """Train to the recipe's last epoch and return the averaged model.

        Args:
            sets: What to train on.
            validation: Faces of other people, to see how it goes.

        Raises:
            DataError: if the folder holds another run.
        """
        other = self._load_other(sets) if self.recipe.match else None
        model = (
            self.start_network(sets, other).to(self.device).to(memory_format=torch.channels_last)
        )
        learner = Learner(self.recipe, model, sets, validation, self.device, other)
        recipe = self.recipe
        origin = Origin(as_text(recipe), recipe.seed, digest_sets(sets))
        loop = Loop(learner, self.folder, origin, title=recipe.name)
        if self.compile:
            model.compile()
        loop.run()
        return cast(Compact, learner.averaged.module)

    def start_network(self, sets: dict[Kind, FaceSet], other: Compact | None = None) -> Compact:
        """Make the network as it is before the first step; ``other`` is matched, if it is known."""
        recipe = self.recipe
        if recipe.match:
            return self._shorten(other or self._load_other(sets))
        torch.manual_seed(recipe.seed)
        model = build_model(recipe)
        model.learn_mesh(_mesh(sets[Kind.PHOTOGRAPH], recipe.crop))
        if self.start is not None:
            self._take_over(model, self.start, sets[Kind.PHOTOGRAPH])
        if not model.reader.taught and not self.checkpoint.exists():
            mesh.teach(model.reader, model.geometry, _seen_by_teacher(sets), recipe.seed)
        return model

    def _load_other(self, sets: dict[Kind, FaceSet]) -> Compact:
        """Load the network that is matched, as it was exported.

        Raises:
            DataError: if there is none.
        """
        recipe = self.recipe
        if self.start is None or self.start.suffix != ".onnx" or recipe.first is None:
            raise DataError(f"{recipe.name} matches an exported model of its `first` recipe; "
                            "give one with --start MODEL.onnx.")  # fmt: skip
        other = build_model(recipe.first)
        faces = sets[Kind.PHOTOGRAPH]
        rows = np.linspace(0, len(faces) - 1, 2 * BLOCK).astype(np.intp)
        load_exported(other, self.start, plain_crops(faces, rows, recipe), whole=True)
        return other

    def _shorten(self, other: Compact) -> Compact:
        """Make the recipe's network of the first blocks of each stage of another."""
        torch.manual_seed(self.recipe.seed)
        model = build_model(self.recipe)
        try:
            model.take_blocks(other)
        except ValueError as error:
            raise DataError(f"{self.recipe.name} cannot match its `first`: {error}.") from error
        return model

    def _take_over(self, model: Compact, start: Path, faces: FaceSet) -> None:
        """Start from a checkpoint's averaged weights, or from an exported model's."""
        if start.suffix != ".onnx":
            load_averaged(model, start)
            return
        rows = np.linspace(0, len(faces) - 1, 2 * BLOCK).astype(np.intp)
        load_exported(model, start, plain_crops(faces, rows, self.recipe))


def validate(
    model: nn.Module, kind: Kind, faces: FaceSet, recipe: Recipe, device: torch.device
) -> Scores:
    """Score a model on the AUs in which it follows the labels of these faces."""
    aus, _ = predict(model, faces, recipe, device)
    taught = TAUGHT[: len(AUS)].numpy()
    followed = taught if kind == Kind.PHOTOGRAPH else np.ones_like(taught)
    return score(aus[:, followed], faces.targets.aus[:, followed])
