"""The training loop: draws batches, augments, steps, averages, checkpoints, resumes."""

from __future__ import annotations

import dataclasses
import json
import logging
import pickle
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from facedrive.aus import AU_NAMES, AUS
from facedrive.errors import DataError
from facedrive.trackers.align import CropSpec
from facedrive.training import augment
from facedrive.training.data import FaceSet, mirror_points
from facedrive.training.labels import EXACT
from facedrive.training.metrics import Scores, score
from facedrive.training.models import CHANNELS, GAZES, Answer, Compact
from facedrive.training.recipe import Recipe
from facedrive.training.tracked import tracked_cuts
from facedrive.types import Vector

log = logging.getLogger(__name__)

POINT_STEP = 0.01
"""A point that misses by less, -1 to 1 across the crop, hardly counts; beyond, all steps alike."""

LEAST_SPREAD = 0.04
"""Of an AU that hardly moves: it would else outweigh all others."""

GAZE_SPREAD = 0.15
"""Standard deviation of a gaze angle over the photographs, radians."""


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
    model = Compact(recipe.widths, recipe.depths, recipe.features, dropout=recipe.dropout)
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


def load_averaged(model: nn.Module, recipe: Recipe, path: Path) -> None:
    """Fill a model with the averaged weights of a checkpoint.

    Raises:
        DataError: if it is no checkpoint, or one of another network.
    """
    averaged = running_average(model, recipe.ema)
    try:
        averaged.load_state_dict(
            torch.load(path, weights_only=True, map_location="cpu")["averaged"]
        )
    except (OSError, KeyError, RuntimeError, pickle.UnpicklingError) as error:
        raise DataError(f"{path} is no checkpoint of this recipe's network: {error}.") from error
    model.load_state_dict(averaged.module.state_dict())


class Kind(IntEnum):
    """Where a face comes from: it decides which labels can be believed how far."""

    PHOTOGRAPH = 0
    MOVED = 1
    RENDERED = 2


class Faces(NamedTuple):
    """One kind of face to train on."""

    kind: Kind
    faces: FaceSet
    rows: int
    """In every batch."""


@dataclass(frozen=True)
class Batch:
    """Augmented faces on the training device."""

    crops: Tensor
    """(B, 1, S, S) float32, 0 to 255."""
    aus: Tensor
    gaze: Tensor
    """(B, 4) float32 radians."""
    points: Tensor
    """(B, P, 2) float32, -1 to 1 across the crop; NaN where unknown."""
    taught: Tensor
    """(B, 28) AUs and gaze by the teacher, of rendered faces; NaN where unknown."""
    kind: Tensor
    """(B,) ``Kind`` of each face."""


def batch_shares(recipe: Recipe, sets: dict[Kind, FaceSet]) -> list[Faces]:
    """Share a batch out among the kinds of faces that there are; photographs take the rest."""
    shares = {Kind.MOVED: recipe.moved.share, Kind.RENDERED: recipe.rendered.share}
    rows = {kind: round(recipe.batch * shares[kind]) for kind in sets if kind in shares}
    rows[Kind.PHOTOGRAPH] = recipe.batch - sum(rows.values())
    return [Faces(kind, sets[kind], rows[kind]) for kind in sorted(sets)]


