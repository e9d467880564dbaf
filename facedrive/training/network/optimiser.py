"""How weights descend: Muon for the matrices inside the network, AdamW for its edges.

Muon (Jordan et al. 2024) makes every step of a matrix about equally large in all its directions, so
that what few faces show is learnt as fast as what all show; ``train/LOG.md`` has by how much that
shortens training. What it is not made for stays with AdamW (Loshchilov and Hutter 2019): biases and
norms, the first layer and those that give the answers.

Muon is in single precision: PyTorch's takes bfloat16, which many processors only emulate. Its
Newton-Schulz iteration is carried out on the Gram matrix, whose side is the shorter one of the
weight's: the same polynomial of the same singular values, for less work.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR

from facedrive.training.network.network import Compact
from facedrive.training.recipe import Recipe

WARM_UP = 0.15
"""Share of the steps over which the learning rates rise, before they fall to nothing."""


COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic whose iteration takes singular values to about 1 (Jordan et al. 2024)."""

ITERATIONS = 5


def orthogonalise(matrix: Tensor) -> Tensor:
    """Bring all singular values of a matrix, but the faintest, to between 0.7 and 1.2."""
    wide = matrix if len(matrix) <= matrix.shape[1] else matrix.T
    wide = wide / wide.norm().clamp(min=1e-7)
    gram = wide @ wide.T
    whole = factor = _factor(gram)
    for _ in range(ITERATIONS - 1):
        gram = factor @ gram @ factor
        factor = _factor(gram)
        whole = factor @ whole
    answer: Tensor = whole @ wide
    return answer if len(matrix) <= matrix.shape[1] else answer.T


def _factor(gram: Tensor) -> Tensor:
    """Give what an iteration multiplies a matrix with such a Gram matrix by."""
    linear, cubic, quintic = COEFFICIENTS
    factor = torch.addmm(gram, gram, gram, beta=cubic, alpha=quintic)
    factor.diagonal().add_(linear)
    return factor


class Muon(torch.optim.Muon):
    """PyTorch's Muon, with the step sizes of AdamW (Liu et al. 2025) and its own arithmetic."""

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """Take one step down the gradients that the weights hold."""
        for group in self.param_groups:
            rate, momentum = group["lr"], group["momentum"]
            for weight in group["params"]:
                memory = self.state[weight].setdefault("momentum_buffer", torch.zeros_like(weight))
                memory.lerp_(weight.grad, 1 - momentum)
                towards = orthogonalise(weight.grad.lerp(memory, momentum))
                weight.mul_(1 - rate * group["weight_decay"])
                weight.add_(towards, alpha=-0.2 * rate * math.sqrt(max(weight.shape)))


class Inner(NamedTuple):
    """A weight inside the network, as Muon sees it."""

    weight: nn.Parameter
    matrix: Tensor
    """(outputs, everything else), the same memory."""


class Descent:
    """Both optimisers and their schedules, as one; keeps its state as they do."""

    def __init__(self, model: Compact, recipe: Recipe, steps: int) -> None:
        """Prepare so many steps of a model that already lies where it is trained."""
        edges = {id(each) for layer in model.edges for each in layer.parameters()}
        weights = [each for each in model.parameters() if each.requires_grad]
        inner = [each for each in weights if each.dim() > 1 and id(each) not in edges]
        self._inner = [Inner(each, _as_matrix(each.detach(), each)) for each in inner]
        taken = {id(each) for each in inner}
        self._muon = Muon([each.matrix for each in self._inner], recipe.inner_rate,
                          weight_decay=recipe.weight_decay)  # fmt: skip
        self._adamw = torch.optim.AdamW(
            [each for each in weights if id(each) not in taken], recipe.learning_rate,
            weight_decay=recipe.weight_decay,
        )  # fmt: skip
        self._parts: dict[str, Any] = {
            "muon": self._muon,
            "adamw": self._adamw,
            "muon_schedule": OneCycleLR(self._muon, recipe.inner_rate, total_steps=steps,
                                        pct_start=WARM_UP, cycle_momentum=False),
            "adamw_schedule": OneCycleLR(self._adamw, recipe.learning_rate, total_steps=steps,
                                         pct_start=WARM_UP),
        }  # fmt: skip

    def step(self) -> None:
        """Take one step down the gradients that the weights hold, and forget them."""
        for weight, matrix in self._inner:
            assert weight.grad is not None
            matrix.grad = _as_matrix(weight.grad, weight)
            weight.grad = None
        for part in self._parts.values():
            part.step()
        self._muon.zero_grad()
        self._adamw.zero_grad()

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {name: part.state_dict() for name, part in self._parts.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint's state."""
        for name, part in self._parts.items():
            part.load_state_dict(state[name])


def _as_matrix(values: Tensor, weight: Tensor) -> Tensor:
    """Lay out a weight or its gradient as a matrix with a row an output, as the weight lies.

    Of the weight itself it is the same memory.
    """
    lying = values if weight.is_contiguous() else values.movedim(1, -1)  # channels last
    return lying.reshape(len(values), -1)
