"""One fold's training: steps, schedule, and going on where a run was stopped."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from facedrive.errors import DataError
from facedrive.feafa.protocol.loader import Batch, Draw, Loader, draw_epoch, draw_plain
from facedrive.feafa.protocol.machine import Machine
from facedrive.feafa.protocol.networks import build_network
from facedrive.feafa.protocol.prepared import Prepared, Rows
from facedrive.feafa.protocol.recipe import ProtocolRecipe
from facedrive.training.recipe import as_text
from facedrive.training.run.checkpoint import Origin, load_checkpoint, save_checkpoint
from facedrive.training.run.loop import Loop, Stateful
from facedrive.types import Vector

SHOWN = 128
"""Frames of the test videos whose error is shown after each epoch; nothing is chosen by it."""

WEIGHTS = "weights.pt"
"""Of a finished fold, in its folder."""

WARM_UP = 0.1
"""Share of a cosine schedule in which the learning rate rises."""


def squared_error(answer: Tensor, aus: Tensor, frames: int) -> Tensor:
    """Return the loss of equation 3: squared errors summed over AUs, averaged over frames.

    Args:
        answer: (B, 24) predicted AUs.
        aus: (B, 24) labels; NaN, which is unknown, adds nothing.
        frames: What to divide by: B, or more where these are a piece of a batch.
    """
    known = torch.isfinite(aus)
    missed = torch.where(known, answer - torch.nan_to_num(aus), 0.0)
    return missed.square().sum() / frames


def make_optimiser(recipe: ProtocolRecipe, network: nn.Module) -> torch.optim.Optimizer:
    """Build the optimiser that a recipe names."""
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(
            network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
    return torch.optim.SGD(
        network.parameters(),
        recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
    )


def learning_rate(recipe: ProtocolRecipe, epoch: int, share: float) -> float:
    """Return the learning rate of a step, ``share`` of the epoch being done.

    ``step`` is what ``StepLR`` does: it falls every ``step_epochs`` epochs.
    """
    if recipe.schedule == "step":
        return recipe.learning_rate * recipe.step_factor ** (epoch // recipe.step_epochs)
    done = (epoch + share) / recipe.epochs
    if done < WARM_UP:
        return recipe.learning_rate * (0.05 + 0.95 * done / WARM_UP)
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))


@dataclass
class Stepper:
    """A network with its optimiser, which a batch moves by one step."""

    recipe: ProtocolRecipe
    machine: Machine
    network: nn.Module
    wrapped: nn.Module = field(init=False)
    """The same network, whose gradients are shared among processes."""
    optimiser: torch.optim.Optimizer = field(init=False)

    def __post_init__(self) -> None:
        device = self.machine.device
        self.network.to(device).to(memory_format=torch.channels_last)
        self.wrapped = self.machine.share(self.network)
        if self.machine.compiled:
            self.wrapped.compile()
        self.optimiser = make_optimiser(self.recipe, self.network)

    @property
    def pieces(self) -> int:
        """Equal pieces that a batch is divided into, over processes and accumulation."""
        return self.machine.world.size * self.recipe.accumulate

    def own(self, draw: Draw) -> list[Draw]:
        """Divide a batch and return this process's pieces."""
        size = len(draw) // self.pieces
        first = self.machine.world.rank * self.recipe.accumulate
        places = range(first, first + self.recipe.accumulate)
        return [draw.part(at * size, (at + 1) * size) for at in places]

    def step(self, batches: list[Batch]) -> Tensor:
        """Learn from this process's pieces of a batch and return its loss on them, detached."""
        self.optimiser.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.machine.device)
        for at, batch in enumerate(batches):
            last = at == len(batches) - 1
            hold = isinstance(self.wrapped, DistributedDataParallel) and not last
            with self.wrapped.no_sync() if hold else nullcontext():  # pyrefly: ignore[not-callable]
                with self.machine.multiply():
                    answer = self.wrapped(batch.crops)
                loss = squared_error(answer, batch.aus, len(batch.aus) * len(batches))
                loss.backward()
            total += loss.detach()
        self.optimiser.step()
        return total


