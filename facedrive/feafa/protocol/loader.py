"""Batches of a prepared dataset: drawn by seed, read ahead, cropped and flipped on the device."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facedrive.aus import MIRROR
from facedrive.errors import DataError
from facedrive.feafa.protocol.prepared import Prepared, Rows
from facedrive.types import Image

AHEAD = 3
"""Batches that are read while the device works."""

AVERAGED = 48
"""Frames of a video that its mean face is made of, at most."""


@dataclass(frozen=True)
class Draw:
    """Which frames of a prepared dataset to show, and how each is cropped and flipped."""

    rows: Rows
    """(B,) of the prepared dataset."""
    top: NDArray[np.int64]
    """(B,) pixels."""
    left: NDArray[np.int64]
    """(B,) pixels."""
    flip: NDArray[np.bool_]
    """(B,) mirror picture and labels."""

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, start: int, stop: int) -> Draw:
        """Return some of the frames."""
        chosen = slice(start, stop)
        return Draw(self.rows[chosen], self.top[chosen], self.left[chosen], self.flip[chosen])


@dataclass(frozen=True)
class Batch:
    """Frames and their labels on the training device."""

    crops: Tensor
    """(B, 1, S, S) uint8; or (B, 2, S, S), the second being the mean face of the video."""
    aus: Tensor
    """(B, 24) float32, NaN where unknown."""


def draw_epoch(rows: Rows, room: int, seed: int, epoch: int) -> Draw:
    """Draw one epoch: every frame once, in a random order, with random crops and flips.

    Args:
        rows: (n,) frames to train on.
        room: Pixels by which the prepared crop is larger than what is cut from it.
        seed: Of the recipe.
        epoch: Counts from 0; the draw depends on nothing else, so that a run that was stopped
            anywhere goes on with the very frames that were next.
    """
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(rows)
    top, left = random.integers(0, room + 1, (2, len(rows)))
    return Draw(order, top, left, random.random(len(rows)) < 0.5)


def draw_plain(rows: Rows, room: int) -> Draw:
    """Take every frame once, in order, cropped at the middle: what is tested."""
    middle = np.full(len(rows), room // 2)
    return Draw(rows, middle, middle, np.zeros(len(rows), np.bool_))


class Loader:
    """Reads drawn frames of a prepared dataset, a few batches ahead, and moves them to a device."""

    def __init__(
        self, data: Prepared, crop: int, device: torch.device, *, video_mean: bool = False
    ) -> None:
        """Take what all batches share.

        Args:
            data: The dataset.
            crop: Side of what is cut from each prepared crop, pixels.
            device: Where cropping and flipping are done, and the batches are wanted.
            video_mean: Give each frame the mean face of its video, under the same crop and flip.

        Raises:
            DataError: if the prepared crops are smaller than ``crop``.
        """
        if crop > data.spec.size:
            raise DataError(
                f"the prepared crops are {data.spec.size} pixels wide and the recipe cuts {crop}; "
                "lower the recipe's crop."
            )
        self.data, self.crop, self.device = data, crop, device
        self.room = data.spec.size - crop
        self._means = mean_faces(data) if video_mean else None

    def batches(self, draws: Iterable[Draw]) -> Iterator[Batch]:
        """Yield the draws' batches, in order."""
        with ThreadPoolExecutor(1) as pool:
            waiting: deque[tuple[Draw, Future[Tensor]]] = deque()
            for draw in draws:
                waiting.append((draw, pool.submit(self._read, draw)))
                if len(waiting) > AHEAD:
                    yield self._finish(*waiting.popleft())
            while waiting:
                yield self._finish(*waiting.popleft())

    def _read(self, draw: Draw) -> Tensor:
        """Copy (B, 1 or 2, S, S) prepared crops out of the file."""
        crops = self.data.crops[draw.rows][:, None]
        if self._means is not None:
            means = self._means[self.data.video[draw.rows]][:, None]
            crops = np.concatenate([crops, means], axis=1)
        pixels = torch.from_numpy(crops)
        return pixels.pin_memory() if self.device.type == "cuda" else pixels

    def _finish(self, draw: Draw, read: Future[Tensor]) -> Batch:
        def move(values: NDArray[np.generic]) -> Tensor:
            return torch.from_numpy(values).to(self.device, non_blocking=True)

        pixels = read.result().to(self.device, non_blocking=True)
        flip = move(draw.flip)
        crops = crop_and_flip(pixels, move(draw.top), move(draw.left), flip, self.crop)
        return Batch(crops, mirror_aus(move(self.data.aus[draw.rows]), flip))


def mean_faces(data: Prepared) -> Image:
    """Average evenly spaced crops of every video: its face at rest, if it often rests.

    Returns:
        (V, S, S) uint8; no label is looked at.
    """
    size = data.spec.size
    means = np.zeros((len(data.videos), size, size), np.uint8)
    for video in np.unique(data.video):
        rows = np.flatnonzero(data.video == video)
        some = rows[np.linspace(0, len(rows) - 1, min(len(rows), AVERAGED)).astype(np.intp)]
        means[video] = data.crops[some].mean(axis=0).round()
    return means


def crop_and_flip(pixels: Tensor, top: Tensor, left: Tensor, flip: Tensor, size: int) -> Tensor:
    """Cut (B, C, size, size) out of (B, C, S, S) at (B,) places and mirror some of them."""
    side = torch.arange(size, device=pixels.device)
    across = torch.where(flip[:, None], size - 1 - side, side)
    rows = (top[:, None] + side)[:, None, :, None]
    columns = (left[:, None] + across)[:, None, None, :]
    batch = torch.arange(len(pixels), device=pixels.device)[:, None, None, None]
    channel = torch.arange(pixels.shape[1], device=pixels.device)[None, :, None, None]
    return pixels[batch, channel, rows, columns]


def mirror_aus(aus: Tensor, flip: Tensor) -> Tensor:
    """Swap left and right of (B, 24) AUs where ``flip``."""
    mirror = torch.as_tensor(MIRROR, device=aus.device)
    return torch.where(flip[:, None], aus[:, mirror], aus)
