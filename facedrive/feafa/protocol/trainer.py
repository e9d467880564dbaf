"""One fold's training: steps, schedule, checkpoints, and going on where a run was stopped."""

from __future__ import annotations

import csv
import hashlib
import io
import logging
import math
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from facedrive.errors import DataError
from facedrive.feafa.protocol.checkpoint import load_checkpoint, save_checkpoint
from facedrive.feafa.protocol.distributed import ALONE, World, mean_over_processes, share
from facedrive.feafa.protocol.loader import Batch, Draw, Loader, Rows, draw_epoch, draw_plain
from facedrive.feafa.protocol.networks import build_network
from facedrive.feafa.protocol.prepared import Prepared
from facedrive.feafa.protocol.recipe import ProtocolRecipe, as_text
from facedrive.files import write_whole
from facedrive.training.run.train import autocast
from facedrive.types import Vector

log = logging.getLogger(__name__)

WATCHED = 128
"""Frames of the test videos whose error is shown after each epoch; nothing is chosen by it."""


WARM_UP = 0.1
"""Share of a cosine schedule in which the learning rate rises."""


@dataclass(frozen=True)
class Machine:
    """Where and how to compute; none of it is part of the recipe."""

    device: torch.device
    world: World = ALONE
    mixed: bool = True
    """Multiply in bfloat16 where the hardware is faster at it."""
    compiled: bool = False
    """Let ``torch.compile`` fuse the network."""
    checkpoint_s: float = 600.0
    """Seconds between checkpoints inside an epoch."""

    def multiply(self) -> Any:
        """Return the context in which the network is called."""
        return autocast(self.device) if self.mixed else nullcontext()


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
        self.wrapped = share(self.network, self.machine.world, device)
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
            with self.wrapped.no_sync() if hold else nullcontext():  # type: ignore[operator]
                with self.machine.multiply():
                    answer = self.wrapped(batch.crops)
                loss = squared_error(answer, batch.aus, len(batch.aus) * len(batches))
                loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        self.optimiser.step()
        return total


@dataclass
class Progress:
    """How far a fold is, and what was written about it."""

    epoch: int = 0
    step: int = 0
    """Steps of the epoch that are done."""
    loss: float = 0.0
    """Sum over these of the loss."""
    rows: list[dict[str, float]] = field(default_factory=list)
    """A row an epoch of the table in ``epochs.csv``."""


