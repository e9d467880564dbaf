"""What ARCHITECTURE.md says of the parts holds: every file has a floor, and imports go down."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "facedrive"
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
FLOORS = {
    place.rstrip("/").removesuffix(".py"): int(number)
    for number, places in re.findall(r"^\| (\d+) (`.*?`) \|", TEXT, re.MULTILINE)
    for place in re.findall(r"`([\w/.]+)`", places)
}
"""Folder or file of the package → its floor, as the document's table says."""

API = "facedrive"
"""Imports what is asked for when it is asked for; ``__main__`` and it stand above all floors."""


def modules() -> Iterator[tuple[str, Path]]:
    """Yield the dotted name and the path of every module but the two that stand above."""
    for path in sorted(PACKAGE.rglob("*.py")):
        words = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(words).removesuffix(".__init__")
        if name not in (API, f"{API}.__main__", f"{API}.assets"):
            yield name, path


def floor(name: str) -> int | None:
    """Return the floor of a module; None where the table has none."""
    return FLOORS.get(name.split(".")[1])


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Return the modules of ours that a file imports, wherever it does, but not for types alone."""
    return tuple(_imports(tree_of(path)))


def _imports(tree: ast.Module) -> Iterator[str]:
    skipped = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{API}."):
            yield str(node.module)
            # A folder's name may stand for the files that are taken from it.
            yield from (f"{node.module}.{each.name}" for each in node.names
                        if f"{node.module}.{each.name}" in NAMES)  # fmt: skip
        elif isinstance(node, ast.ImportFrom) and node.module == API:
            yield from (f"{API}.{each.name}" for each in node.names if each.name[0] != "_")
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name.startswith(f"{API}."))


MODULES = list(modules())
NAMES = {name for name, _ in MODULES}


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_no_file_imports_from_a_higher_floor(name: str, path: Path) -> None:
    own = floor(name)
    assert own is not None, f"ARCHITECTURE.md gives {name} no floor"
    higher = {each for each in imports(path) if (floor(each) or 0) > own}
    assert not higher


def test_imports_go_in_no_circle() -> None:
    graph = {name: set(imports(path)) for name, path in MODULES}
    while graph:
        done = {name for name, wanted in graph.items() if not wanted & graph.keys()}
        assert done, f"a circle among {sorted(graph)}"
        graph = {name: wanted for name, wanted in graph.items() if name not in done}


def test_every_place_in_the_table_is_there() -> None:
    for place in FLOORS:
        assert (PACKAGE / place).is_dir() or (PACKAGE / f"{place}.py").is_file(), place


def test_every_file_that_a_walk_names_is_there() -> None:
    walks = TEXT[TEXT.index("## A walk of one frame") : TEXT.index("## Threads")]
    known = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")}
    for named in re.findall(r"`([\w/]+\.py)`", walks):
        assert any(each == named or each.endswith(f"/{named}") for each in known), named


def lengths() -> Iterator[tuple[int, str]]:
    """Yield the lines of every function without its docstring, and where it is."""
    for name, path in MODULES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[ast.get_docstring(node) is not None :]
                end = body[-1].end_lineno if body else None
                yield (end - body[0].lineno + 1 if end else 0), f"{name}.{node.name}"


@pytest.mark.slow
def test_functions_fit_in_the_head() -> None:
    counted = list(lengths())
    assert [each for each in counted if each[0] > 40] == []
    assert statistics.median(lines for lines, _ in counted) <= 6