class Feeder:
    """Draws augmented batches from all kinds of faces."""

    def __init__(self, recipe: Recipe, shares: list[Faces], device: torch.device) -> None:
        self.recipe, self.device, self.shares = recipe, device, shares
        photographs = shares[0]
        self.odds = {Kind.PHOTOGRAPH: rarity(photographs.faces, recipe.rare)}
        self.mirror = torch.from_numpy(mirror_points(photographs.faces)).to(device)
        self.cuts = {share.kind: self._tracked(share.faces) for share in shares}
        self.steps = len(photographs.faces) // photographs.rows
        """In an epoch: as many as show the photographs once."""

    def epoch(self, random: np.random.Generator) -> Iterator[Batch]:
        """Yield the batches of one epoch."""
        for _ in range(self.steps):
            parts = [self._draw(share, random) for share in self.shares]
            columns = zip(*(vars(part).values() for part in parts), strict=True)
            yield Batch(*(torch.cat(column) for column in columns))

    def _tracked(self, faces: FaceSet) -> Tensor | None:
        """Give where the live tracker cuts every face, (N, 2, 3)."""
        if faces.tracked_px is None:
            return None
        cuts = tracked_cuts(faces.tracked_px, faces.spec, self.recipe.crop)
        return torch.from_numpy(cuts).to(self.device)

    def _cut(self, share: Faces, rows: NDArray[np.intp]) -> Tensor:
        """Choose where to cut some faces: as the teacher or as the live tracker sees them."""
        tracked, spec = self.cuts[share.kind], share.faces.spec
        plain = augment.plain_cuts(len(rows), spec, self.recipe.crop, self.device)
        if tracked is None:
            return plain
        as_live = torch.rand(len(rows), 1, 1, device=self.device) < self.recipe.augment.tracked
        return torch.where(as_live, tracked[rows], plain)

    def _draw(self, share: Faces, random: np.random.Generator) -> Batch:
        faces = share.faces
        rows = random.choice(len(faces), share.rows, p=self.odds.get(share.kind))

        def move(values: NDArray[Any]) -> Tensor:
            return torch.from_numpy(values[rows]).to(self.device)

        how, crop = self.recipe.augment, self.recipe.crop
        crops = move(faces.crops)[:, None].float()
        inside = move(faces.inside)[:, None].float()
        matrices, flips = augment.sampling_matrices(self._cut(share, rows), how)
        both = augment.warp(torch.cat([crops, inside], 1), matrices, crop.size)
        crops = augment.degrade(augment.fill_outside(both[:, :1], both[:, 1:].round()), how)
        places = (move(faces.points_px) * 2 + 1) / faces.spec.size - 1
        points = augment.warp_points(places, matrices)
        points = torch.where(flips[:, None, None], points[:, self.mirror], points)
        nothing = torch.full((len(rows), CHANNELS), torch.nan, device=self.device)
        taught = nothing if faces.taught is None else move(faces.taught)
        targets = faces.targets
        aus, gaze = augment.mirror_targets(move(targets.aus), move(targets.gaze).flatten(1), flips)
        mirrored = augment.mirror_targets(taught[:, : len(AUS)], taught[:, len(AUS) :], flips)
        kind = torch.full((len(rows),), int(share.kind), device=self.device)
        return Batch(crops, aus, gaze, points, torch.cat(mirrored, 1), kind)


def rarity(faces: FaceSet, strength: float) -> NDArray[np.float64]:
    """Return the odds, (N,), of drawing each face: higher for rare, strong expressions."""
    aus = faces.targets.aus
    spread = np.maximum(aus.std(0), 0.02)
    unusual = np.clip((aus - aus.mean(0)) / spread, 0, 6).max(1)
    odds = 1.0 + strength * unusual.astype(np.float64)
    return np.asarray(odds / odds.sum())


def _mesh(faces: FaceSet, crop: CropSpec) -> Tensor:
    """Give the (N, P, 2) points of faces where their plain centre crops have them."""
    places = (faces.points_px * 2 + 1) / faces.spec.size - 1
    return torch.from_numpy(places * np.float32(faces.spec.span / crop.span))


OUTLIER = 3.0
"""Error, in spreads of a channel, from which it counts no longer squared but straight."""