class FoldTrainer:
    """Trains a recipe's network on one fold, in a folder."""

    def __init__(self, recipe: ProtocolRecipe, data: Prepared, train: Rows, test: Rows,
                 folder: Path, machine: Machine, title: str = "fold") -> None:  # fmt: skip
        """Build the network, and go on from the folder's checkpoint if there is one.

        Args:
            recipe: What to train.
            data: The prepared dataset.
            train: (n,) its rows to train on.
            test: (m,) its rows that are watched, and never trained on.
            folder: Checkpoint, ``epochs.csv`` and TensorBoard log; one of this fold alone.
            machine: Where to compute.
            title: Names the fold in the progress bar and the log.

        Raises:
            DataError: if there are too few frames for a batch, the batch cannot be divided, or
                the checkpoint is of another recipe or other data.
        """
        self.recipe, self.data, self.folder, self.machine = recipe, data, folder, machine
        self.train, self.title = train, title
        self.watched = test[np.linspace(0, len(test) - 1, min(WATCHED, len(test))).astype(int)]
        self.steps = len(train) // recipe.batch
        self.stepper = Stepper(recipe, machine, build_network(recipe, data.spec))
        self._check()
        self.loader = Loader(data, recipe.crop, machine.device, video_mean=recipe.video_mean)
        self.progress = Progress()
        self.identity = identify(recipe, data, train)
        self._resume()
        self._saved_at = -np.inf

    def fit(self) -> nn.Module:
        """Train to the recipe's last epoch and return the network."""
        done = self.progress.epoch * self.steps + self.progress.step
        quiet = not self.machine.world.leads
        board = None if quiet else SummaryWriter(str(self.folder), purge_step=self.progress.epoch)
        whole = self.recipe.epochs * self.steps
        with tqdm(total=whole, initial=done, unit="step", mininterval=2, disable=quiet) as bar:
            while self.progress.epoch < self.recipe.epochs:
                bar.set_description(
                    f"{self.title}, epoch {self.progress.epoch + 1}/{self.recipe.epochs}"
                )
                self._train_epoch(bar)
                self._close_epoch(board)
        if board is not None:
            board.close()
        return self.stepper.network

    def predict(self, rows: Rows) -> Vector:
        """Read the middle crops of ``rows``, (n,), as (n, 24) AUs from 0 to 1."""
        return predict(self.stepper.network, self.loader, rows, self.machine)

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

    def _train_epoch(self, bar: tqdm[Any]) -> None:
        """Take the steps of this epoch that are still to be done."""
        recipe, at, stepper = self.recipe, self.progress, self.stepper
        draw = draw_epoch(self.train, self.loader.room, recipe.seed, at.epoch)
        starts = range(at.step * recipe.batch, self.steps * recipe.batch, recipe.batch)
        pieces = (piece for s in starts for piece in stepper.own(draw.part(s, s + recipe.batch)))
        batches = self.loader.batches(pieces)
        stepper.network.train()
        total = torch.tensor(at.loss, dtype=torch.float64, device=self.machine.device)
        while at.step < self.steps:
            for group in stepper.optimiser.param_groups:
                group["lr"] = learning_rate(recipe, at.epoch, at.step / self.steps)
            torch.manual_seed(((recipe.seed * 10_007 + at.epoch) * 1_000_003 + at.step) * 1_009
                              + self.machine.world.rank)  # fmt: skip
            loss = stepper.step([next(batches) for _ in range(recipe.accumulate)])
            total += mean_over_processes(loss, self.machine.world)
            at.step += 1
            bar.update()
            if time.monotonic() - self._saved_at > self.machine.checkpoint_s:
                at.loss = float(total)
                self._save()
        at.loss = float(total)
        if not math.isfinite(at.loss):
            raise DataError(
                f"{self.title} diverged: the loss is {at.loss}. Lower the recipe's learning_rate "
                f"({recipe.learning_rate}), and delete {self.folder}."
            )

    def _close_epoch(self, board: SummaryWriter | None) -> None:
        """Write the epoch's row and a checkpoint, and go to the next epoch."""
        at = self.progress
        if board is not None:
            row = {
                "epoch": at.epoch + 1,
                "learning_rate": learning_rate(self.recipe, at.epoch, 0.0),
                "loss": at.loss / self.steps,
                "watched_loss": self._watch(),
            }
            at.rows.append(row)
            for name in ("learning_rate", "loss", "watched_loss"):
                board.add_scalar(name, row[name], at.epoch)
            log.debug("%s: %s", self.title, row)
        at.epoch, at.step, at.loss = at.epoch + 1, 0, 0.0
        self._save()
        self.machine.world.wait()

    def _watch(self) -> float:
        labels = self.data.aus[self.watched]
        missed = np.nan_to_num(self.predict(self.watched) - labels)
        return float(np.square(missed).sum(1).mean())

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        if not self.machine.world.leads:
            return
        state = {
            "network": self.stepper.network.state_dict(),
            "optimiser": self.stepper.optimiser.state_dict(),
            "progress": dict(vars(self.progress)),
        }
        save_checkpoint(self.folder / "checkpoint.pt", self.identity | state)
        _write_table(self.folder / "epochs.csv", self.progress.rows)

    def _resume(self) -> None:
        saved = load_checkpoint(self.folder / "checkpoint.pt", self.identity)
        if saved is None:
            return
        self.stepper.network.load_state_dict(saved["network"])
        self.stepper.optimiser.load_state_dict(saved["optimiser"])
        self.progress = Progress(**saved["progress"])
        log.info("%s: going on in epoch %d after %d steps", self.title, self.progress.epoch + 1,
                 self.progress.step)  # fmt: skip


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


def identify(recipe: ProtocolRecipe, data: Prepared, train: Rows) -> dict[str, str]:
    """Say what a checkpoint belongs to; one that differs in any of it is another run's."""
    return {
        "recipe": as_text(recipe),
        "dataset": fingerprint(data),
        "fold": hashlib.sha256(train.tobytes()).hexdigest(),
    }


def fingerprint(data: Prepared) -> str:
    """Return a digest of a dataset's labels, frames and videos, first and last crop."""
    digest = hashlib.sha256(repr((data.videos, data.crops.shape, data.spec)).encode())
    for values in (data.aus, data.video, data.frame, data.crops[0], data.crops[-1]):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _write_table(path: Path, rows: list[dict[str, float]]) -> None:
    if not rows:
        return
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    write_whole(path, text.getvalue(), DataError)
