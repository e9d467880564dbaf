"""What moves over time, as glTF's samplers want it: times, weights, head and eye rotations."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.mappings.table import Mapping
from facedrive.render.pose import EYE_LIMIT_RAD
from facedrive.rotations import EulerDegrees, continuous, quaternion_from_euler
from facedrive.types import Sample

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Animation:
    """Keys of one take."""

    times: Floats
    """(n,) float32 seconds from the first; each is later than the one before."""
    weights: Floats
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
    times, weights, heads, gazes = array("f"), array("f"), array("f"), array("f")
    first: float | None = None
    for sample in samples:
        first = sample.time if first is None else first
        time = np.float32(sample.time - first)
        if times and time <= times[-1]:
            continue  # two rows at one time are one key
        times.append(float(time))
        weights.frombytes(mapping.apply(sample.aus, sample.gaze, sample.extras).tobytes())
        heads.frombytes(sample.head.rotation.astype(np.float32).tobytes())
        gazes.frombytes(sample.gaze.tobytes())
    if not times:
        raise DataError("the take has no rows; there is nothing to export.")
    keys = len(times)
    limit = np.degrees(EYE_LIMIT_RAD)
    gaze = np.clip(np.degrees(_rows(gazes, keys) * np.float32(gain)), -limit, limit)
    left, right = (continuous(_turns(gaze[:, side : side + 2])) for side in (0, 2))
    head = continuous(_rows(heads, keys))
    return Animation(_rows(times, keys)[:, 0], _rows(weights, keys), head, left, right)


def _rows(values: array[float], keys: int) -> Floats:
    return np.frombuffer(values, np.float32).reshape(keys, -1)


def _turns(gaze: Floats) -> Floats:
    """Return (n, 4) quaternions for (n, 2) pitch and yaw in degrees."""
    turns = np.empty((len(gaze), 4), np.float32)
    for row, (pitch, yaw) in enumerate(gaze):  # a list of a long take's would take its memory
        turns[row] = quaternion_from_euler(EulerDegrees(float(pitch), float(yaw), 0.0))
    return turns
