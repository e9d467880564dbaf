"""Several processes that train one model as a single one would: what ``torchrun`` starts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.autograd import Function
from torch.nn.parallel import DistributedDataParallel


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


ALONE = World()
"""One process."""


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


def share(network: nn.Module, world: World, device: torch.device) -> nn.Module:
    """Return the network to train with: its gradients are the mean over the processes.

    The network itself is changed so that batch normalisation takes its statistics over the
    batches of all processes together, as one process with the whole batch would.
    """
    if world.size == 1:
        return network
    if device.type == "cuda":
        nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return DistributedDataParallel(network, device_ids=[device.index], broadcast_buffers=False)
    _normalise_together(network, world.size)
    return DistributedDataParallel(network, broadcast_buffers=False)


def _normalise_together(network: nn.Module, processes: int) -> None:
    """Have every batch normalisation of a network use ``_together``; its state stays the same."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.forward = _Together(layer, processes)  # type: ignore[method-assign, assignment]


class _Together:
    """Batch normalisation over all processes, on any device: ``nn.SyncBatchNorm`` needs a GPU."""

    def __init__(self, layer: nn.BatchNorm1d | nn.BatchNorm2d, processes: int) -> None:
        self.layer, self.processes = layer, processes

    def __call__(self, inputs: Tensor) -> Tensor:
        layer = self.layer
        if not layer.training:
            return type(layer).forward(layer, inputs)
        axes = [axis for axis in range(inputs.dim()) if axis != 1]
        shape = [-1 if axis == 1 else 1 for axis in range(inputs.dim())]
        values = inputs.float()
        count = values.numel() // values.shape[1] * self.processes
        mean = _Sum.apply(values.sum(axes)) / count
        centred = values - mean.view(shape)
        variance = _Sum.apply(centred.square().sum(axes)) / count
        self._remember(mean.detach(), variance.detach() * count / (count - 1))
        scaled = centred * (variance + layer.eps).rsqrt().view(shape)
        answer: Tensor = scaled * layer.weight.view(shape) + layer.bias.view(shape)
        return answer.to(inputs.dtype)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        """Follow the statistics that the layer uses when it is not training."""
        layer = self.layer
        assert layer.running_mean is not None and layer.running_var is not None
        assert layer.num_batches_tracked is not None and layer.momentum is not None
        layer.num_batches_tracked += 1
        layer.running_mean.lerp_(mean, layer.momentum)
        layer.running_var.lerp_(variance, layer.momentum)


class _Sum(Function):
    """Sum over processes, whose gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        """Return the sum over all processes, the same in each."""
        total = values.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Return the sum over all processes of what each asks of the sum."""
        total = gradients[0].clone()
        distributed.all_reduce(total)
        return total


def mean_over_processes(value: Tensor, world: World) -> Tensor:
    """Return the mean over processes of a scalar, on its device; a GPU is not waited for."""
    if world.size == 1:
        return value
    total = value.clone()
    distributed.all_reduce(total)
    return total / world.size
