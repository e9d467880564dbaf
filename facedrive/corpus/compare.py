"""Agreement of two extracts, per action unit, with intervals: over clips, people, or stretches.

A figure's interval is the bootstrap's over clusters, drawn with replacement: a person in a clip, or
where there are fewer than ``FEWEST`` of these, stretches of ``STRETCH_S`` seconds. Frames of one
face are no independent observations, so that an interval over frames would be far too narrow.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.corpus.results import Results, is_results
from facedrive.errors import DataError
from facedrive.stats.bootstrap import draw_clusters, percentile_bounds, resample
from facedrive.stats.icc import estimate, mean_squares, rating_sums
from facedrive.stats.metrics import number, scores_of, sums
from facedrive.takes.read import read_table
from facedrive.takes.take import Take

FEWEST = 8
"""Clusters that an interval needs."""

STRETCH_S = 5.0
RESAMPLES = 1000
LIMIT = 1.96
"""Deviations of the differences to each side of their mean: 95 % of them, where they are normal."""

Values = NDArray[np.float64]

FIGURES = ("r", "icc", "mae", "bias", "low", "high")
"""Pearson's r; ICC(2,1), absolute agreement; mean absolute error; and of Bland and Altman the mean
difference, second less first, and its limits of agreement."""


class Track(NamedTuple):
    """One person's action units in one clip."""

    times: Values
    """(n,) seconds."""
    aus: Values
    """(n, 24), NaN where there is none."""


Key = tuple[str, int]
"""Clip and person."""


class Figure(NamedTuple):
    """A figure of each AU, with its 95 % interval; each (24,)."""

    value: Values
    low: Values
    high: Values


@dataclass(frozen=True)
class Agreement:
    """How far two extracts agree."""

    frames: int
    tracks: int
    """People in clips that both have."""
    clusters: int
    by: str
    """What the intervals are over: people or stretches."""
    figures: Mapping[str, Figure]
    people: Mapping[Key, Mapping[str, Values]]
    """The same figures, (24,) each, of each person in each clip."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        figures = {
            au: {name: {part: number(values[index]) for part, values in each._asdict().items()}
                 for name, each in self.figures.items()}
            for index, au in enumerate(AU_NAMES)
        }  # fmt: skip
        people = [{"clip": clip, "person": person}
                  | {name: [number(each) for each in values] for name, values in own.items()}
                  for (clip, person), own in self.people.items()]  # fmt: skip
        return {"frames": self.frames, "tracks": self.tracks, "clusters": self.clusters,
                "intervals_over": self.by, "aus": figures, "people": people}  # fmt: skip


def read_tracks(path: str | Path) -> dict[Key, Track]:
    """Read an extract: a folder of results, a take, or a CSV with ``time_s`` and action units.

    Raises:
        DataError: if it is none.
    """
    if is_results(path):
        takes = ((name, take) for name, kind, take in Results.open(path).takes() if kind != "still")
        return {key: track for name, take in takes for key, track in _tracks_of(name, take)}
    whole = Path(path)
    if whole.suffix.lower() == ".csv" and (labels := _read_labels(whole)) is not None:
        return {("", 1): labels}
    rows = np.array(list(read_table(whole)))
    return dict(_tracks_of("", Take(rows)))


def _tracks_of(name: str, take: Take) -> Iterable[tuple[Key, Track]]:
    for person in sorted({int(each) for each in take["person"][take.face]}):
        own = take.face & (take["person"] == person)
        yield (name, person), Track(take.time[own], take.aus[own].astype(np.float64))


def _read_labels(path: Path) -> Track | None:
    """Read a CSV of labels: some action units by time; None of one that is a whole take."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            names = set(reader.fieldnames or ())
            if "face" in names or "Timecode" in names:
                return None
            if "time_s" not in names or not names & set(AU_NAMES):
                raise DataError(f"{path} has no column time_s, or none of an action unit.")
            rows = list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    try:
        table = [[float(row.get(name) or "nan") for name in ("time_s", *AU_NAMES)] for row in rows]
    except ValueError as error:
        raise DataError(f"{path}: {error}; action units and times are numbers.") from error
    values = np.array(table).reshape(-1, 1 + len(AU_NAMES))
    return Track(values[:, 0], values[:, 1:])