@dataclass(frozen=True)
class Loss:
    """Error in units of each channel's own spread, so that timid channels count."""

    recipe: Recipe
    scale: Tensor
    """(kinds, 24) 1 / variance of each AU."""
    weight: Tensor
    """(kinds, 24) of each AU."""

    def __call__(self, answer: Answer, batch: Batch) -> Tensor:
        """Return the scalar loss of a model's answer."""
        recipe = self.recipe
        aus, gaze = answer.settle((batch.kind == Kind.RENDERED)[:, None])
        missed = _spreads(self.scale[batch.kind] * (aus - batch.aus).square())
        au_loss = (self.weight[batch.kind] * missed).mean()
        gaze_loss = ((gaze - batch.gaze) / GAZE_SPREAD).square().mean()
        return (
            au_loss
            + recipe.gaze_weight * gaze_loss
            + recipe.point_weight * self._point_loss(answer, batch)
            + recipe.taught_weight * self._taught_loss(answer, batch)
        )

    def _point_loss(self, answer: Answer, batch: Batch) -> Tensor:
        """Count by how many steps the mesh points miss, a point."""
        placed = torch.isfinite(batch.points)
        missed = torch.where(placed, answer.points - torch.nan_to_num(batch.points), 0.0)
        steps = (1 + (missed / POINT_STEP).square()).sqrt() - 1
        return steps.sum() / placed.sum().clamp(min=1)

    def _taught_loss(self, answer: Answer, batch: Batch) -> Tensor:
        """Count how far the teacher's opinion is missed on faces whose labels are not its own."""
        said = torch.isfinite(batch.taught)
        missed = torch.where(said, answer.taught - torch.nan_to_num(batch.taught), 0.0)
        scale = functional.pad(self.scale[Kind.MOVED], (0, GAZES), value=GAZE_SPREAD**-2)
        return _spreads(scale * missed.square()).mean()


def _spreads(squared: Tensor) -> Tensor:
    """Count squared errors, in spreads of their channel, squared at first and then straight."""
    return ((1 + squared / OUTLIER**2).sqrt() - 1) * (2 * OUTLIER**2)


def make_loss(recipe: Recipe, sets: dict[Kind, FaceSet], device: torch.device) -> Loss:
    """Scale each channel by its spread over each kind of faces."""
    photographs = sets[Kind.PHOTOGRAPH]
    exact = torch.tensor([name in EXACT for name in AU_NAMES])
    scales = [_inverse_variance(sets.get(kind, photographs)) for kind in Kind]
    # Photographs hardly move what has no teacher: its unit is that of the moved faces.
    scales[Kind.PHOTOGRAPH] = torch.where(exact, scales[Kind.MOVED], scales[Kind.PHOTOGRAPH])
    weight = torch.where(exact, recipe.exact_weight, 1.0).repeat(len(Kind), 1)
    weight[Kind.PHOTOGRAPH, exact] = recipe.unseen_weight
    return Loss(recipe, torch.stack(scales).to(device), weight.to(device))


def _inverse_variance(faces: FaceSet) -> Tensor:
    """Return (24,) weights that make every AU of ``faces`` count alike, but for the stillest."""
    spread = np.maximum(faces.targets.aus.std(0), LEAST_SPREAD)
    return torch.from_numpy(1 / np.square(spread)).float()


@torch.no_grad()
def predict(model: nn.Module, faces: FaceSet, recipe: Recipe,
            device: torch.device) -> tuple[Vector, Vector]:  # fmt: skip
    """Run the plain centre crops of ``faces`` through a model; (N, 24) AUs and (N, 4) gaze."""
    model.eval()
    plain = augment.Augment(*(0.0,) * len(dataclasses.fields(augment.Augment)))
    answers = []
    for start in range(0, len(faces), 256):
        crops = torch.from_numpy(faces.crops[start : start + 256]).to(device)[:, None].float()
        cuts = augment.plain_cuts(len(crops), faces.spec, recipe.crop, device)
        matrices, _ = augment.sampling_matrices(cuts, plain)
        with autocast(device):
            answer = model(augment.warp(crops, matrices, recipe.crop.size).round())
        aus, gaze = answer.settle()
        answers.append(torch.cat([aus.clamp(0, 1), gaze], 1).float().cpu())
    both = torch.cat(answers).numpy()
    return both[:, :-4], both[:, -4:]


