"""The expert's pass: whose values an AU's label is the mean of, span by span, and why.

Where nothing is said, all the coders of the video are accepted. The expert's own keys are those of
the coder ``expert``; a span that accepts them has the expert's values.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np

from facedrive.annotate.coders import active_coders, coder_labels
from facedrive.annotate.keys import Values, draw, ordered
from facedrive.annotate.project import EXPERT, Project
from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.errors import DataError, unknown
from facedrive.extras import EXTRA_INDEX
from facedrive.files import read_text, write_whole

DECIMALS = 3
"""Of a label, as section 4.1 of the paper."""

COLUMNS = ("au", "first", "last", "accept", "reason")


class Decision(NamedTuple):
    """What the expert accepts of an AU in a span of frames."""

    au: str
    first: int
    last: int
    accept: tuple[str, ...]
    """Coders, or ``expert``; the label is their mean."""
    reason: str


def read_decisions(project: Project, name: str) -> list[Decision]:
    """Read what the expert has accepted of a video; a later line outdoes an earlier one.

    Raises:
        DataError: if a line is wrong.
    """
    path = _path(project.folder, name)
    if not path.exists():
        return []
    rows = list(csv.reader(read_text(path, DataError, "list of decisions").splitlines()))
    return [
        _decision(f"{path}, line {number}", row, project, name)
        for number, row in enumerate(rows, 1)
        if row and tuple(row) != COLUMNS
    ]


def decide(project: Project, name: str, decision: Decision) -> list[Decision]:
    """Add a decision, and return all of them.

    Raises:
        DataError: if it is wrong, gives no reason, accepts keys of the expert that are not
            there, or cannot be written.
    """
    row = _row(decision)
    checked = _decision("decision", row, project, name)
    if not checked.reason.strip():
        raise DataError("a decision needs a reason; say in some words why.")
    if EXPERT in checked.accept and not project.document(name, EXPERT).tracks.get(checked.au):
        raise DataError(f"the expert has no key of {checked.au}; set one first.")
    decisions = [*read_decisions(project, name), checked]
    keep_decisions(project, name, decisions)
    return decisions


def keep_decisions(project: Project, name: str, decisions: list[Decision]) -> None:
    """Write all decisions of a video.

    Raises:
        DataError: if they cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(_row, decisions))
    write_whole(_path(project.folder, name), text.getvalue(), DataError)


def final_labels(project: Project, name: str) -> Values:
    """Return the labels of a video, (F, 24), to three decimals: means of what is accepted.

    Raises:
        DataError: if nobody has labelled it, or a file is wrong.
    """
    coders = active_coders(project, name)
    decisions = read_decisions(project, name)
    wanted = {*coders, *(each for decision in decisions for each in decision.accept)}
    if not wanted:
        raise DataError(f"{name}: nobody has labelled it; there is nothing to export.")
    said = {coder: coder_labels(project, name, coder) for coder in sorted(wanted)}
    frames = project.video(name).frames
    labels = _mean(said, coders) if coders else np.zeros((frames, len(AU_NAMES)))
    for decision in decisions:
        rows = slice(decision.first, decision.last + 1)
        column = AU_INDEX[decision.au]
        labels[rows, column] = _mean(said, decision.accept)[rows, column]
    return rounded(labels)


def extra_labels(project: Project, name: str) -> dict[str, Values]:
    """Return the extras that coders of a video have set, (F,) each: the mean of who has.

    Raises:
        DataError: if a file is wrong.
    """
    times = project.clock(name).times
    said: dict[str, list[Values]] = {}
    for coder in active_coders(project, name):
        for channel, track in project.document(name, coder).tracks.items():
            if channel in EXTRA_INDEX:
                said.setdefault(channel, []).append(draw(ordered(track), times))
    return {channel: rounded(np.mean(each, axis=0)) for channel, each in said.items()}


def rounded(labels: Values) -> Values:
    """Round labels as the paper does; what lies in the middle but for rounding goes up."""
    return np.asarray(np.round(labels + 1e-9, DECIMALS))


def _mean(said: dict[str, Values], coders: tuple[str, ...]) -> Values:
    return np.asarray(np.mean([said[coder] for coder in coders], axis=0))


def _row(decision: Decision) -> list[str]:
    return [decision.au, str(decision.first), str(decision.last), "+".join(decision.accept),
            decision.reason]  # fmt: skip


def _decision(where: str, row: list[str], project: Project, name: str) -> Decision:
    if len(row) != len(COLUMNS):
        raise DataError(f"{where}: {len(row)} values; it must be {','.join(COLUMNS)}.")
    au, first, last, accept, reason = row
    if au not in AU_INDEX:
        raise DataError(f"{where}: {unknown('action unit', au[:40], AU_INDEX)}")
    if not (first.isdecimal() and last.isdecimal()):
        raise DataError(f"{where}: '{first[:20]},{last[:20]}' are no frames.")
    frames = project.video(name).frames
    if not int(first) <= int(last) < frames:
        raise DataError(f"{where}: frames {first} to {last}; the video has 0 to {frames - 1}.")
    known = (*project.coders, EXPERT)
    for coder in accept.split("+"):
        if coder not in known:
            raise DataError(f"{where}: {unknown('coder', coder[:60], known)}")
    return Decision(au, int(first), int(last), tuple(accept.split("+")), reason)


def _path(folder: Path, name: str) -> Path:
    return folder / "expert" / f"{name}.csv"
