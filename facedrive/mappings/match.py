"""Drive a rig's own targets, by what each convention of names says of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.errors import RigError
from facedrive.mappings.names import BONE, Channel, Convention, conventions, spellings
from facedrive.mappings.table import GAZE, INPUTS, PAIRS, Mapping

if TYPE_CHECKING:
    from facedrive.rig.model import Rig

ENOUGH = 0.5
"""An AU whose strongest share in any target is less than this counts as not covered."""

BLINK = "left_eye_close_and_right_eye_close"
"""A blink of both eyes at once shows both."""

LISTED, FEW = 12, 3
"""Targets that an error names: so many of short names, so many of long ones."""


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
    tables: dict[str, tuple[str, ...]]
    """Which targets are driven by which table of names."""
    empty: tuple[str, ...]
    """Targets that move nothing, whatever their names."""


class Match(NamedTuple):
    """Which targets are driven, and by which table."""

    mapping: Mapping
    tables: dict[str, str]
    """The title of the table that drives each target."""
    empty: tuple[str, ...]
    """Targets that move nothing."""


def match_rig(rig: Rig, names: Path | None = None) -> Mapping:
    """Build the mapping whose channels are the rig's targets, by their names.

    A target named after an AU follows it. Where the rig has none for an AU, targets of the next
    convention take its part, the most detailed first. Targets that move nothing are left out.
    Gaze drives targets only where the rig has no eyeballs to turn.

    Args:
        rig: the rig.
        names: a TOML table of names that comes before all others.

    Raises:
        RigError: if no target's name is known.
        MappingError: if the table is broken.
    """
    return find_match(rig, names).mapping


def find_match(rig: Rig, names: Path | None = None) -> Match:
    """Build the mapping as ``match_rig`` does, and tell which table drives each target."""
    matrix = np.zeros((len(rig.targets), len(INPUTS)), dtype=np.float32)
    spelt = [spellings(name) for name in rig.targets]
    empty = rig.empty
    still = set(empty)
    free = [name not in still for name in rig.targets]
    tables: dict[str, str] = {}
    known = conventions(names)
    found = [_named(table, spelt, free) for table in known]
    for last in (False, True):
        for table, channels in zip(known, found, strict=True):
            taken = _taken(matrix)
            for target, channel in channels.items():
                row = table.rows[channel.name]
                if (channel.name in table.otherwise) != last or matrix[target].any():
                    continue
                if row.any() and not (row.astype(bool) & taken).any():
                    matrix[target] = row
                    tables[rig.targets[target]] = table.title
    if rig.eyes is not None:
        matrix[:, GAZE] = 0.0
    if not matrix.any() and rig.head is None and rig.eyes is None:
        raise RigError(_nothing_known(rig, empty))
    return Match(Mapping(rig.name, rig.targets, matrix, rig.rules), tables, empty)


def facial_targets(rig: Rig) -> NDArray[np.intp]:
    """Return which targets the face drives, by their names; all of them where none is known."""
    try:
        driven = match_rig(rig).matrix[:, : len(AU_NAMES)].any(axis=1)
    except RigError:
        return np.arange(len(rig.targets))
    return np.flatnonzero(driven)


def coverage(rig: Rig, names: Path | None = None) -> Coverage:
    """Tell which AUs the rig shows.

    Raises:
        RigError: if no target's name is known.
        MappingError: if the table of names is broken.
    """
    match = find_match(rig, names)
    shares = np.abs(match.mapping.matrix).max(axis=0, initial=0.0)
    shown = dict(zip(INPUTS, shares >= ENOUGH, strict=True))
    for au in PAIRS[BLINK]:
        shown[au] |= shown[BLINK]
    looks = bool(shares[GAZE].any())
    driven: dict[str, list[str]] = {}
    for target, title in match.tables.items():
        driven.setdefault(title, []).append(target)
    return Coverage(
        covered=tuple(name for name in AU_NAMES if shown[name]),
        uncovered=tuple(name for name in AU_NAMES if not shown[name]),
        gaze="eyeballs" if rig.eyes is not None else "targets" if looks else None,
        unused=tuple(name for name in match.mapping.not_driven if not name.startswith(BONE)),
        tables={title: tuple(targets) for title, targets in driven.items()},
        empty=tuple(name for name in match.empty if not name.startswith(BONE)),
    )


def _taken(matrix: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which inputs drive something already, (inputs,)."""
    taken: NDArray[np.bool_] = np.asarray(matrix.any(axis=0))
    for name, pair in PAIRS.items():
        taken[INPUTS.index(name)] |= any(taken[AU_INDEX[au]] for au in pair)
    return taken


def _named(table: Convention, spelt: list[tuple[str, ...]], free: list[bool]) -> dict[int, Channel]:
    """Return the targets that a table names; of two for one channel the plainer name wins."""
    best: dict[Channel, tuple[int, int]] = {}
    for target, names in enumerate(spelt):
        found = table.find(names) if free[target] else None
        if found is None:
            continue
        channel, effort = found
        if channel.name in table.not_driven:
            free[target] = False
        elif channel not in best or effort < best[channel][0]:
            best[channel] = effort, target
    return {target: channel for channel, (_, target) in best.items()}


def _nothing_known(rig: Rig, empty: tuple[str, ...]) -> str:
    if len(empty) == len(rig.targets):
        return (
            f"{rig.name}: none of its {len(rig.targets)} targets moves anything; export it again."
        )
    short = max(map(len, rig.targets), default=0) < 12
    listed = rig.targets[: LISTED if short else FEW]
    names = ", ".join(name[:40] for name in listed)
    more = ", ..." if len(rig.targets) > len(listed) else ""
    return (
        f"{rig.name} has no target that facedrive knows, only {names}{more}; name its targets "
        "after FEAFA+ AUs (jaw_drop) or ARKit (jawOpen), or give a table of its names (rig_names)."
    )
