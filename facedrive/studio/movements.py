"""What a face does on the page: the action units and the extras, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import get_args

import numpy as np

from facedrive.aus import AU_NAMES, AUS, ActionUnit, Region
from facedrive.extras import EXTRA_MIRROR, EXTRA_NAMES, complete
from facedrive.mappings.table import INPUTS
from facedrive.types import Reading, Sample, Vector

MOVEMENTS: tuple[str, ...] = (*AU_NAMES, *EXTRA_NAMES)
"""By name, in the order of the values below."""

REGIONS: tuple[Region, ...] = get_args(Region)


def _region(au: ActionUnit) -> int:
    return REGIONS.index(au.region)


OTHER_SIDE: dict[str, str] = {each.name: each.mirror for each in AUS} | {
    name: EXTRA_NAMES[mirror] for name, mirror in zip(EXTRA_NAMES, EXTRA_MIRROR, strict=True)
}
"""What each is in a mirror; itself where it is symmetrical."""


def _side_by_side(groups: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Order names so that in two columns left and right are neighbours; others fill up behind."""
    ordered: list[str] = []
    for group in groups:
        ordered += [name for name in group if OTHER_SIDE[name] != name]
        ordered += [name for name in group if OTHER_SIDE[name] == name]
    return tuple(ordered)


_REGIONS = [tuple(each) for _, each in groupby(sorted(AUS, key=_region), _region)]

AUS_SIDE_BY_SIDE = _side_by_side([each.name for each in group] for group in _REGIONS)
"""The AUs from eyes to mouth, in the order in which the page shows them in two columns."""

EXTRAS_SIDE_BY_SIDE = _side_by_side([EXTRA_NAMES])
"""The extras likewise."""

INPUT_OF: dict[str, int] = {name: INPUTS.index(name) for name in MOVEMENTS}
"""Where each is among the inputs of a mapping, which the page is sent."""


def levels(sample: Sample) -> Vector:
    """Return (38,) what the movements are in a sample, 0 to 1."""
    return np.concatenate([sample.aus, complete(sample.extras, sample.aus)])


def raw_levels(reading: Reading) -> Vector:
    """Return (38,) what the model reads, before calibration; NaN for extras it does not know."""
    unknown = np.full(len(EXTRA_NAMES), np.nan, np.float32)
    return np.concatenate([reading.aus, unknown if reading.extras is None else reading.extras])
