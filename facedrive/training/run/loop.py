"""The training loop of every model: steps, rows, checkpoints, and stops that lose nothing.

In a run's folder: ``checkpoint.pt``, ``epochs.csv`` with a row an epoch, and a TensorBoard log.
A run that is stopped, killed or out of disk goes on from its checkpoint, and ends bit for bit where
an unbroken one ends.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from facedrive.errors import DataError
from facedrive.files import write_whole
from facedrive.progress import Bar, bar
from facedrive.training.run.checkpoint import Origin, load_checkpoint, save_checkpoint
from facedrive.training.run.stop import Stop

log = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.pt"
"""Of a run, in its folder."""

CHECKPOINT_S = 600.0
"""Seconds between checkpoints inside an epoch."""

Batch = TypeVar("Batch")


class Stateful(Protocol):
    """What a checkpoint keeps: a network, an optimiser, an average."""

    def state_dict(self) -> dict[str, Any]:
        """Return what it takes to go on."""

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any:
        """Go on from such a state."""


class Trainee(Protocol[Batch]):
    """What a loop trains, and how."""

    @property
    def epochs(self) -> int:
        """How many to train for."""

    @property
    def steps(self) -> int:
        """In an epoch."""

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """What changes from step to step, by the name that it has in a checkpoint."""

    def batches(self, epoch: int, step: int, random: np.random.Generator) -> Iterator[Batch]:
        """Yield the batches of an epoch from some step on.

        PyTorch's generator and ``random`` are where an unbroken epoch had them at that step, if
        nothing is drawn from either but when a batch is asked for and in ``step``.
        """

    def step(self, batch: Batch, epoch: int, step: int) -> Tensor:
        """Take one step and return its loss, a detached scalar on any device."""

    def validate(self, epoch: int) -> Mapping[str, float]:
        """Return figures for the row of an epoch that just ended; draws no random numbers."""


@dataclass
class Progress:
    """How far a run is, and what was written about it."""

    epoch: int = 0
    step: int = 0
    """Steps of the epoch that are done."""
    loss: float = 0.0
    """Sum over these of the loss."""
    rows: list[dict[str, float]] = field(default_factory=list)
    """What ``epochs.csv`` holds."""


class Loop(Generic[Batch]):
    """A training run in a folder, which goes on where it was stopped."""

    def __init__(
        self, trainee: Trainee[Batch], folder: Path, origin: Origin, *, title: str = "training",
        leads: bool = True, checkpoint_s: float | None = None,
    ) -> None:  # fmt: skip
        """Go on from the folder's checkpoint, if there is one.

        Args:
            trainee: What to train.
            folder: For the run's files alone; it is made.
            origin: What a checkpoint must be of. Its seed is the run's.
            title: Names the run in the progress bar, the log and errors.
            leads: Whether this process writes files and shows progress; one of several does.
            checkpoint_s: Seconds between checkpoints inside an epoch; None for ``CHECKPOINT_S``.

        Raises:
            DataError: if the checkpoint is broken or of another origin.
        """
        self.trainee, self.folder, self.origin = trainee, folder, origin
        self.title, self.leads = title, leads
        self.checkpoint_s = CHECKPOINT_S if checkpoint_s is None else checkpoint_s
        self.at = Progress()
        self._saved_at = -math.inf
        self._generators: dict[str, Any] | None = None
        self._resume()
        self._random = np.random.default_rng([origin.seed, self.at.epoch])
        self._loss = torch.tensor(self.at.loss, dtype=torch.float64)

    @property
    def checkpoint(self) -> Path:
        """Where the run keeps its state."""
        return self.folder / CHECKPOINT

    def run(self) -> None:
        """Train from where the run is to its last epoch.

        Raises:
            DataError: if the loss is no number any more, or a checkpoint cannot be written.
            KeyboardInterrupt: on Ctrl-C or SIGTERM; all steps that were done are kept.
        """
        with Stop() as stop:
            try:
                self._run(stop)
            except KeyboardInterrupt:
                if not stop.broken:
                    self._save()
                log.info("%s: stopped; the same command goes on from its checkpoint", self.title)
                raise

    def _run(self, stop: Stop) -> None:
        at, epochs, steps = self.at, self.trainee.epochs, self.trainee.steps
        done = at.epoch * steps + at.step
        with (
            self._open_board() as board,
            bar(epochs * steps, "step", self.title, done=done, quiet=not self.leads) as line,
        ):
            while at.epoch < epochs:
                line.say(f"{self.title}, epoch {at.epoch + 1}/{epochs}")
                self._train_epoch(stop, line)
                self._close_epoch(stop, board, line)

    def _open_board(self) -> AbstractContextManager[SummaryWriter | None]:
        if not self.leads:
            return nullcontext()
        return closing(SummaryWriter(str(self.folder), purge_step=self.at.epoch))

    def _train_epoch(self, stop: Stop, line: Bar) -> None:
        """Take the steps of this epoch that are still to be done."""
        at, trainee = self.at, self.trainee
        self._seed()
        batches = trainee.batches(at.epoch, at.step, self._random)
        while at.step < trainee.steps:
            with stop.whole():
                loss = trainee.step(next(batches), at.epoch, at.step)
                self._loss = self._loss.to(loss.device) + loss.double()
                at.step += 1
                if time.monotonic() - self._saved_at > self.checkpoint_s:
                    self._save()
            line.advance()
        if not math.isfinite(float(self._loss)):
            raise DataError(
                f"{self.title} diverged: the loss is {float(self._loss)}. Lower the recipe's "
                f"learning_rate, and delete {self.folder}."
            )

    def _seed(self) -> None:
        """Bring all generators to where they are in an unbroken epoch at this step."""
        seed, epoch = self.origin.seed, self.at.epoch
        self._random = np.random.default_rng([seed, epoch])
        torch.manual_seed(seed * 100_003 + epoch)
        if self._generators is not None:
            self._random.bit_generator.state = json.loads(self._generators["numpy"])
            torch.set_rng_state(self._generators["torch"])
            if torch.cuda.is_available() and self._generators["cuda"]:
                torch.cuda.set_rng_state_all(self._generators["cuda"])
            self._generators = None

    def _close_epoch(self, stop: Stop, board: SummaryWriter | None, line: Bar) -> None:
        """Write the epoch's row and a checkpoint, and go to the next epoch."""
        at = self.at
        if board is not None:
            figures = {"loss": float(self._loss) / self.trainee.steps,
                       **self.trainee.validate(at.epoch)}  # fmt: skip
            for name, value in figures.items():
                board.add_scalar(name, value, at.epoch)
            at.rows.append({"epoch": at.epoch + 1, **figures})
            shown = list(figures.items())[:2]  # the loss, and validation's first
            line.say(figures=", ".join(f"{name} {value:.4f}" for name, value in shown))
        with stop.whole():
            at.epoch, at.step, self._loss = at.epoch + 1, 0, torch.zeros((), dtype=torch.float64)
            self._save()

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        if not self.leads:
            return
        self.at.loss = float(self._loss)
        save_checkpoint(self.checkpoint, self.origin, {
            "parts": {name: part.state_dict() for name, part in self.trainee.parts.items()},
            "progress": asdict(self.at),
            "generators": self._generators or {
                "numpy": json.dumps(self._random.bit_generator.state),
                "torch": torch.get_rng_state(),
                "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            },
        })  # fmt: skip
        _write_table(self.folder / "epochs.csv", self.at.rows)

    def _resume(self) -> None:
        saved = load_checkpoint(self.checkpoint, self.origin)
        if saved is None:
            return
        for name, part in self.trainee.parts.items():
            part.load_state_dict(saved["parts"][name])
        self.at = Progress(**saved["progress"])
        if self.at.step:
            self._generators = saved["generators"]
        log.info("%s: going on in epoch %d after %d steps", self.title, self.at.epoch + 1,
                 self.at.step)  # fmt: skip


def _write_table(path: Path, rows: list[dict[str, float]]) -> None:
    if not rows:
        return
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    write_whole(path, text.getvalue(), DataError)
