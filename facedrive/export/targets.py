"""Which table moves a rig's targets: by their names, or as the user says."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facedrive.errors import MappingError, unknown
from facedrive.mappings import match_rig
from facedrive.mappings.table import GAZE, INPUTS, Mapping, load_mapping
from facedrive.rig.model import Rig


def target_mapping(rig: Rig, name_or_path: str | None = None, names: Path | None = None) -> Mapping:
    """Return a mapping whose channels are the rig's targets, in its order.

    Without a table, targets are matched by their names; those in the TOML ``names`` come first. As
    there, gaze moves targets only where the rig has no eyeballs to turn.

    Raises:
        MappingError: if the table is broken, or drives a target that the rig does not have.
        RigError: without a table, if no target's name is known.
    """
    if name_or_path is None:
        return match_rig(rig, names)
    given = load_mapping(name_or_path)
    matrix = np.zeros((len(rig.targets), len(INPUTS)), dtype=np.float32)
    for name, row in zip(given.channels, given.matrix, strict=True):
        if not row.any():
            continue
        if name not in rig.targets:
            raise MappingError(
                f"{given.name}: {unknown(f'target of {rig.name}', name, rig.targets)}"
            )
        matrix[rig.targets.index(name)] = row
    if rig.eyes is not None:
        matrix[:, GAZE] = 0.0
    return Mapping(given.name, rig.targets, matrix, rig.rules)
