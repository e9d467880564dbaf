"""The correction that has faces rest, on the features of a finished network.

What the network says of faces in training stays, and people photographed at rest are pulled to 0.
Heads of another maker, if a recipe wants them, are pulled to the one thing that each does.
The network's own answers are the anchor, not labels: a least-squares fit to labels would take back
the size that ``gain.py`` gave movements. An answer below 0 is clipped, so it is right wherever 0 is
wanted. Smiles of people at rest are anchored as well: else all is still on pictures like theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facedrive.aus import AU_INDEX, AU_NAMES, AUS
from facedrive.errors import DataError
from facedrive.progress import track
from facedrive.training.data.faces import FaceSet, Kind
from facedrive.training.data.resting import FOLDS, RestingFaces, fold_of
from facedrive.training.network.batches import Feeder, batch_shares
from facedrive.training.network.network import Compact, RestCorrection
from facedrive.training.recipe import Recipe
from facedrive.training.run.train import BLOCK, plain_crops

ANCHORS = 32_000
"""Augmented crops of training faces whose answers are to stay. With half of them clips, which show
what photographs do not, lose a hundredth of their r."""

RESTING = 1_000
"""Augmented crops of a fold's people at rest, and as many of the same smiling."""

STEPS = 700
ANCHOR_ROWS, OTHER_ROWS = 640, 192
"""Crops a step: of those whose answers are to stay, and of each other kind."""

RATE = 3e-3
DECAY = 0.5
DROPPED = 0.1
"""Share of the hidden layer that a step does without."""

LEAST_MOVEMENT = 0.03
"""In units of its spread an AU's error counts: of one that hardly shows, in units of this."""

WEIGHTS: dict[str, float] = {
    "left_brow_raise": 0.15, "right_brow_raise": 0.15, "left_brow_lower": 0.05,
    "right_brow_lower": 0.05, "chin_raise": 0.2, "lip_pucker": 0.3,
    "left_lip_corner_pull": 0.2, "right_lip_corner_pull": 0.2, "upper_lip_suck": 0.05,
    "lower_lip_suck": 0.05, "jaw_thrust": 0.5, "nose_wrinkle": 0.5,
}  # fmt: skip
"""Of rest beside the anchor: what takes more than it gives is held back. Chosen on people who were
left out of the fit, and on validation people's photographs."""

WEIGHT = 0.1
"""Of any other AU."""

HARDLY = 0.1
HARDLY_OF_HEADS = ("left_lid_raise", "right_lid_raise", "lower_lip_depress")
"""What heads of another maker show in their own way: they count less for these."""

SMILING = 0.3
"""Of smiling people beside those at rest."""

LIDS = ("left_eye_close", "right_eye_close", "left_lid_raise", "right_lid_raise")
"""Whose own rest stays."""

WITH_A_SMILE = (
    *LIDS, "jaw_drop", "left_lip_corner_pull", "right_lip_corner_pull", "left_lip_corner_stretch",
    "right_lip_corner_stretch", "jaw_thrust", "upper_lip_raise", "lower_lip_depress",
    "nose_wrinkle",
)  # fmt: skip
"""What may show when somebody smiles; the rest of the face is at rest then, too."""

LEAST_SPREAD = 0.05
"""Of evidence: what hardly varies would else be made much of."""


class Part(NamedTuple):
    """Crops of one kind, and what is wanted of them."""

    evidence: Tensor
    """(N, M) in units of its own spread."""
    aus: Tensor
    """(N, 24) the network's answers, not clipped, without any correction."""
    wanted: Tensor
    """(N, 24) from 0."""
    weights: Tensor
    """(24,) how much these crops count for each AU."""

    def wrong(self, layer: RestCorrection, count: int) -> Tensor:
        """Draw some crops; return by how much their answers are wrong with a layer, (count, 24)."""
        rows = torch.randint(len(self.aus), (count,))
        inside = functional.relu(layer.hidden(self.evidence[rows]))
        said = self.aus[rows] + layer.answer(functional.dropout(inside, DROPPED))
        wanted = self.wanted[rows]
        fine = (wanted <= 0) & (said < 0)
        return torch.where(fine, 0.0, said - wanted)


