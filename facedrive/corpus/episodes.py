"""Blinks and smiles: when a movement begins, is at its height and ends, by a stated rule.

An episode is there while the value is at ``off`` or above, and has to reach ``on`` within. Onset is
the first such frame, offset the last, apex the frame of the highest value. Two that are less than
``gap_s`` apart are one. An episode that is shorter than ``least_s`` or longer than ``most_s`` is
none. Without a face every episode ends.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.takes.take import Take

Values = NDArray[np.float64]


class Rule(NamedTuple):
    """What counts as an episode."""

    aus: tuple[str, ...]
    """Whose mean is looked at."""
    on: float
    off: float
    least_s: float
    most_s: float
    gap_s: float


RULES: Mapping[str, Rule] = {
    "blink": Rule(("left_eye_close", "right_eye_close"), 0.5, 0.25, 0.0, 0.5, 0.0),
    "smile": Rule(("left_lip_corner_pull", "right_lip_corner_pull"), 0.3, 0.15, 0.5, math.inf, 0.2),
}
"""A shut eye for longer than half a second is no blink; half a second of raised lip corners is a
smile."""


class Episode(NamedTuple):
    """One time that a movement comes and goes; times in seconds, as ``time_s``."""

    kind: str
    person: int
    onset_s: float
    apex_s: float
    offset_s: float
    peak: float
    """The value at the apex."""


def find_episodes(take: Take, kind: str, person: int = 1) -> list[Episode]:
    """Find the episodes of a kind in one person's rows of a take."""
    rule = RULES[kind]
    frames = np.unique(take.frame)
    own = take.face & (take["person"] == person)
    values = np.mean([take[name] for name in rule.aus], axis=0)
    level, times = np.full(len(frames), -math.inf), np.full(len(frames), math.nan)
    at = np.searchsorted(frames, take.frame)
    times[at] = take.time
    level[at[own]] = values[own]
    joined = _joined(_runs(level >= rule.off), times, rule.gap_s, level)
    found = [_episode(kind, person, first, last, times, level) for first, last in joined]
    return [each for each in found if each.peak >= rule.on
            and rule.least_s <= each.offset_s - each.onset_s <= rule.most_s]  # fmt: skip


def _runs(there: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and last index of each run of what is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(np.int8)))
    return [(int(first), int(end) - 1) for first, end in zip(edges[::2], edges[1::2], strict=True)]


def _joined(
    runs: list[tuple[int, int]], times: Values, gap_s: float, level: Values
) -> list[tuple[int, int]]:
    """Make one of two runs that are hardly apart, unless there was no face between them."""
    found = runs[:1]
    for (_, end), (first, last) in pairwise(runs):
        seen = np.isfinite(level[end : first + 1]).all()
        if seen and times[first] - times[end] < gap_s:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def _episode(
    kind: str, person: int, first: int, last: int, times: Values, level: Values
) -> Episode:
    apex = first + int(np.argmax(level[first : last + 1]))
    onset_s, apex_s, offset_s = (float(times[each]) for each in (first, apex, last))
    return Episode(kind, person, onset_s, apex_s, offset_s, float(level[apex]))
