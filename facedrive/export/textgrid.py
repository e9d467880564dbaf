"""Praat's TextGrid: tiers of intervals that fill the whole time, empty where nothing is.

Specification: "TextGrid file formats" of the Praat manual; the long text format, in UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from facedrive.export.eaf import Interval
from facedrive.files import write_whole


def write_textgrid(path: Path, tiers: Mapping[str, Iterable[Interval]], end_s: float) -> None:
    """Write tiers as Praat reads them, from 0 to ``end_s`` seconds.

    Raises:
        SinkError: if it cannot be written.
    """
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0",
             f"xmax = {end_s:.6f}", "tiers? <exists>", f"size = {len(tiers)}",
             "item []:"]  # fmt: skip
    for number, (name, intervals) in enumerate(tiers.items(), 1):
        rows = _filled(intervals, end_s)
        lines += [f"    item [{number}]:", '        class = "IntervalTier"',
                  f"        name = {_quoted(name)}", "        xmin = 0",
                  f"        xmax = {end_s:.6f}",
                  f"        intervals: size = {len(rows)}"]  # fmt: skip
        for index, (start_s, stop_s, text) in enumerate(rows, 1):
            lines += [f"        intervals [{index}]:", f"            xmin = {start_s:.6f}",
                      f"            xmax = {stop_s:.6f}",
                      f"            text = {_quoted(text)}"]  # fmt: skip
    write_whole(path, "\n".join(lines) + "\n")


def _filled(intervals: Iterable[Interval], end_s: float) -> list[Interval]:
    """Put empty intervals between those that are given, as Praat takes no gaps."""
    rows: list[Interval] = []
    at = 0.0
    for each in sorted(intervals):
        start_s, stop_s = max(each.start_s, at), min(each.end_s, end_s)
        if stop_s <= start_s:
            continue
        if start_s > at:
            rows.append(Interval(at, start_s, ""))
        rows.append(Interval(start_s, stop_s, each.text))
        at = stop_s
    if at < end_s or not rows:
        rows.append(Interval(at, end_s, ""))
    return rows


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
