"""Takes back a trained network's timidity: a least-squares answer moves less than its labels.

Where the correlation with the labels is r, the regression of the answer on the label has slope
r² at best: half a smile for the channels that are hardest to see. A gain for each channel, about
its mean, found on people not trained on, trades a little error for movements of full size.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import nn

from facedrive.aus import AU_INDEX
from facedrive.training.data import FaceSet
from facedrive.training.engine import Kind, predict
from facedrive.training.labels import BLIND
from facedrive.training.metrics import score
from facedrive.training.models import CHANNELS, Compact
from facedrive.training.recipe import Recipe
from facedrive.types import Vector

WANTED_SLOPE = 0.9
MOST = 1.5
"""Largest gain: beyond it a channel is noise, which would be made louder."""

SURE = 0.6
"""Correlation with the labels from which a channel gets a gain: louder guesses help nobody."""

FEWEST = 0.01
"""Standard deviation of a label below which its slope says nothing."""


def take_back_timidity(model: Compact, recipe: Recipe, seen: dict[Kind, FaceSet]) -> Vector:
    """Fold a gain for each channel into a model's last layer.

    Args:
        model: Trained; changed in place.
        recipe: Its recipe.
        seen: Photographs of people not trained on and, for the AUs that the teacher is blind
            to, moved ones.

    Returns:
        (28,) the gains of AUs and gaze.
    """
    gains, means = _measure(model, recipe, seen[Kind.PHOTOGRAPH])
    blind = [AU_INDEX[name] for name in BLIND]
    moved_gains, moved_means = _measure(model, recipe, seen[Kind.MOVED])
    gains[blind], means[blind] = moved_gains[blind], moved_means[blind]
    rows = np.arange(CHANNELS)
    rows[blind] += CHANNELS  # what the teacher is blind to follows the parametric face
    last, gain = cast(nn.Linear, model.head[-1]), torch.from_numpy(gains)
    with torch.no_grad():
        last.weight[rows] *= gain[:, None]
        last.bias[rows] = torch.from_numpy(means) * (1 - gain) + last.bias[rows] * gain
    return gains


def _measure(model: Compact, recipe: Recipe, faces: FaceSet) -> tuple[Vector, Vector]:
    """Return (28,) gains that give the wanted slopes, and the mean answers, on some faces."""
    said = np.hstack(predict(model, faces, recipe, torch.device("cpu")))
    meant = np.hstack([faces.targets.aus, faces.targets.gaze.reshape(len(faces), -1)])
    scores = score(said, meant)
    gains = np.clip(WANTED_SLOPE / np.maximum(np.nan_to_num(scores.slope), 1e-6), 1.0, MOST)
    gains[(scores.label_std < FEWEST) | (np.nan_to_num(scores.pearson) < SURE)] = 1.0
    return gains.astype(np.float32), said.mean(axis=0).astype(np.float32)
