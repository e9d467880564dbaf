"""The analysis as figures for a paper: one column wide, and safe for the colour-blind.

Each figure is an object of its own, drawn without matplotlib's global state, and its files are the
same bytes every time.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from facedrive.aus import AUS
from facedrive.feafa.analysis.agreement import LEVELS, Agreement
from facedrive.feafa.analysis.statistics import INTERVAL_NAMES, Analysis, PartStatistics
from facedrive.feafa.labels.video import Part

COLUMN_IN = 3.5
"""Width of a journal's column, inches."""

DPI = 300

FIGURE_SPACE = "\N{FIGURE SPACE}"
AU_LABELS = tuple(f"{au.name.replace('_', ' ')}  {au.number:{FIGURE_SPACE}>2}" for au in AUS)

COLOURS: dict[Part, str] = {"posed": "#0072B2", "spontaneous": "#E69F00"}
"""Okabe and Ito's blue and orange."""

INK, FAINT, GRAY = "#222222", "#D9D9D9", "#777777"

STYLE: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same figure everywhere
    "font.size": 6.5,
    "axes.titlesize": 7,
    "axes.labelsize": 6.5,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.labelsize": 6,
    "ytick.labelsize": 6,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.size": 2,
    "ytick.major.size": 0,
    "grid.color": FAINT,
    "grid.linewidth": 0.4,
    "hatch.linewidth": 0.4,
    "legend.frameon": False,
    "legend.fontsize": 6.5,
    "legend.handlelength": 1.2,
    "figure.dpi": DPI,
    "figure.constrained_layout.use": True,
    "svg.hashsalt": "facedrive",
}


def draw_all(analysis: Analysis) -> dict[str, Figure]:
    """Draw every figure that there is data for, by file name without its ending."""
    figures: dict[str, Figure] = {}
    if analysis.agreement:
        figures["table3_agreement"] = draw_agreement(analysis.agreement)
    if analysis.parts:
        figures["figure2_occurrence"] = draw_occurrence(analysis.parts)
        figures["figure3_distribution"] = draw_distribution(analysis.parts)
    for part, statistics in analysis.parts.items():
        figures[f"figure4_correlation_{part}"] = draw_correlation(statistics)
    return figures


def render(figure: Figure, kind: Literal["png", "svg"]) -> bytes:
    """Return a figure as the bytes of a file."""
    file = io.BytesIO()
    metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
    with mpl.rc_context(STYLE):
        figure.savefig(file, format=kind, dpi=DPI, metadata=metadata)
    return file.getvalue()


def draw_agreement(agreement: Agreement) -> Figure:
    """Draw Table 3: ICC(2,k) per AU with its intervals, over the levels of agreement."""
    with _figure(4.3) as figure:
        axes = figure.subplots()
        rows = np.arange(len(AUS))
        icc, (low, high) = agreement.icc, agreement.over_videos
        # Below -0.1 agreement is worse than none at all; how much worse says nothing.
        lowest = max(-0.1, min(0.45, float(np.nanmin([*icc.low, *low, 0.45])) - 0.02))
        axes.hlines(rows, np.maximum(low, lowest), high, color=COLOURS["spontaneous"], linewidth=1,
                    label="95 %, videos drawn")  # fmt: skip
        axes.hlines(rows, np.maximum(icc.low, lowest), icc.high, color=COLOURS["posed"],
                    linewidth=2.5, label="95 %, frames independent")  # fmt: skip
        axes.plot(icc.value, rows, "o", color=INK, markersize=2.2, label="ICC(2,k)")
        for bound, name in LEVELS.items():
            axes.axvline(bound, color=INK, linewidth=0.4, linestyle=(0, (4, 3)), zorder=0)
            axes.text(bound, -0.9, f" {name}", fontsize=5, va="center", color=INK)
        _say(axes, np.isnan(icc.value), "undefined", lowest)
        _list_aus(axes)
        axes.set_xlim(lowest, 1.005)
        axes.set_xlabel(
            f"ICC(2,k), k = {len(agreement.coders)} coders, {agreement.frames:,} frames"
        )
        figure.legend(loc="outside upper center", ncols=3, columnspacing=1)
    return figure


