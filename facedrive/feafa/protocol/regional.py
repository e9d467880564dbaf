"""Our answer to the paper's outlook: facial regions, what muscles move in them, and symmetry.

The face is cut into its two halves, overlapping at the middle, and one of them is mirrored: the
same weights then read both sides, so that the mirrored face has the mirrored AUs exactly. A
light stem reads each half once; each facial region has layers of its own over a fixed window of
the stem's map, and an AU is computed from the regions that its muscle moves and from no others,
so that eyes are never explained by mouths (paper, section 4.3).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from facedrive.aus import AUS
from facedrive.trackers.align import CENTRE_Y
from facedrive.training.network.network import Block

STRIDE = 8
"""Crop pixels a cell of the stem's map."""

REACH = 0.14
"""Added around each window, for the random crop moves the face by up to this much."""

OVERLAP = 0.285
"""How far a half reaches over the face's middle. Unit here and below: the distance of the outer
eye corners, as ``align.TEMPLATE``."""


class Window(NamedTuple):
    """Where a region is on the half face: x from the middle outwards, y down, as ``TEMPLATE``."""

    inner: float
    outer: float
    top: float
    bottom: float


REGIONS: dict[str, Window] = {
    "brow": Window(0.0, 0.70, -0.42, 0.06),
    "eye": Window(0.06, 0.60, -0.16, 0.20),
    "nose": Window(-0.20, 0.30, -0.10, 0.62),
    "cheek": Window(0.20, 0.85, 0.20, 0.95),
    "mouth": Window(-0.25, 0.50, 0.55, 1.05),
    "jaw": Window(-0.25, 0.70, 0.85, 1.40),
}

SIDED: dict[str, tuple[str, ...]] = {
    "eye_close": ("eye", "brow"),  # orbicularis oculi, upper lid
    "lid_raise": ("eye", "brow"),  # levator palpebrae; the brow tells it from AU2
    "brow_lower": ("brow", "eye", "nose"),  # corrugator and procerus
    "brow_raise": ("brow", "eye"),  # frontalis
    "lip_corner_pull": ("mouth", "cheek"),  # zygomaticus major
    "lip_corner_stretch": ("mouth", "cheek", "jaw"),  # risorius and platysma
}
"""Regions that each muscle of a side moves."""

SLIDES = {"jaw_slide": ("jaw", "mouth")}
"""As ``SIDED``; pterygoids: the jaw goes to one side."""

MIDDLE: dict[str, tuple[str, ...]] = {
    "jaw_drop": ("jaw", "mouth"),
    "upper_lip_suck": ("mouth", "nose"),
    "lower_lip_suck": ("mouth", "jaw"),
    "jaw_thrust": ("jaw", "mouth"),
    "upper_lip_raise": ("mouth", "nose"),  # levator labii superioris
    "lower_lip_depress": ("mouth", "jaw"),  # depressor labii inferioris
    "chin_raise": ("mouth", "jaw"),  # mentalis
    "lip_pucker": ("mouth", "cheek"),  # orbicularis oris
    "cheeks_puff": ("cheek", "mouth", "jaw"),
    "nose_wrinkle": ("nose", "brow", "eye"),  # levator labii superioris alaeque nasi
}
"""Regions that each movement without sides shows in."""

KINDS: dict[str, tuple[str, ...]] = SIDED | SLIDES | MIDDLE


def kind_of(au_name: str) -> str:
    """Return an AU's name without its side."""
    if au_name.startswith("jaw_slide"):
        return "jaw_slide"
    return au_name.removeprefix("left_").removeprefix("right_")


