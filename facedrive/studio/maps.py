"""A user's own mapping, as rows that are typed: ``jaw_drop 1.3, chin_raise 0.5``."""

from __future__ import annotations

from pathlib import Path

from facedrive.errors import MappingError
from facedrive.files import whole_path
from facedrive.mappings import INPUTS, Mapping, load_mapping

MAX_ROW = 2000
"""Characters of a row."""


def written(mapping: Mapping, channel: str) -> str:
    """Return what moves a channel, as it is typed; empty where nothing does."""
    row = mapping.matrix[mapping.channels.index(channel)]
    return ", ".join(f"{name} {weight:g}" for name, weight in zip(INPUTS, row.tolist(), strict=True)
                     if weight)  # fmt: skip


def read_row(channel: str, text: str) -> dict[str, float]:
    """Read a row that was typed.

    Raises:
        MappingError: if a part of it is not a name and a number.
    """
    row: dict[str, float] = {}
    for part in filter(None, (each.strip() for each in text[:MAX_ROW].split(","))):
        name, _, weight = part.rpartition(" ")
        try:
            row[name.strip()] = float(weight)
        except ValueError as error:
            raise MappingError(
                f"{channel}: '{part}' is no weight; write a name and a number, as jaw_drop 1.3."
            ) from error
    return row


def save_rows(table: str, rows: dict[str, str], path: Path) -> None:
    """Write those rows that differ from a table that ships, as a file of the user's own.

    Raises:
        MappingError: if a row is wrong, or the file cannot be written.
    """
    import tomlkit

    standard = load_mapping(table)
    changed = {name: text for name, text in rows.items() if text != written(standard, name)}
    read = {name: read_row(name, text) for name, text in changed.items()}
    document = tomlkit.document()
    document.add("extends", tomlkit.item(table))
    document.add("not_driven", tomlkit.item([name for name, row in read.items() if not row]))
    weights = tomlkit.table()
    for name, row in read.items():
        if row:
            inline = tomlkit.inline_table()
            inline.update(row)
            weights.add(name, inline)
    document.add("weights", weights)
    with whole_path(path, MappingError) as part:
        part.write_text(tomlkit.dumps(document), encoding="utf-8")
        load_mapping(part)