def draw_occurrence(parts: dict[Part, PartStatistics]) -> Figure:
    """Draw Figure 2: in how many frames each AU occurs, by part."""
    with _figure(4.3) as figure:
        axes = figure.subplots()
        height = 0.8 / len(parts)
        for index, (part, statistics) in enumerate(parts.items()):
            rows = np.arange(len(AUS)) - 0.4 + (index + 0.5) * height
            shares = 100 * np.nan_to_num(statistics.occurrence)
            axes.barh(rows, shares, height, color=COLOURS[part], label=part)
            for row in rows[statistics.labelled == 0]:
                axes.text(0, row, " no labels", fontsize=4, va="center", color=GRAY)
        _list_aus(axes)
        axes.grid(axis="x")
        axes.set_xlabel("frames in which the AU occurs (%)")
        figure.legend(loc="outside upper center", ncols=2)
    return figure


def draw_distribution(parts: dict[Part, PartStatistics]) -> Figure:
    """Draw Figure 3: how intense each AU is where it occurs, by part."""
    with _figure(4.3) as figure:
        panels: Sequence[Axes] = figure.subplots(1, len(parts), sharey=True, squeeze=False)[0]
        shades = mpl.colormaps["viridis_r"](np.linspace(0.02, 0.98, len(INTERVAL_NAMES)))
        for axes, (part, statistics) in zip(panels, parts.items(), strict=True):
            shares = 100 * np.nan_to_num(statistics.distribution)
            starts = shares.cumsum(1) - shares
            for index, shade in enumerate(shades):
                axes.barh(range(len(AUS)), shares[:, index], 0.78, starts[:, index], color=shade)
            _say(axes, statistics.occurrence == 0, "never occurs", 0)
            _say(axes, statistics.labelled == 0, "no labels", 0)
            axes.set(title=part, xlim=(0, 100), xlabel="frames with the AU (%)")
        _list_aus(panels[0])
        keys = [Patch(color=shade, label=name)
                for shade, name in zip(shades, INTERVAL_NAMES, strict=True)]  # fmt: skip
        figure.legend(handles=keys, loc="outside upper center", ncols=len(keys), columnspacing=0.9,
                      handletextpad=0.4, title="intensity", title_fontsize=6.5)  # fmt: skip
    return figure


def draw_correlation(statistics: PartStatistics) -> Figure:
    """Draw half of Figure 4: Pearson's r between AUs, hatched where an AU does not vary."""
    with _figure(4.0) as figure:
        axes = figure.subplots()
        axes.patch.set(hatch="///////", edgecolor="#BBBBBB", linewidth=0)
        matrix = np.ma.masked_invalid(statistics.correlation)
        picture = axes.pcolormesh(matrix, vmin=-1, vmax=1,
                                  cmap="RdBu_r", edgecolors="white", linewidth=0.3)  # fmt: skip
        places = np.arange(len(AUS)) + 0.5
        axes.set_aspect("equal")
        axes.invert_yaxis()
        axes.set_yticks(places, AU_LABELS, fontsize=5.4)
        axes.set_xticks(places, AU_LABELS, fontsize=5.4, rotation=90)
        axes.tick_params(length=0, pad=1.5)
        axes.spines[:].set_visible(False)
        bar = figure.colorbar(picture, location="top", shrink=0.7, aspect=40, pad=0.015)
        bar.set_label(
            "Pearson's r" + ("; hatched: does not vary" if np.ma.is_masked(matrix) else "")
        )
        bar.outline.set_visible(False)
    return figure


@contextmanager
def _figure(height_in: float) -> Iterator[Figure]:
    """Draw on a new figure in the common style."""
    with mpl.rc_context(STYLE):
        yield Figure(figsize=(COLUMN_IN, height_in))


def _list_aus(axes: Axes) -> None:
    """Put the AUs on the vertical axis, the first on top."""
    axes.set_yticks(range(len(AUS)), AU_LABELS)
    axes.set_ylim(len(AUS) - 0.4, -0.6)


def _say(axes: Axes, rows: np.ndarray[Any, np.dtype[np.bool_]], text: str, at: float) -> None:
    """Write in some rows why they are empty."""
    for row in np.flatnonzero(rows):
        axes.text(at, float(row), f" {text}", fontsize=5, va="center", color=GRAY)
