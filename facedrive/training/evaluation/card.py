"""A report as the tables of a model card, between two marks in its Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from facedrive.aus import AU_NAMES
from facedrive.errors import DataError
from facedrive.training.evaluation.comparison import GAZE_NAMES

BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"

Section = dict[str, Any]
Report = Mapping[str, Any]

COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("photographs", "pearson", "r, photographs"),
    ("photographs", "mae", "MAE"),
    ("photographs", "slope", "slope"),
    ("clips", "pearson", "r, clips"),
    ("synthetic", "pearson", "r, rendered"),
    ("synthetic", "mae", "MAE"),
    ("warped", "pearson", "r, warped"),
)
"""Section of the report, figure in it, heading."""


def check_place(card: str, sections: Iterable[str]) -> None:
    """See that a card has a place for tables, and that these sections are enough for them.

    Raises:
        DataError: if not.
    """
    _, begin, rest = card.partition(BEGIN)
    if not begin or END not in rest:
        raise DataError(f"the card has no lines '{BEGIN}' and '{END}' for the tables.")
    missing = sorted({"converged", *(section for section, _, _ in COLUMNS)} - set(sections))
    if missing:
        raise DataError(f"a card needs every section; {', '.join(missing)} is left out.")


def renew(card: str, report: Report) -> str:
    """Put a whole report's tables in the place of those that a card has.

    Raises:
        DataError: if the card has no place for them, or the report lacks a section.
    """
    check_place(card, report)
    head, _, rest = card.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{figures(report)}\n{END}{tail}"


def figures(report: Report) -> str:
    """Lay out the channels, the means, the bands of faces, and the goals."""
    parts = (_channels(report), _means(report), _bands(report["photographs"]), _goals(report))
    return "\n\n".join("\n".join(part) for part in parts)


def _channels(report: Report) -> Iterator[str]:
    yield from _table("AU or gaze", *(heading for _, _, heading in COLUMNS))
    sections = {name: _rows(report[name]) for name, _, _ in COLUMNS}
    for channel in AU_NAMES + GAZE_NAMES:
        cells = [_cell(sections[name].get(channel), figure, name) for name, figure, _ in COLUMNS]
        yield _row(f"`{channel}`", *cells)


def _rows(section: Section) -> dict[str, Section]:
    pooled = section.get("pooled", section)
    rows: dict[str, Section] = pooled["aus"] | pooled["gaze"]
    return rows


def _cell(row: Section | None, figure: str, section: str) -> str:
    if row is None or row[figure] is None:
        return ""
    digits = 2 if figure == "slope" or section == "clips" else 3
    still = section == "clips" and not row.get("live", True)
    return f"{row[figure]:.{digits}f}" + " *" * still


def _means(report: Report) -> Iterator[str]:
    stills, clips = report["photographs"], report["clips"]
    low, high = stills["intervals"]["live"]["pearson"]
    yield (
        f"Mean r on {stills['faces']:,} photographs of {stills['people']:,} people "
        f"{stills['mean_pearson_live']:.3f} over AUs whose labels vary by more than 0.05 (95 % "
        f"interval over people {low:.3f} to {high:.3f}), {stills['mean_pearson']:.3f} over all; "
        f"MAE {stills['mean_mae']:.3f}."
    )
    converged = report["converged"]
    itself = converged["teacher_itself"]
    hardest, row = max(((name, row) for name, row in itself["aus"].items() if row["live"]),
                       key=lambda pair: pair[1]["mae"])  # fmt: skip
    yield (
        "These labels are the teacher's first looks. With its converged scores of the same "
        f"photographs the model agrees to {converged['mean_pearson_live']:.3f}, MAE "
        f"{converged['mean_mae_live']:.3f}, the teacher with its first looks to "
        f"{itself['mean_pearson_live']:.3f}, MAE {itself['mean_mae_live']:.3f}, at most "
        f"{row['mae']:.3f} (`{hardest}`)."
    )
    yield (
        f"Pooled over the clips {clips['pooled']['mean_pearson_live']:.3f}; the teacher, asked "
        "about single frames of them, agrees with itself to "
        f"{clips['teacher_itself']['mean_pearson_live']:.3f}."
    )


def _bands(stills: Section) -> Iterator[str]:
    yield from _table("faces", "count", "mean r, live AUs", "MAE")
    for key, unit in (("by_yaw_deg", "head yaw, degrees"), ("by_brightness", "mean grey")):
        for band in stills[key]:
            limits = f"{unit}, {band['from']:g} to {band['to']:g}"
            r, mae = band["mean_pearson_live"], band["mean_mae"]
            yield _row(limits, str(band["faces"]), _figure(r), _figure(mae))


def _goals(report: Report) -> Iterator[str]:
    yield from _table("section", "figure", "wanted", "measured", "")
    for goal in report["targets"]:
        sign = "≥" if goal["at"] == "least" else "≤"
        measured = _figure(goal["measured"]) + (f" ({goal['remark']})" if goal["remark"] else "")
        met = "met" if goal["met"] else "not met"
        section = goal["section"].replace("_", " ")
        yield _row(section, goal["figure"], f"{sign} {goal['limit']:g}", measured, met)
    met = sum(goal["met"] for goal in report["targets"])
    yield ""
    yield f"{met} of {len(report['targets'])} are met."


def _table(*headings: str) -> Iterator[str]:
    yield _row(*headings)
    yield "|---" * len(headings) + "|"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
