"""How fast a recipe trains on this machine: the loader alone, and whole steps with loading."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

import numpy as np
import torch

from facedrive.aus import AUS
from facedrive.feafa.protocol.loader import Batch, Loader, draw_epoch
from facedrive.feafa.protocol.machine import Machine
from facedrive.feafa.protocol.networks import build_network
from facedrive.feafa.protocol.prepared import CROP, Prepared
from facedrive.feafa.protocol.recipe import ProtocolRecipe
from facedrive.feafa.protocol.trainer import Stepper

WARM = 3
"""Steps that are not timed: the first ones choose algorithms, or compile."""

STORED = 512
"""Crops that the timed batches are drawn from."""


@dataclass(frozen=True)
class Throughput:
    """Images a second."""

    loader: float
    """Reading, cropping and flipping alone."""
    training: float
    """Whole steps: loading, forward, backward, optimiser."""
    ratio: float
    """How much faster the loader is."""

    def as_dict(self) -> dict[str, float]:
        """Return the figures by name."""
        return asdict(self)


def measure_throughput(recipe: ProtocolRecipe, machine: Machine, images: int) -> Throughput:
    """Time a recipe's training on noise, read from a file as prepared crops are.

    Args:
        recipe: Its network, batch, crop and optimiser decide.
        machine: Where to compute.
        images: How many to time, rounded up to whole batches.
    """
    steps = max(-(-images // recipe.batch), 2)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data = _noise(Path(folder) / "crops.npy")
        loader = Loader(data, recipe.crop, machine.device, video_mean=recipe.video_mean)
        alone = _images_a_second(loader, None, recipe, steps)
        stepper = Stepper(recipe, machine, build_network(recipe, data.spec))
        stepper.network.train()
        training = _images_a_second(loader, stepper, recipe, steps)
    return Throughput(alone, training, alone / training)


def _images_a_second(
    loader: Loader, stepper: Stepper | None, recipe: ProtocolRecipe, steps: int
) -> float:
    batches = _endless(loader, recipe)
    for at in range(WARM + steps):
        if at == WARM:
            _finish(loader.device)
            start = time.perf_counter()
        pieces = [next(batches) for _ in range(recipe.accumulate)]
        if stepper is not None:
            stepper.step(pieces)
    _finish(loader.device)
    return steps * recipe.batch / (time.perf_counter() - start)


def _endless(loader: Loader, recipe: ProtocolRecipe) -> Iterator[Batch]:
    """Yield pieces of batches without end."""
    size = recipe.batch // recipe.accumulate
    rows = np.arange(size) % STORED
    return loader.batches(draw_epoch(rows, loader.room, 0, epoch) for epoch in count())


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _noise(path: Path) -> Prepared:
    """Write crops of noise and open them as a prepared dataset of one video."""
    random = np.random.default_rng(0)
    np.save(path, random.integers(0, 256, (STORED, CROP.size, CROP.size), dtype=np.uint8))
    return Prepared(
        crops=np.load(path, mmap_mode="r"),
        aus=random.random((STORED, len(AUS))).astype(np.float32),
        video=np.zeros(STORED, np.int32),
        frame=np.arange(STORED, dtype=np.int32),
        videos=("PV001",),
        subjects=("P01",),
        parts=("posed",),
        spec=CROP,
    )
