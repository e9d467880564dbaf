"""Drive a rig's own targets: by AU names, else ARKit's, else VRM's, whichever it speaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.errors import RigError
from facedrive.mappings.table import GAZE, INPUTS, PAIRS, Mapping, load_mapping

if TYPE_CHECKING:
    from facedrive.rig.model import Rig

ENOUGH = 0.5
"""An AU whose strongest share in any target is less than this counts as not covered."""

FALLBACKS = ("arkit", "vrm1", "vrm0")
"""Tables tried after the AU names, the most detailed first."""


class Channel(NamedTuple):
    """What a target's name stands for."""

    name: str
    half: str
    """``l`` or ``r`` where the rig splits a channel that is one in the table, else empty."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What of a face a rig can show."""

    covered: tuple[str, ...]
    """AUs that move something."""
    uncovered: tuple[str, ...]
    """AUs that move nothing."""
    gaze: Literal["eyeballs", "targets"] | None
    """What follows the gaze."""
    unused: tuple[str, ...]
    """Targets whose names say nothing to facedrive, or whose channel is not driven."""


def match_rig(rig: Rig) -> Mapping:
    """Build the mapping whose channels are the rig's targets, by their names.

    A target named after an AU follows it. Where the rig has none for an AU, targets with ARKit
    names, then VRM presets, take its part. Case and punctuation are ignored, and ``eyeBlink_L``
    is ``eyeBlinkLeft``. Gaze drives targets only where the rig has no eyeballs to turn.

    Raises:
        RigError: if no target's name is known.
    """
    matrix = np.zeros((len(rig.targets), len(INPUTS)), dtype=np.float32)
    for table in (_au_table(), *map(load_mapping, FALLBACKS)):
        taken = np.asarray(matrix.any(axis=0))
        for name, pair in PAIRS.items():
            taken[INPUTS.index(name)] |= any(taken[AU_INDEX[au]] for au in pair)
        for target, row in _rows(rig, table):
            if not (row.astype(bool) & taken).any():
                matrix[target] = row
    if rig.eyes is not None:
        matrix[:, GAZE] = 0.0
    if not matrix.any():
        raise RigError(
            f"{rig.name} has no target that facedrive knows, only {', '.join(rig.targets)}; "
            "name its targets after FEAFA+ AUs (jaw_drop), ARKit (jawOpen) or VRM presets (aa)."
        )
    return Mapping(rig.name, rig.targets, matrix)


def coverage(rig: Rig) -> Coverage:
    """Tell which AUs the rig shows.

    Raises:
        RigError: if no target's name is known.
    """
    mapping = match_rig(rig)
    shares = np.abs(mapping.matrix).max(axis=0)
    shown = dict(zip(INPUTS, shares >= ENOUGH, strict=True))
    looks = bool(shares[GAZE].any())
    return Coverage(
        covered=tuple(name for name in AU_NAMES if shown[name]),
        uncovered=tuple(name for name in AU_NAMES if not shown[name]),
        gaze="eyeballs" if rig.eyes is not None else "targets" if looks else None,
        unused=mapping.not_driven,
    )


def _au_table() -> Mapping:
    identity = np.eye(len(AU_NAMES), len(INPUTS), dtype=np.float32)
    return Mapping("au", AU_NAMES, identity)


def _rows(rig: Rig, table: Mapping) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield each target that the table names, with its weights; the first of a name wins."""
    aliases = _aliases(table)
    used: set[Channel] = set()
    for target, name in enumerate(rig.targets):
        channel = aliases.get(_plain(name)) or aliases.get(_plain(name.rpartition(".")[2]))
        if channel is not None and channel not in used:
            used.add(channel)
            yield target, table.matrix[table.channels.index(channel.name)]


def _aliases(table: Mapping) -> dict[str, Channel]:
    aliases: dict[str, Channel] = {}
    for name in table.channels:
        plain = _plain(name)
        aliases[plain] = Channel(name, "")
        for side in ("left", "right"):
            if plain.endswith(side):
                aliases.setdefault(plain.removesuffix(side) + side[0], Channel(name, ""))
            elif table.name == "arkit" and not plain.endswith(("left", "right")):
                aliases[plain + side] = aliases[plain + side[0]] = Channel(name, side[0])
    return aliases


def _plain(name: str) -> str:
    """Drop case and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
