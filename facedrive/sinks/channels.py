"""The channels that a receiver takes: from the table that ships with facedrive, or a user's own."""

from __future__ import annotations

import numpy as np

from facedrive.errors import MappingError, unknown
from facedrive.mappings.table import INPUTS, Mapping, load_mapping


def load_channels(name_or_path: str, standard: str) -> Mapping:
    """Read a table for a format that has exactly the channels of one that ships.

    The rows come in the format's order, whatever the table's; a channel that the table does not
    name is not driven.

    Raises:
        MappingError: the table is broken, or names a channel that the format does not have.
    """
    given, channels = load_mapping(name_or_path), load_mapping(standard).channels
    matrix = np.zeros((len(channels), len(INPUTS)), dtype=np.float32)
    for name, row in zip(given.channels, given.matrix, strict=True):
        if name not in channels:
            raise MappingError(f"{given.name}: {unknown(f'{standard} channel', name, channels)}")
        matrix[channels.index(name)] = row
    return Mapping(given.name, channels, matrix)