class RestFit:
    """Fits corrections to one network: by all people and heads, or without a fold of them."""

    def __init__(self, model: Compact, recipe: Recipe, sets: dict[Kind, FaceSet],
                 people: RestingFaces, avatars: FaceSet | None = None) -> None:  # fmt: skip
        """Look at the faces whose answers are to stay, and at those that have others to give.

        Args:
            model: Trained, on the CPU.
            recipe: Its own.
            sets: What it was trained on.
            people: At rest and smiling.
            avatars: Heads of another maker, each doing one thing at a time.

        Raises:
            DataError: if there are too few of them.
        """
        self._model = model
        self._seed = recipe.seed
        nn.init.zeros_(model.correction.answer.weight)
        nn.init.zeros_(model.correction.answer.bias)
        evidence, aus = _look(model, _drawn(recipe, sets, ANCHORS))
        self._mean, self._spread = evidence.mean(0), evidence.std(0).clamp(min=LEAST_SPREAD)
        everywhere = torch.ones(len(AUS))
        self._anchor = Part(self._scaled(evidence), aus, aus.clamp(0, 1), everywhere)
        alone = replace(recipe, rare=0.0)
        self._folds = [
            [self._people(alone, people.of(fold, smiling=smiling), smiling)
             for smiling in (False, True)]
            for fold in track(range(FOLDS), "fold", "looking at people at rest", FOLDS)
        ]  # fmt: skip
        if avatars is not None:
            folds = fold_of(avatars.person)
            if len(np.unique(folds)) < FOLDS:
                raise DataError("there are too few heads of another maker; "
                                f"the fit needs {FOLDS} or more, or avatars = 0.")  # fmt: skip
            for fold, parts in enumerate(self._folds):
                parts.append(self._heads(recipe, avatars.select(folds == fold)))

    def _scaled(self, evidence: Tensor) -> Tensor:
        return (evidence - self._mean) / self._spread

    def _people(self, recipe: Recipe, faces: FaceSet, smiling: bool) -> Part:
        crops = _drawn(recipe, {Kind.PHOTOGRAPH: faces}, RESTING)
        evidence, aus = _look(self._model, crops)
        wanted, staying = torch.zeros_like(aus), WITH_A_SMILE if smiling else LIDS
        stays = [AU_INDEX[name] for name in staying]
        wanted[:, stays] = aus[:, stays].clamp(0, 1)
        weights = torch.tensor([WEIGHTS.get(name, WEIGHT) for name in AU_NAMES])
        return Part(self._scaled(evidence), aus, wanted, weights * (SMILING if smiling else 1.0))

    def _heads(self, recipe: Recipe, faces: FaceSet) -> Part:
        """What is on goes to its level, rest to rest; what else a head shows meanwhile stays."""
        evidence, aus = _look(self._model, _plain(recipe, faces))
        levels, at_rest = (torch.from_numpy(each)
                           for each in (faces.targets.aus, faces.targets.at_rest))  # fmt: skip
        wanted = torch.where((levels > 0) | at_rest[:, None], levels, aus.clamp(0, 1))
        share = [HARDLY if name in HARDLY_OF_HEADS else 1.0 for name in AU_NAMES]
        return Part(self._scaled(evidence), aus, wanted, recipe.avatars * torch.tensor(share))

    def fit(self, without: int | None = None) -> None:
        """Set the network's correction by all people and heads but those of a fold."""
        folds = [parts for fold, parts in enumerate(self._folds) if fold != without]
        others = [_join(parts) for parts in zip(*folds, strict=True)]
        fitted = learn([self._anchor, *others], self._seed)
        self._model.correction.take(fitted, self._mean, self._spread)


def _join(parts: Sequence[Part]) -> Part:
    """Make one of several parts of one kind."""
    evidence, aus, wanted, _ = zip(*parts, strict=True)
    return Part(torch.cat(evidence), torch.cat(aus), torch.cat(wanted), parts[0].weights)


def learn(parts: Sequence[Part], seed: int) -> RestCorrection:
    """Return the layer whose answers are nearest to what all parts want.

    Args:
        parts: First the crops whose answers are to stay.
        seed: For the same layer each time.
    """
    torch.manual_seed(seed)
    anchor, *others = parts
    spread = anchor.wanted.std(0).clamp(min=LEAST_MOVEMENT)
    layer = RestCorrection(anchor.evidence.shape[1], len(AUS)).requires_grad_(requires_grad=True)
    optimiser = torch.optim.AdamW(layer.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=STEPS)
    for _ in range(STEPS):
        wrong = [anchor.wrong(layer, ANCHOR_ROWS)]
        wrong += [part.wrong(layer, OTHER_ROWS) for part in others]
        errors = [part.weights * (each / spread).square().mean(0)
                  for part, each in zip(parts, wrong, strict=True)]  # fmt: skip
        loss = torch.stack(errors).mean(1).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return layer.requires_grad_(requires_grad=False)


def _drawn(recipe: Recipe, sets: dict[Kind, FaceSet], count: int) -> Iterator[Tensor]:
    """Draw augmented crops as for training."""
    feeder = Feeder(recipe, batch_shares(recipe, sets), torch.device("cpu"))
    feeder.steps = -(-count // recipe.batch)
    torch.manual_seed(recipe.seed)
    return (batch.crops for batch in feeder.batches(0, 0, np.random.default_rng(recipe.seed)))


def _plain(recipe: Recipe, faces: FaceSet) -> Iterator[Tensor]:
    """Cut the middle of every face."""
    blocks = np.array_split(np.arange(len(faces)), -(-len(faces) // BLOCK))
    return (plain_crops(faces, rows, recipe) for rows in blocks)


@torch.no_grad()
def _look(model: Compact, crops: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Show blocks of crops; return the (N, M) evidence and the (N, 24) answers."""
    model.eval()
    evidence: list[Tensor] = []
    aus: list[Tensor] = []
    for block in crops:
        answer = model(block.contiguous(memory_format=torch.channels_last))
        evidence.append(answer.evidence)
        aus.append(answer.combine()[0])
    return torch.cat(evidence), torch.cat(aus)
