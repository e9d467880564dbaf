"""What each output is and takes, read off its module and class: nothing is written down twice."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import sys
import textwrap
from typing import Any, NamedTuple

from facedrive.sinks import read_options, sink_class


class Option(NamedTuple):
    """What a URL may say after its question mark, or as host, port and path."""

    name: str
    default: str | None
    """As one would write it; None where it must be given."""
    about: str
    """One sentence; empty where the name says it."""


class Output(NamedTuple):
    """One scheme of ``--out``."""

    scheme: str
    format: str
    """The format, and the apps that take it."""
    about: str
    """What the output does."""
    options: tuple[Option, ...]
    example: str
    """A URL that opens it."""

    @property
    def port(self) -> int | None:
        """Where it sends to or waits by default; None for a file."""
        default = next((each.default for each in self.options if each.name == "port"), None)
        return None if default is None else int(default)


def describe(scheme: str) -> Output:
    """Describe the output of a scheme in ``SINKS``.

    Raises:
        SinkError: if a package that it needs is not installed.
    """
    sink = sink_class(scheme)
    options = _options(sink)
    module = inspect.getdoc(sys.modules[sink.__module__]) or ""
    about = inspect.getdoc(sink) or ""
    return Output(scheme, _first(module), _first(about), options, _example(scheme, options))


def _options(sink: type[Any]) -> tuple[Option, ...]:
    about = _field_docstrings(sink)
    fields = {field.name: field.default for field in dataclasses.fields(sink)}
    return tuple(
        Option(name, _text(fields[name]), about.get(name, "")) for name in read_options(sink)
    )


def _text(default: object) -> str | None:
    if default is dataclasses.MISSING:
        return None
    if isinstance(default, bool):
        return "yes" if default else "no"
    return "" if default is None else str(default)


def _field_docstrings(sink: type[Any]) -> dict[str, str]:
    """Return the strings under a class's fields, by field."""
    (class_,) = ast.parse(textwrap.dedent(inspect.getsource(sink))).body
    assert isinstance(class_, ast.ClassDef)
    found = {}
    for field, below in zip(class_.body, class_.body[1:], strict=False):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = _first(inspect.cleandoc(text))
    return found


def _first(docstring: str) -> str:
    """Return the first paragraph in one line, without mark-up."""
    return " ".join(docstring.partition("\n\n")[0].replace("``", "").split())


def _example(scheme: str, options: tuple[Option, ...]) -> str:
    defaults = {option.name: option.default for option in options}
    if "host" in defaults:
        return f"{scheme}://{defaults['host']}:{defaults['port']}"
    return f"{scheme}:take.{'mp4' if scheme == 'video' else scheme}"
