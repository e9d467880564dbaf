"""Where a run of the protocol computes: on which device, and in how many processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from facedrive.training.run.train import autocast


@dataclass(frozen=True)
class World:
    """The processes of a run."""

    rank: int = 0
    """This process's number."""
    size: int = 1
    """How many processes there are."""

    @property
    def leads(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def wait(self) -> None:
        """Return when every process has come here."""
        if self.size > 1:
            distributed.barrier()

    def mean(self, value: Tensor) -> Tensor:
        """Return the mean over processes of a scalar, on its device; a GPU is not waited for."""
        if self.size == 1:
            return value
        total = value.clone()
        distributed.all_reduce(total)
        return total / self.size


ALONE = World()
"""One process."""


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

    def multiply(self) -> AbstractContextManager[Any]:
        """Return the context in which the network is called."""
        return autocast(self.device) if self.mixed else nullcontext()

    def share(self, network: nn.Module) -> nn.Module:
        """Return the network to train with: its gradients are the mean over the processes.

        On GPUs the network itself is changed so that batch normalisation takes its statistics over
        the batches of all processes; on CPUs each process takes those of its own batch.
        """
        if self.world.size == 1:
            return network
        if self.device.type != "cuda":
            return DistributedDataParallel(network, broadcast_buffers=False)
        nn.SyncBatchNorm.convert_sync_batchnorm(network)
        return DistributedDataParallel(
            network, device_ids=[self.device.index], broadcast_buffers=False
        )


@contextmanager
def join_world(device: torch.device) -> Iterator[tuple[World, torch.device]]:
    """Join the processes that ``torchrun`` started; alone where it started none.

    Yields:
        The processes, and the device of this one.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ALONE, device
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield World(distributed.get_rank(), size), device
    finally:
        distributed.destroy_process_group()
