"""Batches of augmented faces, drawn from photographs, moved photographs and rendered faces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facedrive.aus import AUS
from facedrive.training.data.faces import FaceSet, mirror_points
from facedrive.training.data.labels import rarity
from facedrive.training.data.tracked import tracked_cuts
from facedrive.training.network import augment
from facedrive.training.network.network import CHANNELS
from facedrive.training.recipe import Recipe


class Kind(IntEnum):
    """Where a face comes from: it decides which labels can be believed how far."""

    PHOTOGRAPH = 0
    MOVED = 1
    LENT = 2
    """Moved or not, in the skin of another person."""
    RENDERED = 3


class Faces(NamedTuple):
    """One kind of face to train on."""

    kind: Kind
    faces: FaceSet
    rows: int
    """In every batch."""


@dataclass(frozen=True)
class Batch:
    """Augmented faces on the training device."""

    crops: Tensor
    """(B, 1, S, S) float32, 0 to 255."""
    aus: Tensor
    gaze: Tensor
    """(B, 4) float32 radians."""
    points: Tensor
    """(B, P, 2) float32, -1 to 1 across the crop; NaN where unknown."""
    taught: Tensor
    """(B, 28) AUs and gaze by the teacher, of rendered faces; NaN where unknown."""
    kind: Tensor
    """(B,) ``Kind`` of each face."""


def batch_shares(recipe: Recipe, sets: dict[Kind, FaceSet]) -> list[Faces]:
    """Share a batch out among the kinds of faces that there are; photographs take the rest."""
    shares = {Kind.MOVED: recipe.moved.share, Kind.LENT: recipe.lent.share,
              Kind.RENDERED: recipe.rendered.share}  # fmt: skip
    rows = {kind: round(recipe.batch * shares[kind]) for kind in sets if kind in shares}
    rows[Kind.PHOTOGRAPH] = recipe.batch - sum(rows.values())
    return [Faces(kind, sets[kind], rows[kind]) for kind in sorted(sets)]


class Feeder:
    """Draws augmented batches from all kinds of faces."""

    def __init__(self, recipe: Recipe, shares: list[Faces], device: torch.device) -> None:
        self.recipe, self.device, self.shares = recipe, device, shares
        photographs = shares[0]
        self.odds = {Kind.PHOTOGRAPH: rarity(photographs.faces.targets.aus, recipe.rare)}
        self.mirror = torch.from_numpy(mirror_points(photographs.faces)).to(device)
        self.cuts = {share.kind: self._tracked(share.faces) for share in shares}
        self.steps = len(photographs.faces) // photographs.rows
        """In an epoch: as many as show the photographs once."""

    def batches(self, count: int, random: np.random.Generator) -> Iterator[Batch]:
        """Draw so many batches, each when it is asked for."""
        for _ in range(count):
            parts = [self._draw(share, random) for share in self.shares]
            columns = zip(*(vars(part).values() for part in parts), strict=True)
            yield Batch(*(torch.cat(column) for column in columns))

    def _tracked(self, faces: FaceSet) -> Tensor | None:
        """Give where the live tracker cuts every face, (N, 2, 3)."""
        if faces.tracked_px is None:
            return None
        cuts = tracked_cuts(faces.tracked_px, faces.spec, self.recipe.crop)
        return torch.from_numpy(cuts).to(self.device)

    def _cut(self, share: Faces, rows: NDArray[np.intp]) -> Tensor:
        """Choose where to cut some faces: as the teacher or as the live tracker sees them."""
        tracked, spec = self.cuts[share.kind], share.faces.spec
        plain = augment.plain_cuts(len(rows), spec, self.recipe.crop, self.device)
        if tracked is None:
            return plain
        as_live = torch.rand(len(rows), 1, 1, device=self.device) < self.recipe.augment.tracked
        return torch.where(as_live, tracked[rows], plain)

    def _draw(self, share: Faces, random: np.random.Generator) -> Batch:
        faces = share.faces
        rows = random.choice(len(faces), share.rows, p=self.odds.get(share.kind))

        def move(values: NDArray[Any]) -> Tensor:
            return torch.from_numpy(values[rows]).to(self.device)

        how, crop = self.recipe.augment, self.recipe.crop
        crops = move(faces.crops)[:, None].float()
        inside = move(faces.inside)[:, None].float()
        matrices, flips = augment.sampling_matrices(self._cut(share, rows), how)
        both = augment.warp(torch.cat([crops, inside], 1), matrices, crop.size)
        crops = augment.degrade(augment.fill_outside(both[:, :1], both[:, 1:].round()), how)
        places = (move(faces.points_px) * 2 + 1) / faces.spec.size - 1
        points = augment.warp_points(places, matrices)
        points = torch.where(flips[:, None, None], points[:, self.mirror], points)
        nothing = torch.full((len(rows), CHANNELS), torch.nan, device=self.device)
        taught = nothing if faces.taught is None else move(faces.taught)
        targets = faces.targets
        aus, gaze = augment.mirror_targets(move(targets.aus), move(targets.gaze).flatten(1), flips)
        mirrored = augment.mirror_targets(taught[:, : len(AUS)], taught[:, len(AUS) :], flips)
        kind = torch.full((len(rows),), int(share.kind), device=self.device)
        return Batch(crops, aus, gaze, points, torch.cat(mirrored, 1), kind)
