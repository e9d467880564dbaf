"""What several coders say of the same videos: how far they agree, and where they do not.

Agreement is ICC(2,k) with its 95 % interval, per AU, as the paper's Table 3. Videos have different
coders; the mean squares add up over the videos, whose j-th coders share the j-th column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from facedrive.annotate.keys import Values, draw_all
from facedrive.annotate.project import Project
from facedrive.annotate.rules import spans
from facedrive.aus import AU_NAMES
from facedrive.errors import DataError
from facedrive.feafa.analysis.agreement import level
from facedrive.stats.icc import Icc, icc, mean_squares, rating_sums, why_undefined
from facedrive.stats.metrics import number

APART = 0.15
"""Difference of two coders from which a frame is listed."""

LISTED = 100


class Ratings(NamedTuple):
    """What k coders say of one video."""

    video: str
    coders: tuple[str, ...]
    values: Values
    """(24, F, k)."""


class Agreement(NamedTuple):
    """How far coders agree over some videos."""

    videos: tuple[str, ...]
    k: int
    """Coders of each video; 0 where no two have labelled the same one."""
    frames: int
    icc: Icc
    """ICC(2,k) per AU, (24,), with the interval that takes frames as independent."""
    reasons: tuple[str, ...]
    """Per AU, why it has no ICC; empty where it has one."""

    def rows(self) -> list[dict[str, Any]]:
        """Return a row an AU, ready for JSON; None for NaN."""
        return [
            {"au": name, "icc": number(self.icc.value[index]), "low": number(self.icc.low[index]),
             "high": number(self.icc.high[index]), "level": level(self.icc.low[index]),
             "reason": self.reasons[index]}
            for index, name in enumerate(AU_NAMES)
        ]  # fmt: skip


class Difference(NamedTuple):
    """Frames of a video in which coders differ over an AU."""

    video: str
    au: str
    first: int
    last: int
    frame: int
    """Where they differ most."""
    apart: float
    """By how much."""
    lowest: str
    """Who says least there."""
    highest: str


def coder_labels(project: Project, name: str, coder: str) -> Values:
    """Return what a coder says of a video, (F, 24).

    Raises:
        DataError: if a file is wrong.
    """
    return draw_all(project.document(name, coder).tracks, project.clock(name).times)


def active_coders(project: Project, name: str) -> tuple[str, ...]:
    """Return those of a video's coders who have set a key."""
    return tuple(
        coder
        for coder in project.video(name).coders
        if (project.folder / "keys" / name / f"{coder}.csv").exists()
        and project.document(name, coder).tracks
    )


def ratings_of(project: Project, name: str) -> Ratings:
    """Return what the coders of a video say."""
    coders = active_coders(project, name)
    drawn = [coder_labels(project, name, coder).T for coder in coders]
    values = np.stack(drawn, axis=-1) if drawn else np.zeros((len(AU_NAMES), 0, 0))
    return Ratings(name, coders, values)


def agree(ratings: Sequence[Ratings]) -> Agreement:
    """Estimate agreement over the videos that as many coders have labelled as any.

    Raises:
        DataError: if no two coders have labelled the same video.
    """
    k = max((len(each.coders) for each in ratings), default=0)
    if k < 2:
        raise DataError("no two coders have labelled the same video yet; agreement needs two.")
    whole = [each for each in ratings if len(each.coders) == k]
    squares = mean_squares(np.sum([rating_sums(each.values) for each in whole], axis=0))
    return Agreement(
        tuple(each.video for each in whole),
        k,
        sum(each.values.shape[1] for each in whole),
        icc(squares, "2,k"),
        tuple(str(reason) for reason in why_undefined(squares, "2,k")),
    )


def differences(ratings: Sequence[Ratings], apart: float = APART) -> list[Difference]:
    """List where coders differ, the most first: by how much, and for how long."""
    found = []
    for each in ratings:
        if len(each.coders) < 2:
            continue
        reach = np.ptp(each.values, axis=-1)  # (24, F)
        for index, name in enumerate(AU_NAMES):
            for first, last in spans(reach[index] > apart):
                frame = first + int(np.argmax(reach[index, first : last + 1]))
                said = each.values[index, frame]
                weight = float(reach[index, first : last + 1].sum())
                found.append((weight, Difference(
                    each.video, name, first, last, frame, float(reach[index, frame]),
                    each.coders[int(said.argmin())], each.coders[int(said.argmax())],
                )))  # fmt: skip
    found.sort(key=lambda each: -each[0])
    return [difference for _, difference in found[:LISTED]]
