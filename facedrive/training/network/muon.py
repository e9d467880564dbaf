"""Muon in single precision: PyTorch's takes bfloat16, which many processors only emulate.

The Newton-Schulz iteration is also carried out on the Gram matrix, whose side is the shorter one of
the weight's: the same polynomial of the same singular values, for less work.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

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
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Take one step down the gradients that the weights hold."""
        for group in self.param_groups:
            rate, momentum = group["lr"], group["momentum"]
            for weight in group["params"]:
                memory = self.state[weight].setdefault("momentum_buffer", torch.zeros_like(weight))
                memory.lerp_(weight.grad, 1 - momentum)
                towards = orthogonalise(weight.grad.lerp(memory, momentum))
                weight.mul_(1 - rate * group["weight_decay"])
                weight.add_(towards, alpha=-0.2 * rate * math.sqrt(max(weight.shape)))