class RegionReader(nn.Module):
    """Layers of one region: its window of the half face's map to a vector."""

    def __init__(self, channels: int, rows: slice, columns: slice, features: int) -> None:
        super().__init__()
        self.rows, self.columns = rows, columns
        cells = (rows.stop - rows.start) * (columns.stop - columns.start)
        self.layers = nn.Sequential(
            Block(channels, channels, 1),
            nn.Conv2d(channels, 16, 1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(16 * cells, features, bias=False),
            nn.BatchNorm1d(features),
            nn.ReLU(),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Map (N, C, H, W) half faces to (N, features); places in the window are kept."""
        answer: Tensor = self.layers(maps[:, :, self.rows, self.columns])
        return answer


class Regional(nn.Module):
    """Regions of both half faces, read by the same weights, to the AUs."""

    def __init__(
        self,
        crop: int,
        pixels_a_unit: float,
        widths: tuple[int, ...] = (16, 32, 64),
        features: int = 48,
        dropout: float = 0.1,
        video_mean: bool = False,
    ) -> None:
        super().__init__()
        self.width = _whole_cells(crop / 2 + OVERLAP * pixels_a_unit, crop)
        self.stem = nn.Sequential(
            nn.Conv2d(2 if video_mean else 1, widths[0], 5, 2, 2, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
            Block(widths[0], widths[1], 2),
            Block(widths[1], widths[2], 2),
            Block(widths[2], widths[2], 1),
        )
        places = {
            name: _cells(window, crop, pixels_a_unit, self.width)
            for name, window in REGIONS.items()
        }
        self.regions = nn.ModuleDict({
            name: RegionReader(widths[2], *place, features) for name, place in places.items()
        })  # fmt: skip
        self.heads = nn.ModuleDict({
            kind: nn.Sequential(
                nn.Dropout(dropout), nn.Linear(2 * features * len(names), 32), nn.ReLU(),
                nn.Linear(32, 1),
            )
            for kind, names in KINDS.items()
        })  # fmt: skip
        for head in self.heads.values():
            # From a face at rest: random heads would first have to unlearn what they say.
            nn.init.zeros_(head[-1].weight)  # pyrefly: ignore[bad-index]
            nn.init.zeros_(head[-1].bias)  # pyrefly: ignore[bad-index]

    def forward(self, crops: Tensor) -> Tensor:
        """Map (B, C, S, S) uint8 to (B, 24) AUs; C is 2 with the mean face of the video."""
        maps = self.stem(self._halve(crops.float()))
        seen = {name: region(maps).unflatten(0, (-1, 2)) for name, region in self.regions.items()}
        answers = {kind: self._ask(kind, seen) for kind in KINDS}  # each (B, 2)
        return torch.stack([_pick(au.side, answers[kind_of(au.name)]) for au in AUS], 1).float()

    def _halve(self, crops: Tensor) -> Tensor:
        """Cut (B, C, S, S) into the subject's left and right half, (2 B, C, S, width).

        Both have the face's outside at column 0: the left half, on the picture's right, is
        mirrored.
        """
        level = even_out(crops)
        left = level.flip(3)[..., : self.width]
        both = torch.stack([left, level[..., : self.width]], 1).flatten(0, 1)
        return both.contiguous(memory_format=torch.channels_last)

    def _ask(self, kind: str, seen: dict[str, Tensor]) -> Tensor:
        """Return (B, 2): what each side, with the other beside it, says of a movement."""
        own = torch.cat([seen[name] for name in KINDS[kind]], 2)  # (B, 2, n F)
        answer: Tensor = self.heads[kind](torch.cat([own, own.flip(1)], 2))
        return answer[..., 0]


def even_out(crops: Tensor) -> Tensor:
    """Give every neighbourhood of (N, C, S, S) mean 0 and spread 1: what light does goes out.

    A neighbourhood is about 5 by 5 cells of ``STRIDE`` pixels, an eye with its brow.
    """
    mean = _surroundings(crops)
    centred = crops - mean
    spread = _surroundings(centred.square()).sqrt()
    whole = centred.square().mean(dim=(2, 3), keepdim=True).sqrt()
    return centred / (spread + 0.25 * whole + 2.0)  # so that flat skin is not all noise


def _surroundings(values: Tensor) -> Tensor:
    """Average (N, C, S, S) over neighbourhoods, smoothly."""
    coarse = functional.avg_pool2d(values, STRIDE)
    wide = functional.avg_pool2d(coarse, 5, stride=1, padding=2, count_include_pad=False)
    return functional.interpolate(wide, size=values.shape[2:], mode="bilinear", align_corners=False)


def _pick(side: str, answer: Tensor) -> Tensor:
    """Choose a side's column of (B, 2), or the mean of both for an AU without sides."""
    if side == "both":
        return answer.mean(1)
    return answer[:, 0 if side == "left" else 1]


def _cells(window: Window, crop: int, pixels_a_unit: float, half: int) -> tuple[slice, slice]:
    """Find the rows and columns of the half face's map that a window covers."""

    def place(units: float) -> float:
        return (crop / 2 + units * pixels_a_unit) / STRIDE

    top = place(window.top - CENTRE_Y - REACH)
    bottom = place(window.bottom - CENTRE_Y + REACH)
    return _slice(top, bottom, -(-crop // STRIDE)), _slice(
        place(-window.outer - REACH), place(-window.inner + REACH), -(-half // STRIDE)
    )


def _slice(start: float, stop: float, most: int) -> slice:
    first = min(max(int(start), 0), most - 1)
    return slice(first, max(min(round(stop), most), first + 1))


def _whole_cells(pixels: float, crop: int) -> int:
    """Round up to whole cells, at most the crop."""
    return min(-(-int(pixels) // STRIDE) * STRIDE, crop)
