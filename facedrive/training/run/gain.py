"""Last adjustments of a trained network, on people not trained on: full movements, still rest.

A least-squares answer moves less than its labels: where the correlation is r, the regression of
the answer on the label has slope r² at best, half a smile for the channels that are hardest to
see. A gain for each channel, about its mean, trades a little error for movements of full size. It
lies halfway between what photographs ask for, which are as a camera took them, and what warped
faces do, in their own and in other skin, among which rare movements are oftener. Left and right
share theirs: the network was taught that a mirrored face is as likely, and what few faces show is
measured on twice as many.

An AU that no photograph teaches rises a little on many faces at rest, which differ in how full
their cheeks are and how far their chins stand out. It is lowered until few of them show it; what
then lies below 0 is 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from facedrive.aus import AU_INDEX, AUS, MIRROR
from facedrive.stats.metrics import score
from facedrive.training.data.faces import FaceSet, Kind
from facedrive.training.data.labels import PARAMETRIC_AUS
from facedrive.training.evaluation.crosstalk import neutral_faces, smiling_faces
from facedrive.training.network.network import CHANNELS, Compact
from facedrive.training.recipe import Recipe
from facedrive.training.run.train import predict
from facedrive.types import Vector

WANTED_SLOPE = 1.0
"""Of the regression of the answer on the label."""

MOST = 1.5
"""Largest gain: beyond it a channel is noise, which would be made louder."""

SURE = 0.6
"""Correlation with the labels from which a channel gets a gain: louder guesses help nobody."""

FEWEST = 0.01
"""Standard deviation of a label below which its slope says nothing."""

CALM = 0.06
"""What 95 % of the resting faces may show of an AU that no photograph teaches: less than is wanted
of others, who may show more than the people whom it is set on."""

LOWEST = 0.15
"""Most that such an AU is lowered for it: of a weak movement more would be lost than won."""


def take_back_timidity(model: Compact, recipe: Recipe, seen: dict[Kind, FaceSet]) -> Vector:
    """Fold a gain for each channel into a model's last layers.

    Args:
        model: Trained; changed in place.
        recipe: Its recipe.
        seen: Faces of people not trained on, of every kind. Photographs, which do not show the
            AUs of ``PARAMETRIC_AUS``, say nothing of them.

    Returns:
        (28,) the gains of AUs and gaze.
    """
    bent = [faces for kind, faces in seen.items() if kind != Kind.PHOTOGRAPH]
    gains, means = _measure(model, recipe, bent)
    still_gains, still_means = _measure(model, recipe, [seen[Kind.PHOTOGRAPH]])
    shown = [row for row in range(CHANNELS) if row not in _PARAMETRIC]
    gains[shown] = (gains[shown] + still_gains[shown]) / 2
    means[shown] = still_means[shown]
    rows = np.arange(CHANNELS)
    rows[_PARAMETRIC] += CHANNELS
    gain, offset = torch.ones(2 * CHANNELS), torch.zeros(2 * CHANNELS)
    gain[rows] = torch.from_numpy(gains)
    offset[rows] = torch.from_numpy(means * (1 - gains))
    model.adjust(gain, offset)
    return gains


def calm(model: Compact, recipe: Recipe, crowds: Sequence[FaceSet]) -> Vector:
    """Lower the AUs that no photograph teaches until faces at rest hardly show them.

    Args:
        model: Trained; changed in place.
        recipe: Its recipe.
        crowds: Faces that are not bent: of people not trained on, who are few, and of those
            trained on, who may rest too well. The crowd that shows more of an AU decides.

    Returns:
        How far each AU of ``PARAMETRIC_AUS`` was lowered, in its order.
    """
    shown = np.max([_shown_at_rest(model, recipe, faces) for faces in crowds], axis=0)
    lowered = np.clip(shown - CALM, 0, LOWEST)
    offset = torch.zeros(2 * CHANNELS)
    offset[[CHANNELS + row for row in _PARAMETRIC]] = -torch.from_numpy(lowered).float()
    model.adjust(torch.ones_like(offset), offset)
    return np.asarray(lowered, np.float32)


_PARAMETRIC = [AU_INDEX[name] for name in PARAMETRIC_AUS]
"""Answered by the parametric face's half of the last layer."""


def unbent(faces: FaceSet) -> FaceSet:
    """Leave out the faces that were made to do what no photograph teaches."""
    return faces.select((faces.targets.aus[:, _PARAMETRIC] == 0).all(axis=1))


def _shown_at_rest(model: Compact, recipe: Recipe, faces: FaceSet) -> Vector:
    """Return how much of ``PARAMETRIC_AUS`` 95 % of the resting faces show at most; 0 of none."""
    labels = faces.targets.aus
    resting = faces.select(neutral_faces(labels) | smiling_faces(labels))
    if not len(resting):
        return np.zeros(len(_PARAMETRIC), np.float32)
    said, _ = predict(model, resting, recipe, torch.device("cpu"))
    return np.asarray(np.percentile(said[:, _PARAMETRIC], 95, axis=0), np.float32)


_OTHER_SIDE = np.concatenate([MIRROR, len(AUS) + np.array([2, 3, 0, 1])])
"""Channels of the mirrored face, but for the sign of yaw."""


def _measure(model: Compact, recipe: Recipe, seen: Sequence[FaceSet]) -> tuple[Vector, Vector]:
    """Return (28,) gains that give the wanted slopes, and the mean answers, on some faces."""
    said = np.vstack([np.hstack(predict(model, faces, recipe, torch.device("cpu")))
                      for faces in seen])  # fmt: skip
    meant = np.vstack([np.hstack([faces.targets.aus, faces.targets.gaze.reshape(len(faces), -1)])
                       for faces in seen])  # fmt: skip
    scores = score(*(np.vstack([each, each[:, _OTHER_SIDE]]) for each in (said, meant)))
    gains = np.clip(WANTED_SLOPE / np.maximum(np.nan_to_num(scores.slope), 1e-6), 1.0, MOST)
    gains[(scores.label_std < FEWEST) | (np.nan_to_num(scores.pearson) < SURE)] = 1.0
    return gains.astype(np.float32), said.mean(axis=0).astype(np.float32)
