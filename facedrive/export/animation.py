"""What moves over time, as glTF's samplers want it: times, weights, head and eye rotations."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.mappings.table import Mapping
from facedrive.render.pose import EYE_LIMIT_RAD
from facedrive.rotations import EulerDegrees, continuous, quaternion_from_euler
from facedrive.types import Sample

Floats = NDArray[np.float32]

IN_MEMORY = 2**24
"""Bytes of weights that are kept in memory; those of longer takes are in a temporary file."""

BLOCK = 2**16
"""Rows that are in memory at a time."""

COLUMNS = 8
"""Targets whose weights are in memory at a time."""


class Weights:
    """Weights of every key, (n, T) float32, in the order of the rig's targets.

    An hour of 51 targets is 44 MB, and a take may be of a day.
    """

    def __init__(self, width: int) -> None:
        """Hold no keys yet, of so many targets."""
        self.width = width
        self._count = 0
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 the next line closes it
        finalize(self, self._file.close)

    def __len__(self) -> int:
        return self._count

    def append(self, row: Floats) -> None:
        """Add the (T,) weights of the next key."""
        self._file.write(row.astype(np.float32, copy=False).tobytes())
        self._count += 1

    def blocks(self) -> Iterator[Floats]:
        """Yield all rows in order, some thousand at a time: (m, T)."""
        for start in range(0, self._count, BLOCK):
            rows = min(BLOCK, self._count - start)
            self._file.seek(4 * self.width * start)
            block = np.frombuffer(self._file.read(4 * self.width * rows), np.float32)
            yield block.reshape(rows, self.width)

    def columns(self) -> Iterator[Floats]:
        """Yield the weights of one target after another: (n,)."""
        for first in range(0, self.width, COLUMNS):
            some = np.concatenate([block[:, first : first + COLUMNS] for block in self.blocks()])
            yield from some.T


@dataclass(frozen=True, slots=True)
class Animation:
    """Keys of one take."""

    times: Floats
    """(n,) float32 seconds from the first; each is later than the one before."""
    weights: Weights
    """(n, T) float32, 0 to 1, in the order of the rig's targets."""
    head: Floats
    """(n, 4) float32 unit quaternions x, y, z, w; neighbours have the same sign."""
    left_eye: Floats
    """(n, 4), likewise, relative to the head."""
    right_eye: Floats
    """(n, 4), likewise."""


def animate(samples: Iterable[Sample], mapping: Mapping, gain: float = 1.0) -> Animation:
    """Turn samples into keys; ``gain`` is how far eyeballs turn for a turn of the gaze.

    Raises:
        DataError: if there are no samples.
    """
    times, heads, gazes = array("f"), array("f"), array("f")
    weights = Weights(len(mapping.channels))
    first: float | None = None
    for sample in samples:
        first = sample.time if first is None else first
        time = np.float32(sample.time - first)
        if times and time <= times[-1]:
            continue  # two rows at one time are one key
        times.append(float(time))
        weights.append(mapping.apply(sample.aus, sample.gaze, sample.extras))
        heads.frombytes(sample.head.rotation.astype(np.float32).tobytes())
        gazes.frombytes(sample.gaze.tobytes())
    if not times:
        raise DataError("the take has no rows; there is nothing to export.")
    keys = len(times)
    limit = np.degrees(EYE_LIMIT_RAD)
    gaze = np.clip(np.degrees(_rows(gazes, keys) * np.float32(gain)), -limit, limit)
    left, right = (continuous(_turns(gaze[:, side : side + 2])) for side in (0, 2))
    head = continuous(_rows(heads, keys))
    return Animation(_rows(times, keys)[:, 0], weights, head, left, right)


def _rows(values: array[float], keys: int) -> Floats:
    return np.frombuffer(values, np.float32).reshape(keys, -1)


def _turns(gaze: Floats) -> Floats:
    """Return (n, 4) quaternions for (n, 2) pitch and yaw in degrees."""
    turns = np.empty((len(gaze), 4), np.float32)
    for row, (pitch, yaw) in enumerate(gaze):  # a list of a long take's would take its memory
        turns[row] = quaternion_from_euler(EulerDegrees(float(pitch), float(yaw), 0.0))
    return turns
