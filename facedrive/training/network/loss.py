"""What training minimises: errors in units of each channel's own spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from facedrive.aus import AU_NAMES
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68
from facedrive.training.data.faces import FaceSet, Kind
from facedrive.training.data.labels import PARAMETRIC_AUS
from facedrive.training.data.teacher import LANDMARKS
from facedrive.training.network.batches import Batch
from facedrive.training.network.mesh import EYES, READ
from facedrive.training.network.network import GAZES, TAUGHT, Answer, Compact
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
        """Return the scalar loss of a model's answer.

        A mesh point counts by how many steps it misses, a mean in which some weigh more. The reader
        counts by how far it alone misses the teacher, which only the mesh can mend.
        """
        recipe, rendered = self.recipe, (batch.kind == Kind.RENDERED)[:, None]
        aus, gaze = answer.combine(rendered)
        missed = _spreads(self.scale[batch.kind] * (aus - batch.aus).square())
        au_loss = (self.weight[batch.kind] * missed).mean()
        gaze_loss = ((gaze - batch.gaze) / GAZE_SPREAD).square().mean()
        placed = torch.isfinite(batch.points)
        off = torch.where(placed, answer.points - torch.nan_to_num(batch.points), 0.0)
        steps = (1 + (off / POINT_STEP).square()).sqrt() - 1
        weight = placed * _POINT_WEIGHTS.to(placed.device)
        point_loss = (weight * steps).sum() / weight.sum().clamp(min=1)
        labels = torch.cat([batch.aus, batch.gaze], 1)
        theirs = labels.masked_fill(~TAUGHT.to(labels.device), torch.nan)
        read = torch.where(rendered, batch.taught, theirs)
        return (
            au_loss
            + recipe.gaze_weight * gaze_loss
            + recipe.point_weight * point_loss
            + recipe.taught_weight * self._score_loss(answer.taught, batch.taught)
            + recipe.read_weight * self._score_loss(answer.read, read)
        )

    def _score_loss(self, said: Tensor, taught: Tensor) -> Tensor:
        """Count how far (B, 28) scores of the teacher are missed, where it gave any."""
        known = torch.isfinite(taught)
        missed = torch.where(known, said - torch.nan_to_num(taught), 0.0)
        scale = functional.pad(self.scale[Kind.WARPED], (0, GAZES), value=GAZE_SPREAD**-2)
        return _spreads(scale * missed.square()).mean()


PARAMETRIC_WEIGHT = (0.25, 1.5)
"""Of what the parametric face would say of a channel in a match: where the teacher answers, where
it does not."""

FEATURES_WEIGHT = 0.5
"""Of the features in a match."""


@dataclass(frozen=True)
class Match:
    """How far a network is from another one on the same crops, whatever their labels are.

    The other network's own features are matched as well (Romero et al. 2015), so that whatever is
    read off the one can be read off the other.
    """

    recipe: Recipe
    other: Compact
    """Already trained; it is only asked."""
    scale: Tensor
    """(28,) 1 / variance of each channel."""

    def __call__(self, answer: Answer, batch: Batch) -> Tensor:
        """Return the scalar loss of a model's answer."""
        with torch.no_grad():
            theirs: Answer = self.other(batch.crops.contiguous(memory_format=torch.channels_last))
        sure, unsure = PARAMETRIC_WEIGHT
        weight = torch.where(TAUGHT, sure, unsure).to(self.scale.device)
        loss: Tensor = (
            self._missed(answer.taught, theirs.taught).mean()
            + (weight * self._missed(answer.parametric, theirs.parametric)).mean()
            + self.recipe.read_weight * self._missed(answer.read, theirs.read).mean()
            + self.recipe.point_weight * self._missed_points(answer.points - theirs.points)
            + FEATURES_WEIGHT * (answer.features - theirs.features).square().mean()
        )
        return loss

    def _missed(self, said: Tensor, meant: Tensor) -> Tensor:
        return _spreads(self.scale * (said - meant).square())

    def _missed_points(self, off: Tensor) -> Tensor:
        """Count the steps by which (N, P, 2) points miss, a mean in which some weigh more."""
        steps = (1 + (off / POINT_STEP).square()).sqrt() - 1
        weight = _POINT_WEIGHTS.to(off.device).expand_as(off)
        return (weight * steps).sum() / weight.sum()


def match(recipe: Recipe, other: Compact, sets: dict[Kind, FaceSet], device: torch.device) -> Match:
    """Match a network with one that was trained before, which answers as it was exported."""
    faces = sets.get(Kind.WARPED, sets[Kind.PHOTOGRAPH])
    scale = functional.pad(_inverse_variance(faces), (0, GAZES), value=GAZE_SPREAD**-2)
    other = other.to(device).to(memory_format=torch.channels_last).eval()
    other.reader_share = 0.0  # the head alone: the reader's answer is matched for itself
    return Match(recipe, other, scale.to(device))


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
    unseen = torch.tensor([name in PARAMETRIC_AUS for name in AU_NAMES])
    scales = [_inverse_variance(sets.get(kind, photographs)) for kind in Kind]
    # Photographs hardly show what has no teacher: its unit is that of the warped faces.
    scales[Kind.PHOTOGRAPH] = torch.where(unseen, scales[Kind.WARPED], scales[Kind.PHOTOGRAPH])
    weight = torch.where(unseen, recipe.known_weight, 1.0).repeat(len(Kind), 1)
    weight[Kind.PHOTOGRAPH, unseen] = recipe.unseen_weight
    return Loss(recipe, torch.stack(scales).to(device), weight.to(device))


def _inverse_variance(faces: FaceSet) -> Tensor:
    """Return (24,) weights that make every AU of ``faces`` count alike, but for the stillest."""
    spread = np.maximum(faces.targets.aus.std(0), LEAST_SPREAD)
    return torch.from_numpy(1 / np.square(spread)).float()
