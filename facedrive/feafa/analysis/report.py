"""The analysis as a folder: one HTML page that needs no other file, figures, and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path

from facedrive.aus import AUS
from facedrive.errors import DataError
from facedrive.feafa.analysis.agreement import Agreement, level
from facedrive.feafa.analysis.plots import draw_all, render
from facedrive.feafa.analysis.statistics import INTERVAL_NAMES, Analysis, PartStatistics
from facedrive.files import write_whole
from facedrive.webpage import figure, page, table

LEVELS_EXPLAINED = (
    "By the lower bound of the 95 % interval: above 0.9 excellent, above 0.75 good, above 0.5 "
    "moderate, else poor."
)


def write_report(analysis: Analysis, folder: Path) -> None:
    """Write ``report.html``, ``analysis.json`` and each figure as PNG and SVG.

    Raises:
        DataError: if the folder cannot be made.
        SinkError: if a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder} cannot be made: {error.strerror}; give another.") from error
    figures = draw_all(analysis)
    pictures = {name: render(figure, "svg") for name, figure in figures.items()}
    files = {f"{name}.svg": picture for name, picture in pictures.items()}
    files |= {f"{name}.png": render(figure, "png") for name, figure in figures.items()}
    files["report.html"] = lay_out(analysis, pictures).encode()
    files["analysis.json"] = json.dumps(analysis.as_dict(), indent=1, allow_nan=False).encode()
    for name, content in files.items():
        write_whole(folder / name, content)


def lay_out(analysis: Analysis, pictures: Mapping[str, bytes]) -> str:
    """Return the page.

    Args:
        analysis: What the page shows.
        pictures: SVG by figure name, as ``plots.draw_all`` names them.
    """
    sections = [_overview(analysis)]
    if analysis.agreement:
        sections.append(_agreement(analysis.agreement, pictures))
    if analysis.parts:
        sections += [_occurrence(analysis, pictures), _correlation(analysis, pictures)]
    return page(f"Action units of {analysis.name}", sections)


def _overview(analysis: Analysis) -> str:
    rows = [
        [part, f"{each.videos:,}", f"{each.subjects:,}", f"{each.frames:,}"]
        for part, each in analysis.parts.items()
    ]
    source = (
        '<p class="soft">After section 3 of the FEAFA+ paper (Gan et al., 2021). Left and right '
        "are the subject’s. Made by <code>facedrive analyze</code>.</p>"
    )
    head = ["part", "videos", "subjects", "labelled frames"]
    return source + (table(head, rows) if rows else "")


def _agreement(agreement: Agreement, pictures: Mapping[str, bytes]) -> str:
    coders, videos = len(agreement.coders), len(agreement.videos)
    left_out = f" ({agreement.left_out} more lack a coder)" if agreement.left_out else ""
    caption = (
        f"Table 3. ICC(2,k) of {coders} coders ({escape(', '.join(agreement.coders))}) over "
        f"{agreement.frames:,} frames of {videos} videos{left_out}. {LEVELS_EXPLAINED} The first "
        "interval takes frames as independent, as the paper’s does; frames of one video are not, "
        "so the second draws whole videos; it is left out for an AU that shows in fewer than three."
    )
    head = ["AU", "", "ICC(2,k)", "95 %, frames", "95 %, videos", "MSR", "MSC", "MSE", "agreement"]
    rows = [_agreement_row(agreement, index) for index in range(len(AUS))]
    return (
        "<h2>Agreement of coders</h2>\n"
        + table(head, rows, names=(1, 8))
        + figure(pictures["table3_agreement"], caption)
    )


def _agreement_row(agreement: Agreement, index: int) -> list[str]:
    icc, squares, (low, high) = agreement.icc, agreement.squares, agreement.over_videos
    return [
        *_au(index),
        _decimal(icc.value[index]),
        _range(icc.low[index], icc.high[index]),
        _range(low[index], high[index]),
        *(f"{each[index]:.5f}" for each in (squares.msr, squares.msc, squares.mse)),
        agreement.reasons[index] or level(icc.low[index]),
    ]


def _occurrence(analysis: Analysis, pictures: Mapping[str, bytes]) -> str:
    figures = [
        figure(
            pictures["figure2_occurrence"],
            "Figure 2. Share of the labelled frames in which each AU occurs: its intensity, "
            "rounded to three decimals, is above 0.",
        ),
        figure(
            pictures["figure3_distribution"],
            "Figure 3. Intensity of each AU in the frames in which it occurs, in five equal "
            "intervals of (0, 1].",
        ),
    ]
    tables = [f"<h3>{part}</h3>" + _intensities(each) for part, each in analysis.parts.items()]
    return (
        '<h2>Occurrence and intensity</h2>\n<div class="pair">'
        + "".join(figures) + "</div>\n" + "\n".join(tables)
    )  # fmt: skip


def _intensities(statistics: PartStatistics) -> str:
    rows = [
        [
            *_au(index),
            f"{statistics.labelled[index]:,}",
            *(_percent(share)
              for share in (statistics.occurrence[index], *statistics.distribution[index])),
        ]
        for index in range(len(AUS))
    ]  # fmt: skip
    head = ["AU", "", "labelled frames", "occurs %", *(f"{name} %" for name in INTERVAL_NAMES)]
    return table(head, rows, names=(1,))


def _correlation(analysis: Analysis, pictures: Mapping[str, bytes]) -> str:
    figures = [
        figure(
            pictures[f"figure4_correlation_{part}"],
            f"Figure 4 ({letter}). Pearson’s r between AUs, {part}: {each.frames:,} frames.",
        )
        for letter, (part, each) in zip("ab", analysis.parts.items(), strict=False)
    ]
    return f'<h2>Correlation</h2>\n<div class="pair">{"".join(figures)}</div>'


def _au(index: int) -> list[str]:
    return [str(AUS[index].number), AUS[index].name.replace("_", " ")]


def _decimal(value: float) -> str:
    return "–" if value != value else f"{value:.3f}".replace("-", "−")


def _range(low: float, high: float) -> str:
    return "–" if low != low else f"{_decimal(low)} – {_decimal(high)}"


def _percent(share: float) -> str:
    return "–" if share != share else f"{100 * share:.1f}"
