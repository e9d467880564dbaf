"""What a face mesh says by itself: its shape without the head's place, and the teacher's scores."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from facedrive.progress import bar

READ = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65,
    66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144,
    145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173,
    176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283, 284,
    285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 332,
    334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386,
    387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473,
    474, 475, 476, 477,
)  # fmt: skip
"""The mesh points that MediaPipe makes its scores of, by its ``face_blendshapes_graph.cc``."""

EYES = (
    7, 33, 133, 144, 145, 153, 154, 155, 157, 158, 159, 160, 161, 163, 173, 246, 249, 263, 362, 373,
    374, 380, 381, 382, 384, 385, 386, 387, 388, 390, 398, 466, *range(468, 478),
)  # fmt: skip
"""The edges of the lids, and the irises."""

MOST_SPREADS = 6.0
"""Farthest that a point is believed to deviate: untrained points lie anywhere."""


class Geometry(nn.Module):
    """Mesh points without the head's place, size and turn, in units of their own spread.

    What remains after the similarity to the mean shape (Gower 1975) is identity and expression;
    before it, where the crop happens to lie outweighs both.
    """

    shape: Tensor
    """(P, 2) the mean, centred, of length 1."""
    spread: Tensor
    """(P, 2) standard deviation of what remains."""

    def __init__(self, points: int) -> None:
        super().__init__()
        circle = torch.linspace(0, 6, points)
        shape = torch.stack([circle.cos(), circle.sin()], dim=1)
        self.register_buffer("shape", _unit(shape[None])[0])
        self.register_buffer("spread", torch.full((points, 2), 0.01))

    def fit(self, points: Tensor) -> None:
        """Learn mean and spread from (N, P, 2) points, -1 to 1 across the crop."""
        self.shape.copy_(_unit(_unit(points).mean(0, keepdim=True))[0])
        for _ in range(2):
            aligned = self._align(points)
            self.shape.copy_(_unit(aligned.mean(0, keepdim=True))[0])
        self.spread.copy_((self._align(points) - self.shape).std(0).clamp(min=1e-5))

    def forward(self, points: Tensor) -> Tensor:
        """Map (N, P, 2) points to (N, P, 2) deviations of about 1."""
        deviations = (self._align(points) - self.shape) / self.spread
        return deviations.clamp(-MOST_SPREADS, MOST_SPREADS)

    def _align(self, points: Tensor) -> Tensor:
        """Bring points to the shape's place, size and turn; the turn as a complex factor."""
        x, y = (points - points.mean(1, keepdim=True)).unbind(-1)
        u, v = self.shape.unbind(-1)
        real = (x * u + y * v).sum(1, keepdim=True)
        imaginary = (y * u - x * v).sum(1, keepdim=True)
        size = (real.square() + imaginary.square()).clamp(min=1.0)
        return (
            torch.stack([x * real + y * imaginary, y * real - x * imaginary], -1) / size[..., None]
        )


def _unit(points: Tensor) -> Tensor:
    """Centre (N, P, 2) points and bring each set to length 1."""
    centred = points - points.mean(1, keepdim=True)
    return centred / centred.square().sum((1, 2), keepdim=True).sqrt()


class Reader(nn.Module):
    """Makes of a mesh what a landmark-based teacher makes of it.

    The teacher's scores are a function of its mesh and of nothing else, so that whoever places the
    points knows the scores. It is learnt from meshes alone and
    then fixed: it never learns which picture it saw, nor to answer timidly where one is doubtful.
    """

    def __init__(self, answers: int) -> None:
        super().__init__()
        self.hidden = nn.Sequential(
            nn.Linear(2 * len(READ), 384), nn.ReLU(), nn.Linear(384, 192), nn.ReLU()
        )
        self.answer = nn.Linear(192, answers)
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(self.answer.bias)
        self.requires_grad_(requires_grad=False)

    @property
    def taught(self) -> bool:
        """Whether it says anything yet."""
        return bool(self.answer.weight.any())

    def forward(self, deviations: Tensor) -> Tensor:
        """Map the (N, P, 2) deviations of ``Geometry`` to (N, answers)."""
        answer: Tensor = self.answer(self.hidden(deviations[:, READ].flatten(1)))
        return answer


class Meshes(NamedTuple):
    """What the teacher said of N faces."""

    points: Tensor
    """(N, P, 2) anywhere, at any size."""
    scores: Tensor
    """(N, answers); NaN where it said nothing."""


EPOCHS = 20
BATCH = 256
RATE = 1.5e-3
NOISE = 0.1
"""Added to the deviations: a network's points miss the teacher's."""

LEAST_SPREAD = 0.02
"""Of a score that hardly varies: it would else outweigh all others."""


def teach(reader: Reader, geometry: Geometry, meshes: Meshes, seed: int) -> None:
    """Teach a reader, and fix it.

    Args:
        reader: Changed in place.
        geometry: Already fitted.
        meshes: Whose points are all finite.
        seed: The same seed makes the same of the same reader.
    """
    torch.manual_seed(seed)
    known, scores = meshes.scores.isfinite(), meshes.scores.nan_to_num()
    scale = 1 / _spread(scores, known).clamp(min=LEAST_SPREAD)
    steps = EPOCHS * -(-len(meshes.points) // BATCH)
    reader.requires_grad_(requires_grad=True)
    optimiser = torch.optim.AdamW(reader.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    with bar(steps, "step", "reading meshes") as line:
        for _ in range(EPOCHS):
            for rows in torch.split(torch.randperm(len(meshes.points)), BATCH):
                deviations = geometry(meshes.points[rows])
                said = reader(deviations + NOISE * torch.randn_like(deviations))
                missed = torch.where(known[rows], (said - scores[rows]) * scale, 0.0)
                loss = missed.square().sum() / known[rows].sum().clamp(min=1)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
                line.advance()
    optimiser.zero_grad()  # what is left of it would count where gradients are clipped
    reader.requires_grad_(requires_grad=False)


def _spread(scores: Tensor, known: Tensor) -> Tensor:
    """Give the standard deviation of what is known of each column."""
    count = known.sum(0).clamp(min=1)
    mean = (scores * known).sum(0) / count
    return (((scores - mean) * known).square().sum(0) / count).sqrt()