def compare(first: Mapping[Key, Track], second: Mapping[Key, Track]) -> Agreement:
    """Compare two extracts of the same clips, at the times that both have.

    Raises:
        DataError: if they have no frame in common.
    """
    pairs = {key: joined for key, joined in _pairs(first, second).items() if len(joined.times)}
    if not pairs:
        raise DataError("the two have no frame in common: are they of the same clips and people?")
    clusters, by = _clusters(pairs)
    totals = np.stack([_sums(each) for each in clusters])  # (K, 8, 24)
    ratings = np.stack([_rating_sums(each) for each in clusters])  # (K, 24, 5)
    drawn = draw_clusters(len(clusters), RESAMPLES, np.random.default_rng(0))
    values = _figures(totals.sum(0), ratings.sum(0))
    draws = _figures(resample(totals, drawn), resample(ratings, drawn))
    figures = {name: _with_interval(values[name], draws[name]) for name in FIGURES}
    people = {key: _figures(_sums(each), _rating_sums(each))
              for key, each in pairs.items()}  # fmt: skip
    frames = sum(len(each.times) for each in pairs.values())
    return Agreement(frames, len(pairs), len(clusters), by, figures, people)


class _Pair(NamedTuple):
    """The frames that two tracks have in common."""

    times: Values
    one: Values
    two: Values


def _pairs(first: Mapping[Key, Track], second: Mapping[Key, Track]) -> dict[Key, _Pair]:
    if len(first) == len(second) == 1:  # one take each, whatever they are called
        second = dict(zip(first, second.values(), strict=True))
    found = {}
    for key in first.keys() & second.keys():
        one, two = first[key], second[key]
        at = np.clip(np.searchsorted(two.times, one.times - TIME_SLACK), 0, len(two.times) - 1)
        same = np.abs(two.times[at] - one.times) <= TIME_SLACK if len(two.times) else at < 0
        found[key] = _Pair(one.times[same], one.aus[same], two.aus[at[same]])
    return dict(sorted(found.items()))


TIME_SLACK = 1.5e-3
"""Seconds that times of one frame may differ by: some formats round to milliseconds."""


def _clusters(pairs: Mapping[Key, _Pair]) -> tuple[list[_Pair], str]:
    if len(pairs) >= FEWEST:
        return list(pairs.values()), "people"
    parts: list[_Pair] = []
    for each in pairs.values():
        stretch = np.floor((each.times - each.times[0]) / STRETCH_S)
        parts += [_Pair(*(values[stretch == number_] for values in each))
                  for number_ in np.unique(stretch)]  # fmt: skip
    return parts, "stretches"


def _with_interval(values: Values, draws: Values) -> Figure:
    low, high = percentile_bounds(draws)
    return Figure(values, np.asarray(low, np.float64), np.asarray(high, np.float64))


def _sums(pair: _Pair) -> Values:
    return np.asarray(sums(pair.two, pair.one), np.float64)


def _rating_sums(pair: _Pair) -> Values:
    ratings = np.stack([pair.one, pair.two], axis=-1).swapaxes(0, 1)  # (24, n, 2)
    return np.asarray(rating_sums(ratings))


def _figures(totals: Values, ratings: Values) -> dict[str, Values]:
    """Return the figures of (..., 8, 24) and (..., 24, 5) sums, each (..., 24)."""
    scores = scores_of(totals)
    with np.errstate(invalid="ignore", divide="ignore"):
        count, x, y = totals[..., 0, :], totals[..., 1, :], totals[..., 2, :]
        bias = (y - x) / count
        spread = np.sqrt(np.maximum(scores.mse - bias**2, 0.0))
    return {
        "r": np.asarray(scores.pearson, np.float64),
        "icc": np.asarray(estimate(mean_squares(ratings), "2,1")),
        "mae": np.asarray(scores.mae, np.float64),
        "bias": np.asarray(bias),
        "low": np.asarray(bias - LIMIT * spread),
        "high": np.asarray(bias + LIMIT * spread),
    }
