"""The analysis as a folder: one HTML page that needs no other file, figures, and JSON."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from facedrive.aus import AUS
from facedrive.errors import DataError
from facedrive.feafa.analysis.agreement import Agreement, level
from facedrive.feafa.analysis.plots import draw_all, render
from facedrive.feafa.analysis.statistics import INTERVAL_NAMES, Analysis, PartStatistics
from facedrive.files import write_whole

STYLE = """
:root { color-scheme: light dark; --ink: #1d1f21; --soft: #5f6368; --line: #d9dce0;
  --paper: #fff; --band: #f5f6f8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e7e9; --soft: #a0a5ab; --line: #3a3e44;
  --paper: #17191c; --band: #1f2226; } }
body { font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif;
  color: var(--ink); background: var(--paper); max-width: 62rem; margin: 0 auto;
  padding: 2rem 1.5rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; }
h2 { font-size: 1.15rem; margin: 2.6rem 0 .6rem; padding-top: .6rem;
  border-top: 1px solid var(--line); }
p { max-width: 46rem; margin: .4rem 0; }
.soft, figcaption { color: var(--soft); font-size: .87rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1.5rem;
  align-items: start; }
figure { margin: .8rem 0; }
img { display: block; width: 100%; max-width: 28rem; background: #fff; border-radius: 6px;
  padding: .6rem; box-sizing: border-box; border: 1px solid var(--line); }
figcaption { margin-top: .4rem; max-width: 28rem; }
table { border-collapse: collapse; font-size: .82rem; font-variant-numeric: tabular-nums;
  margin: .8rem 0; }
th, td { padding: .18rem .6rem; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th { font-weight: 600; border-bottom-color: var(--soft); vertical-align: bottom; }
th.name, td.name { text-align: left; }
tbody tr:nth-child(even) { background: var(--band); }
.wide { overflow-x: auto; }
@media print { :root { --ink: #000; --soft: #444; --line: #ccc; --paper: #fff; --band: #f5f5f5; }
  body { font-size: 10pt; max-width: none; padding: 0; }
  table { font-size: 7.5pt; line-height: 1.25; } th, td { padding: .1rem .5rem; }
  figure, .wide { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .pair { grid-template-columns: 1fr 1fr; } .wide { overflow: visible; } }
"""

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
    title = escape(f"Action units of {analysis.name}")
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<style>{STYLE}</style>\n<body>\n<h1>{title}</h1>\n"
        + "\n".join(sections)
        + "\n</body>\n</html>\n"
    )


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
    return source + (_table(head, rows) if rows else "")


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
        + _table(head, rows, names=(1, 8))
        + _figure(pictures["table3_agreement"], caption)
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
        _figure(
            pictures["figure2_occurrence"],
            "Figure 2. Share of the labelled frames in which each AU occurs: its intensity, "
            "rounded to three decimals, is above 0.",
        ),
        _figure(
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
    return _table(head, rows, names=(1,))


def _correlation(analysis: Analysis, pictures: Mapping[str, bytes]) -> str:
    figures = [
        _figure(
            pictures[f"figure4_correlation_{part}"],
            f"Figure 4 ({letter}). Pearson’s r between AUs, {part}: {each.frames:,} frames.",
        )
        for letter, (part, each) in zip("ab", analysis.parts.items(), strict=False)
    ]
    return f'<h2>Correlation</h2>\n<div class="pair">{"".join(figures)}</div>'


def _figure(svg: bytes, caption: str) -> str:
    source = f"data:image/svg+xml;base64,{b64encode(svg).decode()}"
    alternative = caption.split(". ")[1].rstrip(".")
    return (
        f'<figure><img alt="{alternative}" src="{source}"><figcaption>{caption}</figcaption>'
        "</figure>"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], names: Sequence[int] = (0,)) -> str:
    """Lay out a table; ``names`` are the columns of words."""
    lines = [f"<tr>{_cells('th', head, names)}</tr></thead><tbody>"]
    lines += [f"<tr>{_cells('td', row, names)}</tr>" for row in rows]
    return '<div class="wide"><table><thead>' + "\n".join(lines) + "</tbody></table></div>"


def _cells(tag: str, texts: Sequence[str], names: Sequence[int]) -> str:
    kinds = [' class="name"' if index in names else "" for index in range(len(texts))]
    return "".join(
        f"<{tag}{kind}>{escape(text)}</{tag}>" for kind, text in zip(kinds, texts, strict=True)
    )


def _au(index: int) -> list[str]:
    return [str(AUS[index].number), AUS[index].name.replace("_", " ")]


def _decimal(value: float) -> str:
    return "–" if value != value else f"{value:.3f}".replace("-", "−")


def _range(low: float, high: float) -> str:
    return "–" if low != low else f"{_decimal(low)} – {_decimal(high)}"


def _percent(share: float) -> str:
    return "–" if share != share else f"{100 * share:.1f}"
