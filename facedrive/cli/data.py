"""``facedrive data``: check a folder of labelled faces, and prepare it for training."""

from __future__ import annotations

import argparse
import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from facedrive.cli.options import add_labels

if TYPE_CHECKING:
    from facedrive.feafa.labels.check import Report
    from facedrive.feafa.labels.video import Layout, Part
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="count what is there, and list what is wrong with it")
    check.add_argument("--quick", action="store_true", help="do not open the pictures")
    prepare = actions.add_parser("prepare", help="cut the faces out, into a cache to train from")
    prepare.add_argument("--cache", type=Path, required=True, metavar="DIR",
                         help="folder to fill; 64 KB a frame")  # fmt: skip
    prepare.add_argument("--workers", type=_count, metavar="N",
                         help="processes; default: one a core")  # fmt: skip
    prepare.add_argument("--skip-bad", action="store_true",
                         help="leave frames with unusable labels out, and go on")  # fmt: skip
    for action in (check, prepare):
        action.add_argument("data", type=Path, metavar="DIR", help="the dataset's folder")
        add_labels(action)
        action.add_argument("--json", action="store_true", help="one JSON object, nothing else")


def run(args: argparse.Namespace) -> int:
    """Check or prepare."""
    return _check(args) if args.action == "check" else _prepare(args)


def _check(args: argparse.Namespace) -> int:
    from facedrive.feafa.labels.check import check

    report = check(args.data, args.left, args.part, open_pictures=not args.quick)
    print(json.dumps(report.as_dict()) if args.json else _report(report))
    return 0 if report.sound else UNSOUND


def _prepare(args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from facedrive.feafa.labels.dataset import read_dataset
    from facedrive.feafa.protocol.prepare import prepare

    videos = read_dataset(args.data, args.left, args.part, args.skip_bad)
    counts = prepare(videos, args.cache, args.workers)
    if args.json:
        print(json.dumps({name: asdict(each) for name, each in counts.items()}))
        return 0
    people = len({video.subject for video in videos if counts[video.name].kept})
    print(_kept(list(counts.values()), people))
    print(f"train on it with: facedrive train RECIPE --data {args.cache}")
    return 0


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
    rows = [("", *(" ".join(key) for key in report.tallies))]
    for field, title in ROWS.items():
        if not report.opened and field in ("duplicate_pictures", "unreadable_pictures"):
            continue
        counts = (f"{getattr(tally, field):,}" for tally in report.tallies.values())
        rows.append((title, *counts))
        if field in PAPER_ROWS:
            rows.append(("  in the paper", *(_paper(report, key, field) for key in report.tallies)))
    width = max(len(cell) for row in rows for cell in row[1:]) + 2
    return "\n".join(f"{row[0]:<24}" + "".join(f"{x:>{width}}" for x in row[1:]) for row in rows)


def _paper(report: Report, key: tuple[Layout, Part], field: str) -> str:
    """Say what the paper says, and by how much the dataset differs from it."""
    from facedrive.feafa.analysis.paper import SAID, nearest

    if key not in SAID:
        return "-"
    said: tuple[int, ...] = SAID[key]._asdict()[PAPER_ROWS[field]]
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


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"'{text}' is no number of processes")
    return int(text)
