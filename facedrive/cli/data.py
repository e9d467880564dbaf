"""``facedrive data``: check a folder of labelled faces, and prepare it for training."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from facedrive.cli.tables import table
from facedrive.feafa.labels.video import Part
from facedrive.options import option

if TYPE_CHECKING:
    from facedrive.feafa.labels.check import Report
    from facedrive.feafa.labels.video import Layout
    from facedrive.feafa.protocol.prepare import Counts

UNSOUND = 1
"""Exit code of a check that found what stops training."""

LISTED = 8
"""Problems of a kind that are shown to people; --json shows all."""

ROWS = {
    "videos": "videos",
    "subjects": "subjects",
    "labelled": "labelled frames",
    "missing_labels": "frames without a label",
    "missing_pictures": "frames without a picture",
    "unusable_labels": "unusable labels",
    "out_of_range": "values out of range",
    "frames_twice": "frames twice",
    "duplicate_pictures": "pictures seen before",
    "unreadable_pictures": "unreadable pictures",
}
"""Field of a tally → what the table calls it."""

PAPER_ROWS = {"videos": "videos", "subjects": "subjects", "labelled": "frames"}
"""Field of a tally → field of what the paper says."""


@dataclass(frozen=True, kw_only=True)
class Labels:
    """How a folder of labelled faces is read."""

    data: Path = option(positional=True, metavar="DIR")
    """The dataset's folder."""
    left: Literal["subject", "camera"] = "subject"
    """Whose left the FEAFA+ labels mean."""
    part: Part = "posed"
    """Of videos whose path does not say."""
    offset: int | None = None
    """What to add to the pictures' numbers where labels count from another number; 0 for none."""
    json: bool = False
    """One JSON object, nothing else."""


@dataclass(frozen=True, kw_only=True)
class Check(Labels):
    """Count what is there, and list what is wrong with it."""

    quick: bool = False
    """Do not open the pictures."""

    def run(self) -> int:
        """Check the folder; exit code 1 when what is wrong stops training."""
        from facedrive.feafa.labels.check import check

        report = check(self.data, self.left, self.part, not self.quick, self.offset)
        print(json.dumps(report.as_dict()) if self.json else _report(report))
        return 0 if report.sound else UNSOUND


@dataclass(frozen=True, kw_only=True)
class Prepare(Labels):
    """Cut the faces out, into a cache to train from."""

    cache: Path = option(metavar="DIR")
    """Folder to fill; 64 KB a frame."""
    workers: int | None = option(None, low=1)
    """Processes; one a core where left out."""
    skip_bad: bool = False
    """Leave frames with unusable labels out, and go on."""

    def run(self) -> int:
        """Fill the cache."""
        from facedrive.feafa.labels.dataset import read_dataset
        from facedrive.feafa.protocol.prepare import prepare

        videos = read_dataset(self.data, self.left, self.part, self.skip_bad, self.offset)
        counts = prepare(videos, self.cache, self.workers)
        if self.json:
            print(json.dumps({name: asdict(each) for name, each in counts.items()}))
            return 0
        people = len({video.subject for video in videos if counts[video.name].kept})
        print(_kept(list(counts.values()), people))
        print(f"train on it with: facedrive train RECIPE --data {self.cache}")
        return 0


COMMANDS = {"check": Check, "prepare": Prepare}


def _report(report: Report) -> str:
    """Lay a check out for people."""
    unused = report.unused_pictures
    blocks = [
        _table(report),
        *_problems(report),
        f"{unused} images lie in folders without labels" if unused else "",
        "\n".join(
            ("Where the paper contradicts itself:", *(f"  {x}" for x in report.contradictions))
        ),
        "Pictures were not opened (--quick)." if not report.opened else "",
        "Fit to train on." if report.sound else "Not fit to train on as it is.",
    ]
    return "\n\n".join(block for block in blocks if block)


def _table(report: Report) -> str:
    """Show a column a dataset, with the paper's counts below its own."""
    heads = ("<", *(" ".join(key) for key in report.tallies))
    rows = []
    for field, title in ROWS.items():
        if not report.opened and field in ("duplicate_pictures", "unreadable_pictures"):
            continue
        counts = (f"{getattr(tally, field):,}" for tally in report.tallies.values())
        rows.append((title, *counts))
        if field in PAPER_ROWS:
            rows.append(("  in the paper", *(_paper(report, key, field) for key in report.tallies)))
    return table(heads, rows)


def _paper(report: Report, key: tuple[Layout, Part], field: str) -> str:
    """Say what the paper says, and by how much the dataset differs from it."""
    from facedrive.feafa.analysis.paper import PAPER_COUNTS, nearest

    if key not in PAPER_COUNTS:
        return "-"
    said: tuple[int, ...] = PAPER_COUNTS[key]._asdict()[PAPER_ROWS[field]]
    count: int = getattr(report.tallies[key], field)
    more = count - nearest(count, said)
    return f"{' or '.join(f'{each:,}' for each in said)} ({f'{more:+,}' if more else 'same'})"


def _problems(report: Report) -> list[str]:
    """List the first problems of each kind."""
    blocks = []
    for kind, group in groupby(
        sorted(report.problems, key=lambda each: each.kind), lambda p: p.kind
    ):
        problems = list(group)
        lines = [f"{kind} ({len(problems)}):", *(f"  {each}" for each in problems[:LISTED])]
        if len(problems) > LISTED:
            lines.append(f"  … and {len(problems) - LISTED} more; --json lists all")
        blocks.append("\n".join(lines))
    return blocks


def _kept(counts: list[Counts], people: int) -> str:
    def total(field: str) -> int:
        return sum(getattr(each, field) for each in counts)

    return (
        f"{total('kept'):,} of {total('frames'):,} frames kept, of {people} subjects; left out: "
        f"{total('faceless'):,} without a detected face, {total('unlabelled'):,} without a label, "
        f"{total('unpictured'):,} without a picture, {total('unreadable'):,} unreadable"
    )
