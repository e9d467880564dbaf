"""The figures to reach, and whether a report reaches them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from facedrive.training.data.labels import PARAMETRIC_AUS
from facedrive.training.evaluation.comparison import Figures
from facedrive.training.evaluation.crosstalk import RESTING
from facedrive.training.evaluation.rest import LIDS

Channels = dict[str, dict[str, Any]]

TIMID, LOUD = 0.8, 1.2
"""A slope between these is neither."""


class Goal(NamedTuple):
    """One figure to reach."""

    section: str
    figure: str
    at: Literal["least", "most"]
    limit: float
    measured: float
    """NaN where nothing could be measured."""
    remark: str = ""
    """The channel that decides, or those that fail."""

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return self.measured >= self.limit if self.at == "least" else self.measured <= self.limit

    def as_dict(self) -> dict[str, Any]:
        """Return it for a report."""
        measured = None if math.isnan(self.measured) else round(self.measured, 4)
        return self._asdict() | {"measured": measured, "met": self.met}


def no_goals(section: Figures) -> Iterator[Goal]:
    """Give no goal: the section is there to be looked at."""
    yield from ()


def photographs(section: Figures) -> Iterator[Goal]:
    """Give the goals on photographs."""
    yield from _real("photographs", section, 0.88)


def clips(section: Figures) -> Iterator[Goal]:
    """Give the goals on clips."""
    pooled = section["pooled"]
    yield from _real("clips", pooled, 0.90)
    yield _worst("clips", "lowest r of gaze", "least", 0.9, pooled["gaze"], "pearson")


def _real(name: str, section: Figures, least_mean: float) -> Iterator[Goal]:
    """Give the goals on real faces, against the teacher."""
    live = {au: row for au, row in section["aus"].items() if row["live"]}
    yield Goal(name, "mean r, live AUs", "least", least_mean,
               _number(section["mean_pearson_live"]), f"{len(live)} AUs")  # fmt: skip
    yield _worst(name, "lowest r, live AUs", "least", 0.75, live, "pearson")
    yield Goal(name, "mean MAE, live AUs", "most", 0.04, _number(section["mean_mae_live"]))
    yield _worst(name, "highest MAE, live AUs", "most", 0.04, live, "mae")
    yield from _slopes(name, "live AUs", live)
    yield from _slopes(name, "all AUs", section["aus"])


def _slopes(name: str, which: str, channels: Channels) -> Iterator[Goal]:
    """Give the lowest and the highest slope, and name all that are outside."""
    timid = {au: row for au, row in channels.items() if _number(row["slope"]) < TIMID}
    loud = {au: row for au, row in channels.items() if _number(row["slope"]) > LOUD}
    lowest = _worst(name, f"lowest slope, {which}", "least", TIMID, channels, "slope")
    highest = _worst(name, f"highest slope, {which}", "most", LOUD, channels, "slope")
    yield lowest._replace(remark=_outside(lowest, timid))
    yield highest._replace(remark=_outside(highest, loud))


def _outside(goal: Goal, outside: Channels) -> str:
    return goal.remark if len(outside) < 2 else f"{goal.remark} and {len(outside) - 1} more"


def synthetic(section: Figures) -> Iterator[Goal]:
    """Give the goals on synthetic faces."""
    aus = section["aus"]
    yield _worst("synthetic", "lowest r, all AUs", "least", 0.95, aus, "pearson")
    yield Goal("synthetic", "mean MAE", "most", 0.05, _number(section["mean_mae"]))
    yield _worst("synthetic", "highest MAE", "most", 0.05, aus, "mae")
    yield Goal("synthetic", "identities", "least", 20, section["identities"])


def cross_talk(section: Figures) -> Iterator[Goal]:
    """Give the goals on AUs that should rest."""
    both = section["both"]
    for name in PARAMETRIC_AUS:
        p95 = _number(both[name]["p95"]) if name in both else math.nan
        yield Goal("cross_talk", f"95th percentile, {name}", "most", RESTING, p95)


def warped(section: Figures) -> Iterator[Goal]:
    """Give the goals on warped photographs."""
    for name in PARAMETRIC_AUS:
        pearson = _number(section["aus"].get(name, {"pearson": None})["pearson"])
        yield Goal("warped", f"r, {name}", "least", 0.8, pearson)


LEAST_SHARE: dict[str, float] = {"x2": 0.99, "x4": 0.97, "face_noface": 0.97, "noface_face": 0.97}
"""Of a clip's frames with a face; 1 where nothing else is said."""


