"""The error tree, and what the library's messages may say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import facedrive
from facedrive.errors import LINE, RigError, SinkError, one_line, unknown

PACKAGE = Path(facedrive.__file__).parent
LIBRARY = sorted(
    path for path in PACKAGE.rglob("*.py") if not {"bench", "cli", "training"} & set(path.parts)
)
FLAG = re.compile(r"(?<![\w(-])--[a-z][a-z-]*(?![\w:-])")
TYPED = re.compile(r"(facedrive|ray) [a-z]")


def test_a_message_is_one_line_whatever_it_quotes() -> None:
    assert str(RigError("head.glb is glTF version \n; convert it.")).splitlines() == [
        "head.glb is glTF version ; convert it."
    ]


def test_an_unknown_name_lists_the_known_ones_in_order() -> None:
    assert unknown("sink", "x", {"osc", "csv"}) == "no sink 'x'; there are csv, osc."


def test_a_name_that_is_nearly_a_known_one_gets_a_suggestion() -> None:
    assert unknown("sink", "ocs", {"osc", "csv"}).endswith("there are csv, osc. Did you mean osc?")


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\x07", "\u202eright to left", "\udcff", "\x9b"])
def test_a_message_never_steers_the_terminal(text: str) -> None:
    assert str(RigError(text)).isprintable()
    assert one_line(text).isprintable()


def test_a_long_line_keeps_its_beginning_and_its_end() -> None:
    line = one_line("take.csv: column " + "x" * 10_000 + " is unknown; leave it out.")
    assert len(line) < LINE
    assert line.startswith("take.csv: column xxx") and line.endswith("is unknown; leave it out.")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("rtsp://anna:s3cret@cam.local/1 broke off.", "rtsp://…@cam.local/1 broke off."),
        ("http://anna@cam/1", "http://…@cam/1"),
        ("http://cam/1?user=a&password=s3cret&x=1", "http://cam/1?user=a&password=…&x=1"),
        ("ws://127.0.0.1:1?token=s3cret", "ws://127.0.0.1:1?token=…"),
        ("http://cam/1/a@b", "http://cam/1/a@b"),
    ],
)
def test_what_a_url_logs_in_with_is_never_said(given: str, said: str) -> None:
    assert str(SinkError(given)) == said
    assert one_line(given) == said


def texts(tree: ast.AST) -> Iterator[str]:
    """Give the texts of a file that are no docstrings, nor the flags of options."""
    passed = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    passed |= {id(node.value) for node in ast.walk(tree)
               if isinstance(node, ast.keyword) and node.arg == "flag"}  # fmt: skip
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in passed
        ):
            yield node.value


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_the_library_names_arguments_and_not_flags_of_the_command_line(path: Path) -> None:
    for text in texts(ast.parse(path.read_text(encoding="utf-8"))):
        assert TYPED.search(text) or not FLAG.search(text), text
