"""What training minimises: errors in units of each channel's own spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from facedrive.aus import AU_NAMES
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68
from facedrive.training.data.faces import FaceSet
from facedrive.training.data.labels import EXACT
from facedrive.training.data.teacher import LANDMARKS
from facedrive.training.network.batches import Batch, Kind
from facedrive.training.network.mesh import EYES, READ
from facedrive.training.network.network import GAZES, TAUGHT, Answer
from facedrive.training.recipe import Recipe

POINT_STEP = 0.01
"""A point that misses by less, -1 to 1 across the crop, hardly counts; beyond, all steps alike."""

UNREAD_WEIGHT = 0.1
"""Of a mesh point that neither the reader nor the tracker looks at, such as a cheek's."""

EYE_WEIGHT = 3.0
"""Of one on a lid's edge or an iris: what gaze lacks is how well these are placed."""

LEAST_SPREAD = 0.04
"""Of an AU that hardly moves: it would else outweigh all others."""

GAZE_SPREAD = 0.15
"""Standard deviation of a gaze angle over the photographs, radians."""

OUTLIER = 3.0
"""Error, in spreads of a channel, from which it counts no longer squared but straight."""


@dataclass(frozen=True)
class Loss:
    """Error in units of each channel's own spread, so that timid channels count."""

    recipe: Recipe
    scale: Tensor
    """(kinds, 24) 1 / variance of each AU."""
    weight: Tensor
    """(kinds, 24) of each AU."""

    def __call__(self, answer: Answer, batch: Batch) -> Tensor:
        """Return the scalar loss of a model's answer."""
        recipe = self.recipe
        aus, gaze = answer.settle((batch.kind == Kind.RENDERED)[:, None])
        missed = _spreads(self.scale[batch.kind] * (aus - batch.aus).square())
        au_loss = (self.weight[batch.kind] * missed).mean()
        gaze_loss = ((gaze - batch.gaze) / GAZE_SPREAD).square().mean()
        return (
            au_loss
            + recipe.gaze_weight * gaze_loss
            + recipe.point_weight * self._point_loss(answer, batch)
            + recipe.taught_weight * self._taught_loss(answer.taught, batch.taught)
            + recipe.read_weight * self._read_loss(answer, batch)
        )

    def _point_loss(self, answer: Answer, batch: Batch) -> Tensor:
        """Count by how many steps a mesh point misses, a mean in which some weigh more."""
        placed = torch.isfinite(batch.points)
        missed = torch.where(placed, answer.points - torch.nan_to_num(batch.points), 0.0)
        steps = (1 + (missed / POINT_STEP).square()).sqrt() - 1
        weight = placed * _POINT_WEIGHTS.to(placed.device)
        return (weight * steps).sum() / weight.sum().clamp(min=1)

    def _taught_loss(self, said: Tensor, taught: Tensor) -> Tensor:
        """Count how far (B, 28) scores of the teacher are missed, where it gave any."""
        known = torch.isfinite(taught)
        missed = torch.where(known, said - torch.nan_to_num(taught), 0.0)
        scale = functional.pad(self.scale[Kind.MOVED], (0, GAZES), value=GAZE_SPREAD**-2)
        return _spreads(scale * missed.square()).mean()

    def _read_loss(self, answer: Answer, batch: Batch) -> Tensor:
        """Count how far the reader alone misses the teacher, which only the mesh can mend."""
        labels = torch.cat([batch.aus, batch.gaze], 1)
        theirs = labels.masked_fill(~TAUGHT.to(labels.device), torch.nan)
        rendered = (batch.kind == Kind.RENDERED)[:, None]
        return self._taught_loss(answer.read, torch.where(rendered, batch.taught, theirs))


def _point_weights() -> Tensor:
    """Give (P, 1) weights of the mesh points."""
    weights = torch.full((LANDMARKS, 1), UNREAD_WEIGHT)
    weights[[*READ, *MEDIAPIPE_TO_68.tolist()]] = 1.0
    weights[[*EYES]] = EYE_WEIGHT
    return weights


_POINT_WEIGHTS = _point_weights()


def _spreads(squared: Tensor) -> Tensor:
    """Count squared errors, in spreads of their channel, squared at first and then straight."""
    return ((1 + squared / OUTLIER**2).sqrt() - 1) * (2 * OUTLIER**2)


def make_loss(recipe: Recipe, sets: dict[Kind, FaceSet], device: torch.device) -> Loss:
    """Scale each channel by its spread over each kind of faces."""
    photographs = sets[Kind.PHOTOGRAPH]
    exact = torch.tensor([name in EXACT for name in AU_NAMES])
    scales = [_inverse_variance(sets.get(kind, photographs)) for kind in Kind]
    # Photographs hardly move what has no teacher: its unit is that of the moved faces.
    scales[Kind.PHOTOGRAPH] = torch.where(exact, scales[Kind.MOVED], scales[Kind.PHOTOGRAPH])
    weight = torch.where(exact, recipe.exact_weight, 1.0).repeat(len(Kind), 1)
    weight[Kind.PHOTOGRAPH, exact] = recipe.unseen_weight
    return Loss(recipe, torch.stack(scales).to(device), weight.to(device))


def _inverse_variance(faces: FaceSet) -> Tensor:
    """Return (24,) weights that make every AU of ``faces`` count alike, but for the stillest."""
    spread = np.maximum(faces.targets.aus.std(0), LEAST_SPREAD)
    return torch.from_numpy(1 / np.square(spread)).float()
