"""Recipes as TOML files: ``kind`` says of what, a dataclass declares what may stand there.

Every kind is read by the same functions, so that an unknown field, a wrong type or a missing value
is told alike.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from facedrive.errors import DataError, OptionError
from facedrive.options import build, find, options_of

T = TypeVar("T")


def read_recipe_table(path: Path) -> tuple[str, dict[str, Any]]:
    """Read a recipe file: its kind, and all else that it says; its ``name`` is the file's if none.

    Raises:
        DataError: if the file is missing, is no TOML, or says no kind.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path} is no readable recipe: {error}.") from error
    kind = table.pop("kind", None)
    if not isinstance(kind, str):
        raise DataError(f'{path} does not say what it is a recipe of; write kind = "…" on top.')
    return kind, {"name": path.stem} | table


def build_recipe(declaration: type[T], table: Mapping[str, Any], path: Path) -> T:
    """Make a recipe of what its file says; what it leaves out keeps its default.

    Raises:
        DataError: if a field is unknown, missing, of another type or out of range.
    """
    options = options_of(declaration)
    try:
        values = {name: find(options, name).check(value) for name, value in _dotted(table).items()}
        return build(declaration, values)
    except OptionError as error:
        raise DataError(f"{path}: {error}") from error


def _dotted(table: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return the values of a table and those below it by dotted name."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        flat |= (
            _dotted(value, f"{above}{name}.")
            if isinstance(value, dict)
            else {f"{above}{name}": value}
        )
    return flat
