"""The AU bars: one row a movement, the two sides of a pair growing outwards from the middle.

The half on the picture's left belongs to the side of the face that is there: the subject's
right, or in a mirrored view the left. An AU of both sides grows both ways.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from facedrive.aus import AU_INDEX, AUS, ActionUnit, Region
from facedrive.render.drawing import (
    DIM,
    PANEL,
    TEXT,
    TRACK,
    Color,
    Rect,
    bar,
    canvas,
    disc,
    text,
    text_width,
)
from facedrive.types import Image, Vector

REST = 0.01
"""An AU below it draws no bar."""
GAP = 2.0
"""Pixels between the middle and either bar of a pair."""


class Group(NamedTuple):
    """Rows under one heading."""

    title: str
    regions: tuple[Region, ...]
    color: Color


GROUPS = (
    Group("EYES", ("eye",), (84, 198, 214)),
    Group("BROWS", ("brow",), (150, 142, 255)),
    Group("JAW", ("jaw",), (255, 186, 94)),
    Group("MOUTH", ("mouth",), (255, 120, 134)),
    Group("CHEEKS AND NOSE", ("cheek", "nose"), (118, 214, 150)),
)


class Row(NamedTuple):
    """One movement: a pair of AUs, or one AU twice."""

    label: str
    right: int
    """Index of the subject's right AU."""
    left: int
    color: Color
    middle: float
    """Of its height, pixels from the top."""


class Layout(NamedTuple):
    """Where everything is in a panel of one size, in pixels."""

    rows: tuple[Row, ...]
    headings: tuple[tuple[Group, float], ...]
    """Groups and their baselines."""
    margin: float
    size: int
    """Height of the labels."""
    thickness: float
    """Height of the bars."""
    center: float
    """Where the bars start from."""
    reach: float
    """How far a full bar goes."""


def draw_bars(aus: Vector, width: int, height: int, mirror: bool) -> Image:
    """Draw (24,) AUs into a panel, (height, width, 3)."""
    panel = _resting(width, height, mirror).copy()
    layout = _layout(width, height)
    for row in layout.rows:
        before, after = float(aus[row.right]), float(aus[row.left])
        if mirror:
            before, after = after, before
        if row.left == row.right:
            length = _length(before, layout, layout.reach)
            _draw_bar(panel, layout, row, layout.center - length, 2 * length)
        else:
            first, last = (_length(value, layout, layout.reach - GAP) for value in (before, after))
            _draw_bar(panel, layout, row, layout.center - GAP - first, first)
            _draw_bar(panel, layout, row, layout.center + GAP, last)
        _draw_values(panel, layout, row, before, after)
    return panel


def _length(value: float, layout: Layout, full: float) -> float:
    """Return the pixels that a value takes of ``full``; at least a dot, at rest nothing."""
    return max(min(value, 1.0) * full, layout.thickness) if value >= REST else 0.0


def _draw_bar(panel: Image, layout: Layout, row: Row, x: float, length: float) -> None:
    if length:
        top = row.middle - layout.thickness / 2
        bar(panel, Rect(x, top, length, layout.thickness), row.color)


def _draw_values(panel: Image, layout: Layout, row: Row, before: float, after: float) -> None:
    size = layout.size - 2
    baseline = row.middle + 0.36 * size
    ends = layout.center - layout.reach - 6, layout.center + layout.reach + 6
    if row.left != row.right:
        color = TEXT if before >= REST else DIM
        text(panel, f"{100 * before:.0f}", (ends[0], baseline), size, color, align="right")
    color = TEXT if after >= REST else DIM
    text(panel, f"{100 * after:.0f}", (ends[1], baseline), size, color)


@cache
def _resting(width: int, height: int, mirror: bool) -> Image:
    """Draw what does not change: labels, headings and empty tracks."""
    panel = canvas(width, height, PANEL)
    layout = _layout(width, height)
    _draw_sides(panel, layout, mirror)
    for group, baseline in layout.headings:
        size = layout.size - 2
        disc(panel, (layout.margin + 3, baseline - 0.36 * size), 3, group.color)
        text(panel, group.title, (layout.margin + 13, baseline), size, DIM, 600)
    for row in layout.rows:
        baseline = row.middle + 0.36 * layout.size
        text(panel, row.label, (layout.margin + 13, baseline), layout.size, TEXT)
        _draw_track(panel, layout, row)
    panel.flags.writeable = False
    return panel


def _draw_sides(panel: Image, layout: Layout, mirror: bool) -> None:
    baseline = layout.headings[0][1]
    size = layout.size - 2
    sides = ("LEFT", "RIGHT") if mirror else ("RIGHT", "LEFT")
    half = layout.reach / 2
    for side, x in zip(sides, (layout.center - half, layout.center + half), strict=True):
        text(panel, side, (x, baseline), size, DIM, 600, align="center")


def _draw_track(panel: Image, layout: Layout, row: Row) -> None:
    top, thick = row.middle - layout.thickness / 2, layout.thickness
    start, reach = layout.center, layout.reach
    if row.left == row.right:
        bar(panel, Rect(start - reach, top, 2 * reach, thick), TRACK)
        return
    bar(panel, Rect(start - reach, top, reach - GAP, thick), TRACK)
    bar(panel, Rect(start + GAP, top, reach - GAP, thick), TRACK)


@cache
def _layout(width: int, height: int) -> Layout:
    """Space rows evenly; a heading takes 1.25 rows."""
    pairs = [_row_aus(group) for group in GROUPS]
    count = sum(len(aus) for aus in pairs) + 1.25 * len(GROUPS)
    margin = 0.045 * width
    pitch = (height - 0.9 * margin) / count
    size = max(9, min(round(0.62 * pitch), width // 28))
    y = 0.35 * margin
    rows: list[Row] = []
    headings: list[tuple[Group, float]] = []
    for group, aus in zip(GROUPS, pairs, strict=True):
        y += 1.25 * pitch
        headings.append((group, y - 0.25 * pitch))
        for au in aus:
            right = AU_INDEX[au.mirror]
            rows.append(Row(_label(au), right, au.number - 1, group.color, y + pitch / 2))
            y += pitch
    labels = max(text_width(row.label, size) for row in rows)
    value = text_width("100", size - 2) + 6
    first, last = margin + 13 + labels + 14 + value, width - margin - value
    thickness = max(4.0, 0.42 * pitch)
    return Layout(
        tuple(rows),
        tuple(headings),
        margin,
        size,
        thickness,
        (first + last) / 2,
        (last - first) / 2,
    )


def _row_aus(group: Group) -> list[ActionUnit]:
    """List the AUs that stand for the group's rows: of each pair the left one."""
    return [au for au in AUS if au.region in group.regions and au.side != "right"]


def _label(au: ActionUnit) -> str:
    words = [word for word in au.name.split("_") if word not in ("left", "right")]
    return " ".join(words).capitalize()