@dataclass
class Run:
    """A training run in a folder, which continues where it was stopped."""

    recipe: Recipe
    folder: Path
    device: torch.device
    start: Path | None = None
    """A checkpoint whose averaged weights to start from, instead of random ones."""
    compile: bool = False
    """Whether to fuse the network's operations, a fifth faster on a CPU; needs a C++ compiler."""

    def fit(self, sets: dict[Kind, FaceSet], watched: dict[Kind, FaceSet]) -> Compact:
        """Train to the recipe's last epoch and return the averaged model.

        Args:
            sets: What to train on.
            watched: Faces of other people, to see how it goes.
        """
        recipe, device = self.recipe, self.device
        torch.manual_seed(recipe.seed)
        model = build_model(recipe)
        model.learn_mesh(_mesh(sets[Kind.PHOTOGRAPH], recipe.crop))
        if self.start is not None:
            load_averaged(model, recipe, self.start)
        model = model.to(device).to(memory_format=torch.channels_last)
        averaged = running_average(model, recipe.ema)
        feeder = Feeder(recipe, batch_shares(recipe, sets), device)
        steps = feeder.steps
        optimiser = torch.optim.AdamW(
            model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser,
            recipe.learning_rate,
            total_steps=steps * recipe.epochs,
            pct_start=0.15,
        )
        loss = make_loss(recipe, sets, device)
        state = {
            "model": model,
            "averaged": averaged,
            "optimiser": optimiser,
            "schedule": schedule,
        }
        first = self._resume(state)
        board = SummaryWriter(str(self.folder), purge_step=first)
        if self.compile:
            model.compile()
        for epoch in range(first, recipe.epochs):
            random = np.random.default_rng([recipe.seed, epoch])
            torch.manual_seed(recipe.seed * 100_003 + epoch)
            title = f"epoch {epoch + 1}/{recipe.epochs}"
            bar = tqdm(feeder.epoch(random), title, steps, unit="step", leave=False, mininterval=2)
            total = 0.0
            model.train()
            for batch in bar:
                total += self._step(model, averaged, optimiser, schedule, loss, batch)
            self._report(board, averaged, watched, epoch, total / steps)
            self._save(state, epoch + 1)
        board.close()
        return cast(Compact, averaged.module)

    def _step(self, model: nn.Module, averaged: AveragedModel, optimiser: torch.optim.Optimizer,
              schedule: torch.optim.lr_scheduler.LRScheduler, loss: Loss,
              batch: Batch) -> float:  # fmt: skip
        crops = batch.crops.contiguous(memory_format=torch.channels_last)
        with autocast(self.device):
            answer = model(crops)
        value = loss(answer, batch)
        optimiser.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        averaged.update_parameters(model)
        return float(value.detach())

    def _report(self, board: SummaryWriter, averaged: AveragedModel,
                watched: dict[Kind, FaceSet], epoch: int, loss: float) -> None:  # fmt: skip
        board.add_scalar("loss", loss, epoch)
        for kind, faces in watched.items():
            scores = validate(averaged.module, faces, self.recipe, self.device)
            means = {name: float(np.nanmean(getattr(scores, name)))
                     for name in ("pearson", "mae", "slope")}  # fmt: skip
            for name, value in means.items():
                board.add_scalar(f"{kind.name.lower()}/{name}", value, epoch)
            log.info("epoch %d: loss %.4f, %s r %.4f, MAE %.4f, slope %.2f",
                     epoch + 1, loss, kind.name.lower(), *means.values())  # fmt: skip

    def _save(self, state: dict[str, Any], epoch: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        recipe = json.dumps(dataclasses.asdict(self.recipe))
        whole = {name: part.state_dict() for name, part in state.items()}
        part = self.folder / "checkpoint.part"
        torch.save(whole | {"epoch": epoch, "recipe": recipe}, part)
        part.replace(self.folder / "checkpoint.pt")

    def _resume(self, state: dict[str, Any]) -> int:
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return 0
        saved = torch.load(path, weights_only=True, map_location=self.device)
        if saved["recipe"] != json.dumps(dataclasses.asdict(self.recipe)):
            raise DataError(
                f"{path} was trained by another recipe; name another --output or delete it."
            )
        for name, part in state.items():
            part.load_state_dict(saved[name])
        log.info("resuming after epoch %d", saved["epoch"])
        return int(saved["epoch"])


def validate(model: nn.Module, faces: FaceSet, recipe: Recipe, device: torch.device) -> Scores:
    """Score a model on the AUs that the faces have labels for."""
    aus, _ = predict(model, faces, recipe, device)
    known = faces.targets.known.all(0)
    return score(aus[:, known], faces.targets.aus[:, known])
