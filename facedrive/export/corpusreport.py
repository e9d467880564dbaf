"""The summary of a corpus as one HTML page, with a plot, and its episodes for ELAN and Praat."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facedrive.aus import AU_NAMES
from facedrive.corpus.episodes import RULES
from facedrive.corpus.results import Results
from facedrive.corpus.summary import OCCURS, PersonSummary, Summary
from facedrive.errors import DependencyError
from facedrive.export.eaf import Interval, write_tiers
from facedrive.export.textgrid import write_textgrid
from facedrive.files import write_whole
from facedrive.webpage import figure, page, table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST_S = 0.001
"""An episode's last frame lasts so long where the clip's rate is unknown: ELAN's unit."""

SHOWN = 200
"""People that the page's table has; the JSON beside it has all."""


def write_report(results: Results, summary: Summary, folder: Path) -> None:
    """Write ``report.html``, ``summary.json`` and ``summary.png``.

    Raises:
        SinkError: if a file cannot be written.
        DependencyError: if matplotlib is not installed.
    """
    drawn = plot_summary(summary)
    svg, png = io.BytesIO(), io.BytesIO()
    drawn.savefig(svg, format="svg", metadata={"Date": None})
    drawn.savefig(png, format="png", dpi=120)
    plot = figure(svg.getvalue(), CAPTION, broad=True)
    sections = [_overview(results, summary), plot, _people(summary), _broken(results)]
    write_whole(folder / "report.html", page("Faces of a corpus", filter(None, sections)))
    write_whole(folder / "summary.png", png.getvalue())
    write_whole(folder / "summary.json", json.dumps(summary.as_dict(), indent=1, allow_nan=False))


CAPTION = (
    f"Left: of the frames with a face, those in which an action unit occurs ({OCCURS:g} or above). "
    "Occurrence and co-occurrence of action units. Right: of the frames in which either of two "
    "occurs, those in which both do."
)


def plot_summary(summary: Summary) -> Figure:
    """Draw how often action units occur, and how often two do together.

    Raises:
        DependencyError: if matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise DependencyError(
            "the report needs matplotlib; install it with: pip install 'facedrive[analyze]'."
        ) from error
    drawn = Figure(figsize=(11, 5.5), layout="constrained")
    left, right = drawn.subplots(1, 2)
    places = np.arange(len(AU_NAMES))
    left.barh(places, 100 * summary.occurrence, color="#4878a8")
    names = [f"{name.replace('_', ' ')}  {number}" for number, name in enumerate(AU_NAMES, 1)]
    left.set_yticks(places, names, fontsize=8)
    left.invert_yaxis()
    left.set_xlabel("% of the frames with a face")
    cells = right.imshow(summary.co_occurrence, vmin=0, vmax=1, cmap="viridis")
    right.set_xticks(places, [str(place + 1) for place in places], fontsize=7)
    right.set_yticks(places, [str(place + 1) for place in places], fontsize=7)
    right.set_xlabel("action unit, numbered as on the left")
    drawn.colorbar(cells, ax=right, label="share")
    return drawn


def _overview(results: Results, summary: Summary) -> str:
    records = results.records
    rows = [
        ["files", f"{len(records):,}"],
        ["of these broken", f"{sum(each.error is not None for each in records):,}"],
        ["frames", f"{sum(each.frames for each in records):,}"],
        ["rows with a face", f"{summary.frames:,}"],
        ["hours of video", f"{sum(each.seconds or 0 for each in records) / 3600:.2f}"],
    ]
    rules = "; ".join(f"{kind}: {_told(kind)}" for kind in RULES)
    versions = ", ".join(sorted({str(each.facedrive) for each in records if each.facedrive}))
    return table(["", "corpus"], rows) + (
        f'<p class="soft">Made by <code>facedrive analyze</code>, facedrive {versions}. '
        f"Episodes by rule: {rules}. Left and right are the subject’s.</p>"
    )


def _told(kind: str) -> str:
    rule = RULES[kind]
    most = f" to {rule.most_s:g}" if np.isfinite(rule.most_s) else " or more"
    return (f"mean of {' and '.join(rule.aus)} at {rule.off:g} or above, reaching {rule.on:g}, for "
            f"{rule.least_s:g}{most} s")  # fmt: skip


def _people(summary: Summary) -> str:
    rows = [
        [each.clip, str(each.person), f"{each.frames:,}", _shown(each.seconds),
         _shown(each.a_minute("blink")), _shown(each.a_minute("smile")), _strongest(each)]
        for each in summary.people[:SHOWN]
    ]  # fmt: skip
    head = ["clip", "person", "frames", "seconds", "blinks a minute", "smiles a minute",
            "most often"]  # fmt: skip
    return "<h2>People</h2>" + table(head, rows, names=(0, 6))


def _strongest(person: PersonSummary) -> str:
    order = np.argsort(-np.nan_to_num(person.occurrence))[:3]
    return ", ".join(f"{AU_NAMES[each]} {100 * person.occurrence[each]:.0f} %" for each in order)


def _broken(results: Results) -> str:
    rows = [[each.path, str(each.error)] for each in results.records if each.error][:SHOWN]
    return (
        "<h2>Files that could not be read</h2>" + table(["file", "reason"], rows, (0, 1))
        if rows
        else ""
    )


def _shown(value: float) -> str:
    return "–" if value != value else f"{value:.1f}"


def write_episodes(summary: Summary, results: Results, folder: Path, kinds: Sequence[str]) -> int:
    """Write each clip's episodes for ELAN (``eaf``) and Praat (``textgrid``); return the files.

    Raises:
        SinkError: if one cannot be written.
    """
    records = {each.output: each for each in results.records if each.kind != "still"}
    clips: dict[str, list[PersonSummary]] = {}
    for person in summary.people:
        if f"{person.clip}.parquet" in records:
            clips.setdefault(person.clip, []).append(person)
    count = 0
    for clip, people in clips.items():
        record = records[f"{clip}.parquet"]
        tiers = tiers_of(people, 1 / record.fps if record.fps else LEAST_S)
        ends = (each.end_s for intervals in tiers.values() for each in intervals)
        end_s = max([record.seconds or 0.0, *ends])
        if "eaf" in kinds:
            write_tiers(folder / f"{clip}.eaf", tiers, None)
        if "textgrid" in kinds and end_s > 0:
            write_textgrid(folder / f"{clip}.TextGrid", tiers, end_s)
        count += 1
    return count


def tiers_of(people: Collection[PersonSummary], frame_s: float) -> dict[str, list[Interval]]:
    """Return a tier for each kind and person, also where nothing is in it.

    An interval's text is the peak. It ends with its last frame, which lasts ``frame_s`` seconds.
    """
    tiers: dict[str, list[Interval]] = {
        f"{kind} {person.person}": [] for kind in RULES for person in people
    }
    for each in (episode for person in people for episode in person.episodes):
        row = Interval(each.onset_s, each.offset_s + frame_s, f"{each.peak:.2f}")
        tiers[f"{each.kind} {each.person}"].append(row)
    return tiers
