"""Tables for people: words flush left, figures flush right, in plain text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

Cell = str | int | float | None
"""None and NaN are shown as "-"."""

WIDE = 1000
"""Columns of text: a line is never broken, whatever the terminal, so that it can be searched."""


def table(heads: Sequence[str], rows: Iterable[Sequence[Cell]], digits: int = 3) -> str:
    """Lay rows out in columns.

    Args:
        heads: Of the columns; with "<" before it, a column of words, else one of figures. Where
            all are empty, no line of them.
        rows: As long as ``heads``.
        digits: Behind the point, of floats.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(
        box=None,
        pad_edge=False,
        padding=(0, 1),
        show_header=any(head.lstrip("<") for head in heads),
    )
    for head in heads:
        grid.add_column(
            Text(head.removeprefix("<")),
            justify="left" if head.startswith("<") else "right",
            no_wrap=True,
        )
    for row in rows:
        grid.add_row(*(Text(_shown(cell, digits)) for cell in row))
    page = io.StringIO()
    Console(file=page, width=WIDE, force_terminal=False, no_color=True).print(grid)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines())


def _shown(cell: Cell, digits: int) -> str:
    if cell is None or cell != cell:
        return "-"
    return f"{cell:.{digits}f}" if isinstance(cell, float) else str(cell)