class FoldTrainer:
    """Trains a recipe's network on one fold, in a folder; a ``loop.Trainee``."""

    def __init__(self, recipe: ProtocolRecipe, data: Prepared, train: Rows, test: Rows,
                 folder: Path, machine: Machine, title: str = "fold") -> None:  # fmt: skip
        """Build the network, and go on from the folder's checkpoint if there is one.

        Args:
            recipe: What to train.
            data: The prepared dataset.
            train: (n,) its rows to train on.
            test: (m,) its rows that are never trained on; empty where all are trained on.
            folder: Of this fold alone: checkpoint or ``weights.pt``, ``epochs.csv``, log.
            machine: Where to compute.
            title: Names the fold in the progress bar and the log.

        Raises:
            DataError: if there are too few frames for a batch, the batch cannot be divided, or
                the checkpoint is of another recipe or other data.
        """
        self.recipe, self.data, self.folder, self.machine = recipe, data, folder, machine
        self.train, self.title = train, title
        self.shown = test[np.linspace(0, len(test) - 1, min(SHOWN, len(test))).astype(int)]
        self.epochs, self.steps = recipe.epochs, len(train) // recipe.batch
        self.stepper = Stepper(recipe, machine, build_network(recipe, data.spec))
        self._check()
        self.loader = Loader(data, recipe.crop, machine.device, video_mean=recipe.video_mean)
        self.origin = origin_of(recipe, data, train)
        self.finished = load_checkpoint(folder / WEIGHTS, self.origin)
        self.loop = Loop(self, folder, self.origin, title=title, leads=machine.world.leads,
                         checkpoint_s=machine.checkpoint_s)  # fmt: skip

    @property
    def parts(self) -> dict[str, Stateful]:
        """What a checkpoint keeps."""
        return {"network": self.stepper.network, "optimiser": self.stepper.optimiser}

    def fit(self) -> nn.Module:
        """Train to the recipe's last epoch, or read what was trained before.

        Returns:
            The network, on the machine's device; its weights are kept in ``weights.pt``.
        """
        network = self.stepper.network
        if self.finished is not None:
            network.load_state_dict(self.finished["network"])
            return network
        self.loop.run()
        if self.machine.world.leads:
            weights = {"network": network.state_dict(), "crop": repr(self.data.spec)}
            save_checkpoint(self.folder / WEIGHTS, self.origin, weights)
            self.loop.checkpoint.unlink(missing_ok=True)
        return network

    def predict(self, rows: Rows) -> Vector:
        """Read the middle crops of ``rows``, (n,), as (n, 24) AUs from 0 to 1."""
        return predict(self.stepper.network, self.loader, rows, self.machine)

    def batches(self, epoch: int, step: int, random: np.random.Generator) -> Iterator[list[Batch]]:
        """Yield this process's pieces of an epoch's batches, from ``step`` on.

        What is drawn depends on seed and epoch alone, so ``random`` is left as it is.
        """
        size, stepper = self.recipe.batch, self.stepper
        draw = draw_epoch(self.train, self.loader.room, self.recipe.seed, epoch)
        starts = range(step * size, self.steps * size, size)
        pieces = (piece for s in starts for piece in stepper.own(draw.part(s, s + size)))
        stepper.network.train()
        yield from batched(self.loader.batches(pieces), self.recipe.accumulate)

    def step(self, batch: list[Batch], epoch: int, step: int) -> Tensor:
        """Take one step; dropout depends on seed, epoch, step and process alone."""
        recipe, world = self.recipe, self.machine.world
        for group in self.stepper.optimiser.param_groups:
            group["lr"] = learning_rate(recipe, epoch, step / self.steps)
        torch.manual_seed(((recipe.seed * 10_007 + epoch) * 1_000_003 + step) * 1_009 + world.rank)
        return world.mean(self.stepper.step(batch))

    def validate(self, epoch: int) -> dict[str, float]:
        """Return the epoch's learning rate, and the loss on some test frames if there are any."""
        figures = {"learning_rate": learning_rate(self.recipe, epoch, 0.0)}
        if len(self.shown):
            missed = np.nan_to_num(self.predict(self.shown) - self.data.aus[self.shown])
            figures["test_loss"] = float(np.square(missed).sum(1).mean())
        return figures

    def _check(self) -> None:
        recipe, pieces = self.recipe, self.stepper.pieces
        if recipe.batch % pieces:
            raise DataError(
                f"a batch of {recipe.batch} cannot be divided into {pieces} equal pieces; change "
                "the recipe's batch or accumulate, or the number of processes."
            )
        if not self.steps:
            raise DataError(
                f"{self.title} has {len(self.train)} frames to train on, less than one batch of "
                f"{recipe.batch}; add videos, or lower the recipe's batch."
            )


def batched(batches: Iterator[Batch], size: int) -> Iterator[list[Batch]]:
    """Gather ``size`` batches at a time."""
    while group := list(islice(batches, size)):
        yield group


@torch.no_grad()
def predict(network: nn.Module, loader: Loader, rows: Rows, machine: Machine,
            batch: int = 64) -> Vector:  # fmt: skip
    """Read the middle crops of ``rows``, (n,), as (n, 24) float32 AUs, clipped to 0..1."""
    network.eval()
    draw = draw_plain(rows, loader.room)
    answers = []
    for each in loader.batches(draw.part(s, s + batch) for s in range(0, len(rows), batch)):
        with machine.multiply():
            answers.append(network(each.crops).clamp(0, 1).float().cpu())
    return np.asarray(torch.cat(answers).numpy())


def origin_of(recipe: ProtocolRecipe, data: Prepared, train: Rows) -> Origin:
    """Say what the files of a fold belong to; one that differs in any of it is another run's."""
    fold = hashlib.sha256(train.tobytes()).hexdigest()
    return Origin(as_text(recipe), recipe.seed, fingerprint(data), fold)


def fingerprint(data: Prepared) -> str:
    """Return a digest of a dataset's labels, frames and videos, first and last crop."""
    digest = hashlib.sha256(repr((data.videos, data.crops.shape, data.spec)).encode())
    for values in (data.aus, data.video, data.frame, data.crops[0], data.crops[-1]):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
