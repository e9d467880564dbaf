"""ARKit's 52 channels: their names, and the AUs and extras that they stand for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facedrive.mappings.table import INPUTS, Mapping, load_mapping

ARKIT: tuple[str, ...] = load_mapping("arkit").channels
"""ARKit's 52 names, in Apple's order."""


def pascal_case(name: str) -> str:
    """Spell an ARKit name as Perfect Sync avatars do: ``JawOpen``."""
    return name[0].upper() + name[1:]


def inverted(mapping: Mapping) -> NDArray[np.float32]:
    """Return (INPUTS, C) weights that give back what a table was given, from its channels.

    An input is the mean of the channels that it alone moves, and moves the most, each over its
    weight. A channel that only goes along, such as a cheek with a smile, does not count. An input
    that moves none alone is 0.
    """
    alone = (mapping.matrix != 0).sum(axis=1) == 1
    shares = np.where(alone[:, None], np.abs(mapping.matrix), 0.0)
    most = (shares > 0) & (shares == shares.max(axis=0))
    weights = np.divide(1.0, mapping.matrix, out=np.zeros(mapping.matrix.shape), where=most)
    found: NDArray[np.float32] = (weights / np.maximum(most.sum(axis=0), 1)).T.astype(np.float32)
    assert found.shape == (len(INPUTS), len(mapping.channels))
    return found