def tracking(section: Figures) -> Iterator[Goal]:
    """Give the goals on clips that are tracked beside the peer."""
    clips = section["clips"]
    for name, clip in clips.items():
        if clip["share"] is None:
            yield Goal("tracking", f"frames with a face, {name}", "most", 0, clip["seen"])
        else:
            least = LEAST_SHARE.get(name, 1.0)
            yield Goal("tracking", f"share of the frames, {name}", "least", least, clip["share"])
    placed = {name: clip["landmarks"] for name, clip in clips.items() if clip["landmarks"]}
    yield _worst("tracking", "share with landmarks beyond 4 %", "most", 0, placed, "beyond")


def finding(section: Figures) -> Iterator[Goal]:
    """Give the goals on heads that are to be found."""
    for yaw, row in section["by_yaw"].items():
        yield Goal("finding", f"found at {yaw} degrees of yaw", "least", 0.9, _number(row["found"]))
    yield Goal("finding", "frames with a face where none is", "most", 0, section["empty"]["seen"])


def rest(section: Figures) -> Iterator[Goal]:
    """Give the goals on faces at rest."""
    aus = {name: row for name, row in section["aus"].items() if name not in LIDS}
    known = {name: section["automatic"][name] for name in aus}
    yield _worst("rest", "highest mean at rest", "most", 0.06, aus, "mean")
    yield _worst("rest", "highest 95th percentile", "most", 0.3, aus, "p95")
    yield _worst("rest", "largest difference of groups", "most", 0.08, aus, "difference")
    yield Goal("rest", "smiles 0.5 above rest", "least", 0.95,
               _number(section["smile"]["raised_share"]))  # fmt: skip
    yield _worst("rest", "highest mean, automatic neutral", "most", 0.02, known, "mean")
    yield _worst("rest", "highest 95th percentile, automatic", "most", 0.08, known, "p95")


def avatars(section: Figures) -> Iterator[Goal]:
    """Give the goals on heads of another maker."""
    yield Goal("avatars", "mean r", "least", 0.8, _number(section["mean_pearson"]))
    yield Goal("avatars", "AUs with a response of 0.4", "least", 18, section["answered"])
    yield Goal("avatars", "open eye of a wink", "most", 0.15, _number(section["wink"]["mean"]))


def jitter(section: Figures) -> Iterator[Goal]:
    """Give the goals on still pictures."""
    measured = _number(section.get("live"))
    yield Goal("jitter", "raw change a frame", "most", 0.006, measured,
               f"the teacher's {_number(section.get('teacher_apart')):.4f}")  # fmt: skip


def speed(section: Figures) -> Iterator[Goal]:
    """Give the goals of speed."""
    yield Goal("speed", "ms a face, median", "most", 1.5, section["median_ms"])


def _worst(name: str, figure: str, at: Literal["least", "most"], limit: float,
           channels: Channels, column: str) -> Goal:  # fmt: skip
    """Give the goal of the channel that is furthest from it; a missing number is."""
    sign = 1 if at == "least" else -1
    values = {channel: _number(row[column]) for channel, row in channels.items()}

    def rank(channel: str) -> float:
        return -math.inf if math.isnan(values[channel]) else sign * values[channel]

    if not values:
        return Goal(name, figure, at, limit, math.nan, "no channel")
    worst = min(values, key=rank)
    return Goal(name, figure, at, limit, values[worst], worst)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
