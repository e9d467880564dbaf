"""Batches of augmented faces: what tracking, cameras and rooms do to a crop, and to its labels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from facedrive.aus import AUS, MIRROR
from facedrive.training.data.faces import FaceSet, Kind, mirror_points
from facedrive.training.data.labels import rarity
from facedrive.training.data.tracked import tracked_cuts
from facedrive.training.network.network import CHANNELS
from facedrive.training.recipe import Augment, Recipe
from facedrive.types import CropSpec


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
    shares = {Kind.WARPED: recipe.warped.share, Kind.TRANSFERRED: recipe.transferred.share,
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
        self.cuts = {share.kind: self._cuts(share) for share in shares}
        """Where crops are cut: the plain middle for a batch's rows, as live for all faces."""
        self.steps = len(photographs.faces) // photographs.rows
        """In an epoch: as many as show the photographs once."""

    def _cuts(self, share: Faces) -> tuple[Tensor, Tensor | None]:
        faces = share.faces
        plain = plain_cuts(share.rows, faces.spec, self.recipe.crop, self.device)
        if faces.tracked_px is None:
            return plain, None
        cuts = tracked_cuts(faces.tracked_px, faces.spec, self.recipe.crop)
        return plain, torch.from_numpy(cuts).to(self.device)

    def batches(self, epoch: int, step: int, random: np.random.Generator) -> Iterator[Batch]:
        """Draw the batches of an epoch from some step on, each when it is asked for."""
        for _ in range(step, self.steps):
            parts = [self._draw(share, random) for share in self.shares]
            columns = zip(*(vars(part).values() for part in parts), strict=True)
            yield Batch(*(torch.cat(column) for column in columns))

    def _draw(self, share: Faces, random: np.random.Generator) -> Batch:
        faces, how, targets = share.faces, self.recipe.augment, share.faces.targets
        rows = random.choice(faces.crops.shape[0], share.rows, p=self.odds.get(share.kind))
        arrays = (faces.crops, faces.inside, faces.points_px, targets.aus, targets.gaze)
        crops, inside, points, aus, gaze = (
            torch.from_numpy(values[rows]).to(self.device) for values in arrays
        )
        taught = torch.full((share.rows, CHANNELS), torch.nan, device=self.device)
        if faces.taught is not None:
            taught = torch.from_numpy(faces.taught[rows]).to(self.device)
        cuts, as_live = self.cuts[share.kind]
        if as_live is not None:
            chosen = torch.rand(share.rows, 1, 1, device=self.device) < how.tracked
            cuts = torch.where(chosen, as_live[rows], cuts)
        matrices, flips = sampling_matrices(cuts, how)
        both = torch.stack([crops, inside], 1).float()
        both = warp(both, matrices, self.recipe.crop.size)
        seen = relight(fill_outside(both[:, :1], both[:, 1:].round()), how)
        seen = obscure(change_detail(seen, how), how)
        points = warp_points((points * 2 + 1) / faces.spec.size - 1, matrices)
        points = torch.where(flips[:, None, None], points[:, self.mirror], points)
        scores = mirror_scores(torch.cat([aus, gaze.flatten(1)], 1), flips)
        kind = torch.full((share.rows,), int(share.kind), device=self.device)
        return Batch(seen, scores[:, : len(AUS)], scores[:, len(AUS) :], points,
                     mirror_scores(taught, flips), kind)  # fmt: skip


def plain_cuts(count: int, source: CropSpec, target: CropSpec, device: torch.device) -> Tensor:
    """Return (N, 2, 3) matrices that cut ``target`` out of the middle of ``source``."""
    zoom = target.span / source.span
    middle = torch.tensor([[zoom, 0.0, 0.0], [0.0, zoom, 0.0]], device=device)
    return middle.expand(count, 2, 3)


def sampling_matrices(cuts: Tensor, how: Augment) -> tuple[Tensor, Tensor]:
    """Shift, turn and scale cuts, and mirror some.

    Args:
        cuts: (N, 2, 3) from target to source places, both -1..1 from edge to edge.
        how: How far.

    Returns:
        (N, 2, 3) the same displaced, and (N,) which are flipped.
    """
    count = len(cuts)
    zoom = 1 + _uniform(count, how.scale, cuts)
    turn = _uniform(count, how.turn_rad, cuts)
    stretch = 1 + _uniform(count, how.stretch, cuts)
    flips = torch.rand(count, device=cuts.device) < how.flip
    sign = 1 - 2 * flips.float()
    cos, sin = torch.cos(turn) * zoom, torch.sin(turn) * zoom
    rows = torch.stack([
        cos * sign * stretch, -sin, _uniform(count, 2 * how.shift, cuts),
        sin * sign * stretch, cos, _uniform(count, 2 * how.shift, cuts),
    ], dim=1)  # fmt: skip
    both = cuts[:, :, :2] @ rows.view(-1, 2, 3)
    return torch.cat([both[:, :, :2], both[:, :, 2:] + cuts[:, :, 2:]], dim=2), flips


