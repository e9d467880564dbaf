"""What cannot be: rules that a person may edit, and the frames that break them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from facedrive.annotate.keys import Tracks, Values
from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.errors import DataError, unknown
from facedrive.files import read_toml

Kind = Literal["both", "jump", "unheld"]
KINDS: tuple[Kind, ...] = get_args(Kind)

DEFAULT_RULES = """\
# What cannot be. Each rule marks frames of a video, for a coder to look at.
#   both    two action units above a level at once
#   jump    one that changes by more than a level from a frame to the next
#   unheld  one without a key that a person has set or confirmed

[[rule]]
kind = "both"
aus = ["left_eye_close", "left_lid_raise"]
above = 0.15
says = "a closed eye has no raised lid"

[[rule]]
kind = "both"
aus = ["right_eye_close", "right_lid_raise"]
above = 0.15
says = "a closed eye has no raised lid"

[[rule]]
kind = "both"
aus = ["jaw_slide_left", "jaw_slide_right"]
above = 0.05
says = "a jaw slides to one side at a time"

[[rule]]
kind = "both"
aus = ["left_brow_lower", "left_brow_raise"]
above = 0.5
says = "a brow that is lowered is not raised"

[[rule]]
kind = "both"
aus = ["right_brow_lower", "right_brow_raise"]
above = 0.5
says = "a brow that is lowered is not raised"

[[rule]]
kind = "jump"
aus = ["*"]
above = 0.6
says = "no muscle is that fast"

[[rule]]
kind = "unheld"
aus = ["*"]
says = "nobody has said anything of it"
"""


class Rule(NamedTuple):
    """One thing that cannot be."""

    kind: Kind
    aus: tuple[str, ...]
    above: float
    says: str


class Finding(NamedTuple):
    """Frames that break a rule."""

    kind: Kind
    aus: tuple[str, ...]
    first: int
    last: int
    says: str


def load_rules(path: Path) -> tuple[Rule, ...]:
    """Read a project's rules.

    Raises:
        DataError: if the file is none, or a rule is wrong.
    """
    table = read_toml(path, DataError, "list of rules")
    rows = table.get("rule", [])
    if set(table) - {"rule"} or not isinstance(rows, list):
        raise DataError(f"{path}: it must have [[rule]] blocks and nothing else.")
    return tuple(_rule(f"{path}, rule {number}", row) for number, row in enumerate(rows, 1))


def _rule(where: str, row: Any) -> Rule:
    if not isinstance(row, dict) or set(row) - {"kind", "aus", "above", "says"}:
        raise DataError(f"{where}: it has kind, aus, above and says.")
    aus, above = row.get("aus", []), row.get("above", 0.0)
    kind = next((each for each in KINDS if each == row.get("kind")), None)
    if kind is None:
        raise DataError(f"{where}: {unknown('kind of rule', str(row.get('kind'))[:40], KINDS)}")
    if not isinstance(aus, list) or not all(isinstance(each, str) for each in aus):
        raise DataError(f"{where}: aus must be a list of names.")
    for name in aus:
        if name not in (*AU_NAMES, "*"):
            raise DataError(f"{where}: {unknown('action unit', name[:40], AU_NAMES)}")
    if kind == "both" and len(aus) != 2:
        raise DataError(f"{where}: both takes two aus, not {len(aus)}.")
    if type(above) not in (int, float) or not 0 <= above <= 1:
        raise DataError(f"{where}: above is {above!r}; it must be from 0 to 1.")
    return Rule(kind, tuple(aus), float(above), str(row.get("says", "")))


def check_labels(
    rules: tuple[Rule, ...], labels: Values, tracks: Tracks | None = None
) -> list[Finding]:
    """Find what cannot be in labels of a video.

    Args:
        rules: What to look for.
        labels: (F, 24).
        tracks: The keys that the labels come from; None leaves ``unheld`` out.
    """
    found = [each for rule in rules for each in _broken(rule, labels, tracks or {},
                                                        keyed=tracks is not None)]  # fmt: skip
    return sorted(found, key=lambda each: (each.first, each.aus))


def _broken(
    rule: Rule, labels: Values, tracks: Mapping[str, Any], *, keyed: bool
) -> Iterator[Finding]:
    names = AU_NAMES if "*" in rule.aus else rule.aus
    if rule.kind == "both":
        one, other = (labels[:, AU_INDEX[name]] > rule.above for name in names)
        for first, last in spans(one & other):
            yield Finding("both", names, first, last, rule.says)
        return
    for name in names:
        if rule.kind == "jump":
            steps = np.abs(np.diff(labels[:, AU_INDEX[name]], prepend=labels[:1, AU_INDEX[name]]))
            for first, last in spans(steps > rule.above):
                yield Finding("jump", (name,), max(first - 1, 0), last, rule.says)
        elif keyed and all(key.machine for key in tracks.get(name, {}).values()):
            yield Finding("unheld", (name,), 0, len(labels) - 1, rule.says)


def spans(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the first and the last frame of each run of marked ones, (F,)."""
    edges = np.diff(np.concatenate([[0], marked.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return list(zip(starts.tolist(), ends.tolist(), strict=True))
