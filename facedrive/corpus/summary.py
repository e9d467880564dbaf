"""What a corpus shows: how often, how strongly and with which others action units occur."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.corpus.episodes import RULES, Episode, Rule, find_episodes
from facedrive.stats.metrics import number
from facedrive.takes.take import Take

OCCURS = 0.2
"""An action unit occurs in a frame where it is at this or above: the second of FACS's five levels
begins there."""

Values = NDArray[np.float64]


class PersonSummary(NamedTuple):
    """One person in one clip."""

    clip: str
    person: int
    frames: int
    """With their face."""
    seconds: float
    """In which their face is seen; NaN of stills."""
    occurrence: Values
    """(24,) share of the frames in which each AU occurs."""
    intensity: Values
    """(24,) mean in the frames in which it occurs; NaN where it never does."""
    both: NDArray[np.int64]
    """(24, 24) frames in which two AUs occur; on the diagonal those in which one does."""
    episodes: tuple[Episode, ...]

    def a_minute(self, kind: str) -> float:
        """Return how many episodes of a kind there are a minute in which the face is seen."""
        count = sum(each.kind == kind for each in self.episodes)
        return 60 * count / self.seconds if self.seconds > 0 else float("nan")


@dataclass(frozen=True)
class Summary:
    """A whole corpus."""

    people: tuple[PersonSummary, ...]

    @property
    def frames(self) -> int:
        """Frames with a face, of everybody."""
        return sum(each.frames for each in self.people)

    @property
    def both(self) -> NDArray[np.int64]:
        """(24, 24) as ``PersonSummary.both``, of everybody."""
        empty = np.zeros((len(AU_NAMES), len(AU_NAMES)), np.int64)
        return sum((each.both for each in self.people), empty)

    @property
    def occurrence(self) -> Values:
        """(24,) share of all frames in which each AU occurs."""
        return np.diagonal(self.both) / max(self.frames, 1)

    @property
    def co_occurrence(self) -> Values:
        """(24, 24) of the frames in which either of two occurs, the share in which both do."""
        single = np.diagonal(self.both)
        either = single[:, None] + single[None] - self.both
        return np.asarray(np.where(either > 0, self.both / np.maximum(either, 1), np.nan))

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        people = [
            {
                "clip": each.clip, "person": each.person, "frames": each.frames,
                "seconds": number(each.seconds),
                "occurrence": _named(each.occurrence), "intensity": _named(each.intensity),
                "a_minute": {kind: number(each.a_minute(kind)) for kind in RULES},
                "episodes": [episode._asdict() for episode in each.episodes],
            }
            for each in self.people
        ]  # fmt: skip
        together = {name: _named(row) for name, row in zip(AU_NAMES, self.co_occurrence,
                                                           strict=True)}  # fmt: skip
        return {"occurs_from": OCCURS, "rules": {kind: _stated(rule) for kind, rule in
                RULES.items()}, "frames": self.frames, "occurrence": _named(self.occurrence),
                "co_occurrence": together, "people": people}  # fmt: skip


def summarise(takes: Iterable[tuple[str, str, Take]]) -> Summary:
    """Summarise the takes of a corpus, as ``Results.takes`` gives them; one at a time is held."""
    people = (summarise_take(name, take, still=kind == "still") for name, kind, take in takes)
    return Summary(tuple(chain.from_iterable(people)))


def summarise_take(name: str, take: Take, *, still: bool = False) -> list[PersonSummary]:
    """Summarise each person of one take; of stills there are no people, and no episodes."""
    found = []
    numbers = [1] if still else sorted({int(each) for each in take["person"][take.face]})
    span = float(np.ptp(take.time)) if len(take) > 1 else 0.0
    for person in numbers:
        own = take.face if still else take.face & (take["person"] == person)
        there = take.aus[own] >= OCCURS
        both = there.T.astype(np.int64) @ there.astype(np.int64)
        count = there.sum(axis=0)
        total = np.where(there, take.aus[own], 0.0).sum(axis=0)
        intensity = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        share = own.sum() / max(len(np.unique(take.frame)), 1)
        episodes = () if still else tuple(
            each for kind in RULES for each in find_episodes(take, kind, person)
        )  # fmt: skip
        found.append(PersonSummary(
            name, person, int(own.sum()), float("nan") if still else span * min(share, 1.0),
            there.mean(axis=0) if own.any() else np.full(len(AU_NAMES), np.nan),
            np.asarray(intensity, np.float64), both, episodes,
        ))  # fmt: skip
    return found


def _stated(rule: Rule) -> dict[str, Any]:
    return {name: None if each == math.inf else each for name, each in rule._asdict().items()}


def _named(values: Values) -> dict[str, float | None]:
    return {name: number(each) for name, each in zip(AU_NAMES, values, strict=True)}