def _uniform(count: int, spread: float, like: Tensor) -> Tensor:
    return (torch.rand(count, device=like.device) * 2 - 1) * spread


def warp(crops: Tensor, matrices: Tensor, size: int) -> Tensor:
    """Sample (N, C, S, S) floats at (N, 2, 3) matrices into (N, C, size, size)."""
    shape = [len(crops), crops.shape[1], size, size]
    grid = functional.affine_grid(matrices, shape, align_corners=False)
    return functional.grid_sample(
        crops, grid, mode="bilinear", padding_mode="border", align_corners=False
    )


def warp_points(points: Tensor, matrices: Tensor) -> Tensor:
    """Take (N, P, 2) source places, -1..1, to target places of the same matrices."""
    turn, shift = matrices[:, :, :2], matrices[:, :, 2]
    warped: Tensor = (points - shift[:, None]) @ torch.linalg.inv(turn).transpose(1, 2)
    return warped


def mirror_scores(scores: Tensor, flips: Tensor) -> Tensor:
    """Swap left and right of (N, 28) AUs and gaze where ``flips``."""
    mirror = torch.cat([torch.as_tensor(MIRROR), len(AUS) + torch.tensor([2, 3, 0, 1])])
    sign = torch.ones(CHANNELS, device=scores.device)
    sign[[len(AUS) + 1, len(AUS) + 3]] = -1  # yaw
    return torch.where(flips[:, None], scores[:, mirror.to(scores.device)] * sign, scores)


def fill_outside(crops: Tensor, inside: Tensor) -> Tensor:
    """Put something else where the photograph ends, so that its edge teaches nothing."""
    count = len(crops)
    level = torch.rand(count, 1, 1, 1, device=crops.device) * 220 + 10
    neighbour = torch.roll(crops, 1, 0)
    kind = torch.rand(count, 1, 1, 1, device=crops.device)
    filling = torch.where(kind < 0.4, crops, torch.where(kind < 0.7, level, neighbour))
    return crops * inside + filling * (1 - inside)


def relight(crops: Tensor, how: Augment) -> Tensor:
    """Vary exposure, contrast, gamma and the side the light comes from; 0..255 in and out."""
    spreads = (math.pi, how.gamma, how.shade, how.contrast, 20 * how.contrast)
    angle, gamma, shade, contrast, exposure = (
        _uniform(len(crops), spread, crops).view(-1, 1, 1, 1) for spread in spreads
    )
    ramp = torch.linspace(-1, 1, crops.shape[-1], device=crops.device)
    side = torch.cos(angle) * ramp.view(1, 1, 1, -1) + torch.sin(angle) * ramp.view(1, 1, -1, 1)
    lit = (crops / 255).clamp(1e-3, 1) ** torch.exp(gamma)
    lit = lit * torch.exp(shade * side) * torch.exp(contrast)
    return (lit * 255 + exposure).clamp(0, 255)


def change_detail(crops: Tensor, how: Augment) -> Tensor:
    """Take resolution from a share of (N, 1, S, S) crops, and sharpen a share of them.

    The first are halved, or smeared along one axis. Sharpening adds up to one and a half times what
    a blur takes.
    """
    kind = torch.rand(len(crops), device=crops.device) / max(how.blur, 1e-9)
    coarse, smeared = kind < 0.6, (kind >= 0.6) & (kind < 1)
    changed = crops.clone()
    small = functional.avg_pool2d(crops[coarse], 2)
    changed[coarse] = functional.interpolate(
        small, scale_factor=2, mode="bilinear", align_corners=False
    )
    changed[smeared] = functional.avg_pool2d(crops[smeared], (1, 5), stride=1, padding=(0, 2))
    chosen = torch.rand(len(crops), device=crops.device) < how.sharpen
    plain = changed[chosen]
    amount = torch.rand(len(plain), 1, 1, 1, device=crops.device) * 1.5
    blurred = functional.avg_pool2d(plain, 3, 1, 1, count_include_pad=False)
    changed[chosen] = (plain + amount * (plain - blurred)).clamp(0, 255)
    return changed


def obscure(crops: Tensor, how: Augment) -> Tensor:
    """Cover a rectangle of a share of the crops with a flat grey, and add noise to all."""
    count, size = len(crops), crops.shape[-1]
    chosen = torch.rand(count, device=crops.device) < how.occlude
    covered = crops[chosen]
    place = torch.arange(size, device=crops.device)
    spans = []
    for _ in range(2):
        start = torch.rand(len(covered), 1, device=crops.device) * size
        length = size * (0.08 + 0.22 * torch.rand(len(covered), 1, device=crops.device))
        spans.append((place >= start) & (place < start + length))
    patch = spans[0][:, None, :, None] & spans[1][:, None, None, :]
    level = torch.rand(len(covered), 1, 1, 1, device=crops.device) * 255
    changed = crops.clone()
    changed[chosen] = torch.where(patch, level, covered)
    deviation = torch.rand(count, 1, 1, 1, device=crops.device) * how.noise
    return (changed + torch.randn_like(changed) * deviation).clamp(0, 255)
