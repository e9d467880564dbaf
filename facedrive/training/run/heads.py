"""What is fitted to a network when all else is done: presence, and the extras."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facedrive.extras import EXTRA_MIRROR
from facedrive.progress import bar
from facedrive.training.data.faces import FaceSet, Kind, mirror_points
from facedrive.training.network import mesh
from facedrive.training.network.batches import Feeder, batch_shares
from facedrive.training.network.network import Compact
from facedrive.training.recipe import Augment, Recipe
from facedrive.training.run.train import plain_crops
from facedrive.types import Image, Vector

log = logging.getLogger(__name__)

LOOSE = Augment(
    turn_rad=0.3, scale=0.22, shift=0.11, stretch=0.05, contrast=0.6, gamma=0.5, shade=0.8,
    blur=0.4, noise=14.0, occlude=0.25,
)  # fmt: skip
"""How badly a face may lie in its crop, and be lit, and still be one."""

EPOCHS = 12
BATCH = 256
RATE = 2e-3

RIDGE = 0.3
"""On evidence in units of its own spread, by validation people."""

LEAST_SPREAD = 0.05
"""Of evidence: what hardly varies would else be made much of."""


class Further(NamedTuple):
    """What the heads are fitted to, beside the faces that their network was trained on."""

    faceless: Image
    """(M, S, S) uint8 crops that show no face."""
    extras: Vector
    """(N, E) what the teacher says of the N photographs among these faces."""


def fit_heads(model: Compact, recipe: Recipe, sets: dict[Kind, FaceSet], further: Further) -> None:
    """Fit presence and the extras to a trained network.

    Args:
        model: On the CPU; changed in place.
        recipe: Its own.
        sets: What it was trained on.
        further: What else there is.
    """
    wrong = fit_presence(model, recipe, sets, further.faceless)
    log.info("presence is wrong about %.2f %% of the crops that it was fitted to", 100 * wrong)
    photographs, scores = sets[Kind.PHOTOGRAPH], torch.from_numpy(further.extras)
    teach_extras(model, recipe, photographs, scores)
    correct_extras(model, *_see_extras(model, recipe, photographs), scores)


def fit_presence(
    model: Compact, recipe: Recipe, sets: dict[Kind, FaceSet], faceless: Image
) -> float:
    """Teach a trained network, whose features stay as they are, what a face is.

    Args:
        model: On the CPU; changed in place.
        recipe: Its own.
        sets: What it was trained on.
        faceless: (M, S, S) uint8 crops of none; as many of faces are drawn.

    Returns:
        The share of these crops that it then takes for the other kind.
    """
    loose = replace(recipe, augment=LOOSE)
    feeder = Feeder(loose, batch_shares(loose, sets), torch.device("cpu"))
    torch.manual_seed(recipe.seed)
    random = np.random.default_rng(recipe.seed)
    faces: list[Tensor] = []
    without: list[Tensor] = []
    with bar(2 * len(faceless), "crop", "looking for faces") as line:
        while recipe.batch * len(faces) < len(faceless):
            faces.append(_features(model, next(feeder.batches(0, 0, random)).crops))
            line.advance(recipe.batch)
        for part in torch.split(torch.from_numpy(faceless)[:, None].float(), BATCH):
            without.append(_features(model, part))
            line.advance(len(part))
    features = torch.cat(faces + without)
    truth = torch.cat([torch.ones(sum(map(len, faces))), torch.zeros(len(faceless))])
    fit_head(model.presence, features, truth, EPOCHS, RATE)
    with torch.no_grad():
        wrong = ((model.presence(features) > 0) != (truth > 0.5)).float().mean()
    return float(wrong)


@torch.no_grad()
def _features(model: Compact, crops: Tensor) -> Tensor:
    model.eval()
    features: Tensor = model(crops.contiguous(memory_format=torch.channels_last)).features
    return features


def fit_head(head: nn.Module, features: Tensor, truth: Tensor, epochs: int, rate: float) -> None:
    """Fit a head to (N, F) features and (N,) what is true of them, 0 or 1."""
    head.requires_grad_(requires_grad=True)
    optimiser = torch.optim.AdamW(head.parameters(), rate, weight_decay=0.01)
    steps = epochs * -(-len(features) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(len(features)), BATCH):
            loss = functional.binary_cross_entropy_with_logits(head(features[rows]), truth[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    head.requires_grad_(requires_grad=False)


def teach_extras(model: Compact, recipe: Recipe, faces: FaceSet, scores: Tensor) -> None:
    """Teach a network's second reader the extras, on the meshes of photographs alone.

    Args:
        model: On the CPU; changed in place.
        recipe: Its own.
        faces: The photographs of training people.
        scores: (N, E) what the teacher says of them.
    """
    points = torch.from_numpy(faces.points_px)
    mirror = torch.from_numpy(mirror_points(faces))
    mirrored = points[:, mirror] * torch.tensor([-1.0, 1.0])
    both = mesh.Meshes(
        torch.cat([points, mirrored]),
        torch.cat([scores, scores[:, torch.from_numpy(EXTRA_MIRROR)]]),
    )
    placed = both.points.isfinite().all(dim=(1, 2))
    mesh.teach(model.extras, model.geometry, mesh.Meshes(both.points[placed], both.scores[placed]),
               recipe.seed)  # fmt: skip


def _see_extras(model: Compact, recipe: Recipe, faces: FaceSet) -> tuple[Tensor, Tensor]:
    """Return the (N, M) evidence of plain crops, and the (N, E) extras."""
    model.eval()
    evidence: list[Tensor] = []
    extras: list[Tensor] = []
    with torch.no_grad():
        for rows in np.array_split(np.arange(len(faces)), -(-len(faces) // BATCH)):
            answer = model(plain_crops(faces, rows, recipe))
            evidence.append(answer.evidence)
            extras.append(answer.extras)
    return torch.cat(evidence), torch.cat(extras)


def correct_extras(model: Compact, evidence: Tensor, said: Tensor, scores: Tensor) -> None:
    """Add to the extras what their reader misses, by a ridge regression.

    Args:
        model: Changed in place; its extras are not corrected yet.
        evidence: (N, M) of some faces.
        said: (N, E) its extras of them.
        scores: (N, E) what the teacher says.
    """
    mean, spread = evidence.mean(0), evidence.std(0).clamp(min=LEAST_SPREAD)
    scaled = functional.pad((evidence - mean) / spread, (0, 1), value=1.0)
    ridge = torch.full((scaled.shape[1],), RIDGE)
    ridge[-1] = 0.0  # what is added to all alike
    gram = scaled.T @ scaled / len(scaled) + ridge.diag()
    solution = torch.linalg.solve(gram, scaled.T @ (scores - said) / len(scaled))
    model.extras_correction.take(solution, mean, spread)
