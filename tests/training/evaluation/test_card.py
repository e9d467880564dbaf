"""Tables of a model card."""

import json
from pathlib import Path
from typing import Any

import pytest

from facedrive.errors import DataError
from facedrive.training.evaluation.card import BEGIN, END, figures, renew

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def report() -> dict[str, Any]:
    """The report of the model that ships."""
    kept: dict[str, Any] = json.loads((ROOT / "train/results/shipped.json").read_text())
    return kept


def test_the_card_that_ships_has_the_figures_of_the_report_that_ships(report) -> None:
    card = (ROOT / "facedrive/weights/README.md").read_text()
    assert renew(card, report) == card


def test_what_stands_around_the_tables_stays(report) -> None:
    renewed = renew(f"before\n{BEGIN}\nold\n{END}\nafter\n", report)
    assert renewed == f"before\n{BEGIN}\n{figures(report)}\n{END}\nafter\n"


def test_every_row_of_a_table_has_as_many_cells_as_its_head(report) -> None:
    tables = [part.splitlines() for part in figures(report).split("\n\n") if part[0] == "|"]
    assert len(tables) == 3
    for rows in tables:
        assert len({row.count("|") for row in rows}) == 1


def test_a_channel_without_a_figure_has_an_empty_cell(report) -> None:
    row = next(line for line in figures(report).splitlines() if "`jaw_thrust`" in line)
    assert row.startswith("| `jaw_thrust` |  |  |  |  | 0.")


def test_a_card_without_a_place_and_a_report_without_a_section_are_refused(report) -> None:
    with pytest.raises(DataError, match="no lines"):
        renew("no marks", report)
    del report["clips"]
    with pytest.raises(DataError, match="clips is left out"):
        renew(f"{BEGIN}\n{END}\n", report)
