"""Augmentation of whole batches on any device: what tracking, cameras and rooms do to a crop."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from facedrive.aus import MIRROR
from facedrive.types import CropSpec


@dataclass(frozen=True)
class Augment:
    """How strongly each thing varies; zeros leave the plain centre crop."""

    tracked: float = 0.6
    """Share of the crops that lie where the live tracker would cut them."""
    turn_rad: float = 0.1
    scale: float = 0.1
    shift: float = 0.04
    """Of the crop's side."""
    stretch: float = 0.03
    flip: float = 0.5
    contrast: float = 0.25
    gamma: float = 0.3
    shade: float = 0.4
    """Strength of a light from one side."""
    blur: float = 0.25
    """Share of the crops that lose resolution."""
    sharpen: float = 0.2
    """Share of the crops whose edges stand out, as webcams make them."""
    noise: float = 8.0
    """Largest standard deviation of sensor noise, grey levels."""
    occlude: float = 0.12
    """Share of the crops with a patch covered."""


def _uniform(count: int, spread: float, like: Tensor) -> Tensor:
    return (torch.rand(count, device=like.device) * 2 - 1) * spread


def plain_cuts(count: int, source: CropSpec, target: CropSpec, device: torch.device) -> Tensor:
    """Return (N, 2, 3) matrices that cut ``target`` out of the middle of ``source``."""
    zoom = target.span / source.span
    middle = torch.tensor([[zoom, 0.0, 0.0], [0.0, zoom, 0.0]], device=device)
    return middle.expand(count, 2, 3)


def sampling_matrices(cuts: Tensor, how: Augment) -> tuple[Tensor, Tensor]:
    """Move cuts about and mirror some.

    Args:
        cuts: (N, 2, 3) from target to source places, both -1..1 from edge to edge.
        how: How far.

    Returns:
        (N, 2, 3) the same moved, and (N,) which are flipped.
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
    moved = cuts[:, :, :2] @ rows.view(-1, 2, 3)
    return torch.cat([moved[:, :, :2], moved[:, :, 2:] + cuts[:, :, 2:]], dim=2), flips


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
    moved: Tensor = (points - shift[:, None]) @ torch.linalg.inv(turn).transpose(1, 2)
    return moved


def mirror_targets(aus: Tensor, gaze: Tensor, flips: Tensor) -> tuple[Tensor, Tensor]:
    """Swap left and right of (N, 24) AUs and (N, 4) gaze where ``flips``."""
    mirror = torch.as_tensor(MIRROR, device=aus.device)
    turned = gaze[:, [2, 3, 0, 1]] * torch.tensor([1.0, -1.0, 1.0, -1.0], device=gaze.device)
    return torch.where(flips[:, None], aus[:, mirror], aus), torch.where(
        flips[:, None], turned, gaze
    )


def fill_outside(crops: Tensor, inside: Tensor) -> Tensor:
    """Put something else where the photograph ends, so that its edge teaches nothing."""
    count = len(crops)
    level = torch.rand(count, 1, 1, 1, device=crops.device) * 220 + 10
    neighbour = torch.roll(crops, 1, 0)
    kind = torch.rand(count, 1, 1, 1, device=crops.device)
    filling = torch.where(kind < 0.4, crops, torch.where(kind < 0.7, level, neighbour))
    return crops * inside + filling * (1 - inside)


def change_light(crops: Tensor, how: Augment) -> Tensor:
    """Vary exposure, contrast, gamma and the side the light comes from; 0..255 in and out."""
    count = len(crops)

    def draw(spread: float) -> Tensor:
        return _uniform(count, spread, crops).view(-1, 1, 1, 1)

    size = crops.shape[-1]
    ramp = torch.linspace(-1, 1, size, device=crops.device)
    angle = draw(math.pi)
    side = torch.cos(angle) * ramp.view(1, 1, 1, -1) + torch.sin(angle) * ramp.view(1, 1, -1, 1)
    lit = (crops / 255).clamp(1e-3, 1) ** torch.exp(draw(how.gamma))
    lit = lit * torch.exp(draw(how.shade) * side) * torch.exp(draw(how.contrast))
    return (lit * 255 + draw(20 * how.contrast)).clamp(0, 255)


def lose_resolution(crops: Tensor, share: float) -> Tensor:
    """Halve the resolution or smear along one axis for a share of the crops."""
    kind = torch.rand(len(crops), device=crops.device) / max(share, 1e-9)
    coarse, smeared = kind < 0.6, (kind >= 0.6) & (kind < 1)
    changed = crops.clone()
    small = functional.avg_pool2d(crops[coarse], 2)
    changed[coarse] = functional.interpolate(
        small, scale_factor=2, mode="bilinear", align_corners=False
    )
    changed[smeared] = functional.avg_pool2d(crops[smeared], (1, 5), stride=1, padding=(0, 2))
    return changed


def sharpen(crops: Tensor, share: float) -> Tensor:
    """Add to a share of the crops up to one and a half times what a blur takes from them."""
    chosen = torch.rand(len(crops), device=crops.device) < share
    plain = crops[chosen]
    amount = torch.rand(len(plain), 1, 1, 1, device=crops.device) * 1.5
    blurred = functional.avg_pool2d(plain, 3, 1, 1, count_include_pad=False)
    changed = crops.clone()
    changed[chosen] = (plain + amount * (plain - blurred)).clamp(0, 255)
    return changed


def occlude(crops: Tensor, share: float) -> Tensor:
    """Cover one rectangle of a share of the crops with a flat grey."""
    chosen = torch.rand(len(crops), device=crops.device) < share
    covered_crops = crops[chosen]
    count, size = len(covered_crops), crops.shape[-1]
    place = torch.arange(size, device=crops.device)

    def span() -> Tensor:
        start = torch.rand(count, 1, device=crops.device) * size
        length = size * (0.08 + 0.22 * torch.rand(count, 1, device=crops.device))
        return (place >= start) & (place < start + length)

    patch = span()[:, None, :, None] & span()[:, None, None, :]
    level = torch.rand(count, 1, 1, 1, device=crops.device) * 255
    changed = crops.clone()
    changed[chosen] = torch.where(patch, level, covered_crops)
    return changed


def degrade(crops: Tensor, how: Augment) -> Tensor:
    """Apply light, resolution, sharpness, occlusion and noise to (N, 1, S, S) floats, 0..255."""
    crops = sharpen(lose_resolution(change_light(crops, how), how.blur), how.sharpen)
    crops = occlude(crops, how.occlude)
    deviation = torch.rand(len(crops), 1, 1, 1, device=crops.device) * how.noise
    return (crops + torch.randn_like(crops) * deviation).clamp(0, 255)
