"""The networks: aligned gray crops in, 24 AUs and gaze out."""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from facedrive.aus import AU_NAMES, AUS
from facedrive.extras import EXTRA_NAMES
from facedrive.trackers.landmarks import MEDIAPIPE_TO_68
from facedrive.training.data.labels import PARAMETRIC_AUS
from facedrive.training.network.mesh import READ, Geometry, Reader

GAZES = 4
"""Left pitch, left yaw, right pitch, right yaw."""

CHANNELS = len(AUS) + GAZES

TAUGHT = torch.tensor([name not in PARAMETRIC_AUS for name in AU_NAMES] + [True] * GAZES)
"""(28,) channels in which the answer is the teacher's."""


class Answer(NamedTuple):
    """What the network says of N faces."""

    taught: Tensor
    """(N, 28) AUs and gaze as the teacher scores them."""
    parametric: Tensor
    """(N, 28) AUs and gaze as the parametric face defines them."""
    points: Tensor
    """(N, P, 2) mesh points from -1 to 1 across the crop."""
    read: Tensor
    """(N, 28) what the reader makes of these points; outside training ``taught`` has its share."""
    features: Tensor
    """(N, F) what is left of the picture where all answers are made."""
    presence: Tensor
    """(N,) how surely the crop shows a face, placed well: above 0 it rather does."""
    extras: Tensor
    """(N, E) the extras, in the order of ``EXTRA_NAMES``."""
    evidence: Tensor
    """(N, M) what corrections are made of: features, mesh, and the head's inside."""

    def combine(self, known: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Make one opinion of two: (N, 24) AUs, unclipped, and (N, 4) gaze in radians.

        The parametric face and the teacher mean different things by an AU: on rendered faces
        the teacher's jaw drop correlates 0.9 with the truth, its lip depress 0.2. One channel
        that had to please both would please neither. What the teacher does not see, or hardly,
        always follows the parametric face.

        Args:
            known: (N, 1) bool, faces that the parametric face's opinion is wanted of for every
                channel; None for none. No network can tell them itself: one that had learnt to
                took real faces for rendered ones, some of them in every second frame.
        """
        theirs = TAUGHT.to(self.taught.device)
        theirs = theirs if known is None else theirs & ~known
        both = torch.where(theirs, self.taught, self.parametric)
        return both[:, : len(AUS)], both[:, len(AUS) :]


class Block(nn.Module):
    """Two 3x3 convolutions with a shortcut (He et al. 2016), which pools where it halves."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride) if stride > 1 else nn.Identity(),
                nn.Conv2d(inputs, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        hidden = functional.relu6(self.first_norm(self.first(inputs)))
        return functional.relu6(self.second_norm(self.second(hidden)) + self.shortcut(inputs))

    def merge_pool(self) -> None:
        """Make one convolution of the shortcut's pool and mixture: the same, sooner on a CPU."""
        side = self.first.stride[0]
        if side == 1:
            return
        _, mix, norm = cast(nn.Sequential, self.shortcut)
        assert isinstance(mix, nn.Conv2d)
        merged = nn.Conv2d(mix.in_channels, mix.out_channels, side, side, bias=False)
        with torch.no_grad():
            merged.weight.copy_(mix.weight.expand_as(merged.weight) / side**2)
        self.shortcut = nn.Sequential(nn.Identity(), merged, norm)  # named as before


class SecondLook(nn.Module):
    """Moves mesh points by what a fine map shows where they were placed.

    The second step of a cascade (Xiong and De la Torre 2013): seen from where its points are
    thought to be every face stands still, and how far they miss is nearly a linear matter.
    Without effect until it is trained.
    """

    def __init__(self, inputs: int, points: int, channels: int = 16, features: int = 160) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(inputs, channels, 1)
        self.features = nn.Sequential(
            nn.Linear(len(READ) * channels, features), nn.LayerNorm(features), nn.ReLU6()
        )
        self.shift = nn.Linear(features, points * 2)
        nn.init.zeros_(self.shift.weight)
        nn.init.zeros_(self.shift.bias)

    def forward(self, fine: Tensor, points: Tensor) -> Tensor:
        """Give by how much (N, P, 2) points miss on (N, inputs, H, W) maps, (N, P, 2)."""
        places = points[:, READ, None].detach()
        seen = functional.grid_sample(
            self.narrow(fine), places, padding_mode="border", align_corners=False
        )
        shift: Tensor = self.shift(self.features(seen.flatten(1)))
        return shift.view(-1, points.shape[1], 2)


class Presence(nn.Module):
    """Says of a network's features whether they are a face's; fitted when all else is done."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(features, 48)
        self.answer = nn.Linear(48, 1)
        self.requires_grad_(requires_grad=False)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, F) features to (N,) log odds."""
        answer: Tensor = self.answer(functional.relu(self.hidden(features)))
        return answer[:, 0]


class Correction(nn.Module):
    """Adds to the extras what the mesh alone does not say, linear in what answers are made of.

    Fitted when all else is done (``run/heads.py``), and without effect until then.
    """

    def __init__(self, inputs: int, answers: int) -> None:
        super().__init__()
        self.answer = nn.Linear(inputs, answers)
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(self.answer.bias)
        self.requires_grad_(requires_grad=False)

    def forward(self, evidence: Tensor) -> Tensor:
        """Map (N, inputs) to (N, answers)."""
        answer: Tensor = self.answer(evidence)
        return answer

    @torch.no_grad()
    def take(self, solution: Tensor, mean: Tensor, spread: Tensor) -> None:
        """Take an (inputs + 1, answers) solution for evidence less its mean, by its spread."""
        weight = solution[:-1] / spread[:, None]
        self.answer.weight.copy_(weight.T)
        self.answer.bias.copy_(solution[-1] - mean @ weight)


class RestCorrection(nn.Module):
    """Adds to the AUs what has faces rest, made of the same evidence (``run/rest.py``).

    It looks twice: a single layer takes from other faces what it takes from those at rest.
    """

    def __init__(self, inputs: int, answers: int, units: int = 48) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, units)
        self.answer = nn.Linear(units, answers)
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(self.answer.bias)
        self.requires_grad_(requires_grad=False)

    def forward(self, evidence: Tensor) -> Tensor:
        """Map (N, inputs) to (N, answers)."""
        answer: Tensor = self.answer(functional.relu(self.hidden(evidence)))
        return answer

    @torch.no_grad()
    def take(self, fitted: RestCorrection, mean: Tensor, spread: Tensor) -> None:
        """Take one that was fitted to evidence less its mean, by its spread."""
        self.load_state_dict(fitted.state_dict())
        self.hidden.weight.div_(spread)
        self.hidden.bias.sub_(self.hidden.weight @ mean)


HEADS = ("presence.", "extras.", "correction.", "extras_correction.")
"""Parts that are fitted when all else is done, and that older networks lack."""


def _stage(inputs: int, outputs: int, depth: int) -> nn.Sequential:
    """Halve the map, then look at it with so many blocks in all."""
    further = [Block(outputs, outputs, 1) for _ in range(depth - 1)]
    return nn.Sequential(Block(inputs, outputs, 2), *further)


class Compact(nn.Module):
    """A small residual network whose last map keeps its places.

    AUs are displacements of a pixel or two, so the 8x8 map is flattened, not averaged. The
    features place the 478 mesh points first, and a second look moves them. AUs and gaze are then
    answered twice: by a head that sees the points and the features, which show folds and shades as
    well, and by a reader that was taught on meshes alone, whose share of the answer is
    ``reader_share``. Both together are nearer than either, as they are trained apart and err apart.

    Activations end at 6 (Krizhevsky 2010), and features are normalised crop by crop (Ba et al.
    2016): without either, each block made more of what few crops show, such as a dark half, until
    on one crop in a hundred nothing else was left, and in the batch's statistics neither.
    """

    def __init__(
        self,
        widths: tuple[int, int, int, int],
        depths: tuple[int, int, int],
        features: int,
        dropout: float,
        reader_share: float,
        points: int = 478,
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, widths[0], 5, 2, 2, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU6(),
        )
        stages = zip(widths, widths[1:], depths, strict=False)
        self.stages = nn.Sequential(*(_stage(*stage) for stage in stages))
        self.squeeze = nn.Sequential(
            nn.Conv2d(widths[-1], 32, 1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU6(),
            nn.Flatten(),
        )
        self.features = nn.Sequential(
            nn.Dropout(dropout),
            nn.LazyLinear(features),
            nn.LayerNorm(features),
            nn.ReLU6(),
        )
        self.points = nn.Linear(features, points * 2)
        self.second_look = SecondLook(widths[1], points)
        self.geometry = Geometry(points)
        self.head = nn.Sequential(
            nn.Linear(features + points * 2, 256), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(256, 2 * CHANNELS),
        )  # fmt: skip
        self.reader = Reader(CHANNELS)
        self.extras = Reader(len(EXTRA_NAMES))
        self.presence = Presence(features)
        evidence = features + 2 * len(READ) + 256
        self.correction = RestCorrection(evidence, len(AUS))
        self.extras_correction = Correction(evidence, len(EXTRA_NAMES))
        self.reader_share = reader_share

    @property
    def edges(self) -> tuple[nn.Module, ...]:
        """The layer that sees the crop, and those that give the answers."""
        return self.stem[0], self.points, self.second_look.shift, self.head[-1]

    def learn_mesh(self, points: Tensor) -> None:
        """Start from the mean of (N, P, 2) training points, -1 to 1 across the crop."""
        self.geometry.fit(points)
        with torch.no_grad():
            self.points.bias.copy_(points.mean(0).flatten())

    def forward(self, crops: Tensor) -> Answer:
        """Read (N, 1, S, S) float crops, 0 to 255."""
        fine = self.stages[0](self.stem(standardise(crops)))
        hidden = self.features(self.squeeze(self.stages[1:](fine)))
        with torch.autocast(crops.device.type, enabled=False):  # a hundredth of a pixel counts
            hidden = hidden.float()
            points = self.points(hidden).unflatten(1, (-1, 2))
            points = points + self.second_look(fine.float(), points)
            deviations = self.geometry(points)
            mixed = self.head[:-1](torch.cat([hidden, deviations.flatten(1)], dim=1))
            answer = self.head[-1](mixed)
            evidence = torch.cat([hidden, deviations[:, READ].flatten(1), mixed], dim=1)
            resting = functional.pad(self.correction(evidence), (0, GAZES))
            taught, parametric = answer[:, :CHANNELS], answer[:, CHANNELS:] + resting
            read = self.reader(deviations)
            presence = self.presence(hidden)
            extras = self.extras(deviations) + self.extras_correction(evidence)
        if not self.training:  # each learns to answer alone: heads that rely on another err with it
            taught = taught + self.reader_share * (read - taught) + resting
        return Answer(taught, parametric, points, read, hidden, presence, extras, evidence)

    @torch.no_grad()
    def take_blocks(self, deeper: Compact) -> None:
        """Start from a network that differs in nothing but further blocks, which are left out.

        Raises:
            ValueError: if it differs in more.
        """
        theirs, mine = deeper.state_dict(), self.state_dict()
        wrong = [name for name, each in mine.items()
                 if name not in theirs or theirs[name].shape != each.shape]  # fmt: skip
        if wrong:
            raise ValueError(f"they differ in more than their depths, such as in {wrong[0]}")
        self.load_state_dict({name: theirs[name] for name in mine})

    @torch.no_grad()
    def adjust(self, gain: Tensor, offset: Tensor) -> None:
        """Give every answer times ``gain`` plus ``offset`` from now on.

        Args:
            gain: (56,) of the teacher's opinion, then of the parametric face's.
            offset: (56,) likewise.
        """
        last = cast(nn.Linear, self.head[-1])
        last.weight.mul_(gain[:, None])
        last.bias.copy_(last.bias * gain + offset)
        answer = self.reader.answer
        answer.weight.mul_(gain[:CHANNELS, None])
        answer.bias.copy_(answer.bias * gain[:CHANNELS] + offset[:CHANNELS])


def standardise(crops: Tensor) -> Tensor:
    """Give every crop mean 0 and spread 1, so that exposure does not matter."""
    mean = crops.mean(dim=(2, 3), keepdim=True)
    centred = crops - mean
    spread = centred.square().mean(dim=(2, 3), keepdim=True).sqrt()
    return centred / (spread + 8.0)


class Deployed(nn.Module):
    """What is exported: uint8 crops in, clipped AUs, gaze, landmarks, presence and extras out."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
        """Read (N, 1, S, S) uint8 crops.

        Returns:
            (N, 24) AUs, 0 to 1, (N, 4) gaze in radians, (N, 68, 2) landmarks in the crop's
            pixels, (N, 1) presence, 0 to 1, and (N, E) extras, 0 to 1.
        """
        answer = self.model(crops.float())
        aus, gaze = answer.combine()
        places = answer.points[:, torch.from_numpy(MEDIAPIPE_TO_68)]
        landmarks_px = ((places + 1) * crops.shape[-1] - 1) / 2
        presence = torch.sigmoid(answer.presence)[:, None]
        return (aus.clamp(0.0, 1.0), gaze, landmarks_px, presence, answer.extras.clamp(0.0, 1.0))
