"""The command line of a dataclass: its fields are the options, its docstring is the help.

A command is a frozen dataclass with ``run``. A field without a flag of its own is ``--name``; one
inside a group is ``--group.name``. A field of type ``Settings`` brings the tree of options, of
which the command line shows the sections that it names, and ``--config`` and its like.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn, Protocol

from facedrive.errors import FacedriveError, OptionError, guess
from facedrive.options import MISSING, Option, build, first_paragraph, options_of, shown
from facedrive.settings import Layers, Settings, load_layers

LEFT_OUT = object()
"""Stands for a positional that is not given; argparse would read its own mark as a text."""

TREE = "settings"
"""What the field is called that holds the tree of options."""


class Command(Protocol):
    """What a subcommand's dataclass is."""

    def run(self) -> int:
        """Do it, and return the exit code."""
        ...


class UsageError(FacedriveError):
    """The command line says what cannot be."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are exceptions."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage: an error is one line."""
        raise UsageError(f"{message.removeprefix('argument ')}; see {self.prog} --help.")


@dataclasses.dataclass(frozen=True)
class Asked:
    """A command as the command line gave it."""

    command: Command
    layers: Layers | None
    """Where its settings come from; None for a command without."""
    save: Path | None
    """Where the settings are to be saved."""
    show: bool
    """Whether the settings are only to be shown."""
    debug: bool


def add_command(parser: Parser, declaration: type[Any], *, everything: bool) -> None:
    """Add a command's options to its parser; ``everything`` shows those of groups in its help."""
    groups: dict[str, Any] = {}
    for each in options_of(declaration):
        title = _title(each)
        group = groups.setdefault(title, parser.add_argument_group(title) if title else parser)
        shown = everything or bool(each.facts.flag) or len(each.path) == 1
        _add(group, each, shown=shown)
    if has_settings(declaration):
        _add_files(parser)
    parser.add_argument("--debug", action="store_true", help="show tracebacks and more log")


def has_settings(declaration: type[Any]) -> bool:
    """Say whether a command takes the tree of options."""
    return any(each.name == TREE for each in dataclasses.fields(declaration))


def _title(each: Option) -> str:
    """Return the heading that an option stands under; empty for the command's own."""
    groups = each.path[1:-1] if each.path[0] == TREE else each.path[:-1]
    return groups[0] if groups else ""


def _add_files(parser: Parser) -> None:
    files = parser.add_argument_group("settings")
    files.add_argument("--config", type=Path, action="append", default=[], metavar="TOML",
                       help="take options from this file; the command line wins")  # fmt: skip
    files.add_argument("--save-config", type=Path, metavar="TOML",
                       help="write the options that differ from the defaults")  # fmt: skip
    files.add_argument("--show-config", action="store_true",
                       help="print every option and who says it, and stop")  # fmt: skip
    files.add_argument("--no-user-config", action="store_true",
                       help="leave the user's own facedrive.toml out")  # fmt: skip


def flags_of(each: Option) -> list[str]:
    """Return an option's flags; the first is the one that errors name."""
    path = each.path[1:] if each.path[0] == TREE else each.path
    return each.facts.flag.split() or ["--" + ".".join(path).replace("_", "-")]


def _add(group: Any, each: Option, *, shown: bool) -> None:
    keywords: dict[str, Any] = {"help": _help(each) if shown else argparse.SUPPRESS}
    if each.facts.positional:
        _add_positional(group, each, keywords)
        return
    keywords |= {"dest": each.name, "default": argparse.SUPPRESS}
    if each.kind.types == (bool,):
        default_off = each.default is False
        keywords["action"] = "store_true" if default_off else argparse.BooleanOptionalAction
        if default_off and len(each.path) > 1:  # so that the command line can win over a file
            keywords["action"] = argparse.BooleanOptionalAction
        group.add_argument(*flags_of(each), **keywords)
        return
    keywords |= {"type": _reader(each), "metavar": _metavar(each)}
    if each.many:
        keywords |= {"action": "extend", "nargs": "+"} if each.facts.spread else {
            "action": "append"}  # fmt: skip
    keywords["required"] = each.default is MISSING
    group.add_argument(*flags_of(each), **keywords)


def _add_positional(group: Any, each: Option, keywords: dict[str, Any]) -> None:
    required = each.default is MISSING
    nargs = ("+" if required else "*") if each.many else (None if required else "?")
    group.add_argument(each.name, type=_reader(each), nargs=nargs, default=LEFT_OUT,
                       metavar=_metavar(each), **keywords)  # fmt: skip


def _metavar(each: Option) -> str:
    if each.facts.metavar:
        return each.facts.metavar
    if each.choices and not each.facts.choices:
        return "{" + ",".join(each.choices) + "}"
    return each.path[-1].upper() if each.facts.positional else _SHORT.get(each.hint, "VALUE")


_SHORT: dict[object, str] = {int: "N", float: "X", Path: "PATH", str: "TEXT"}


def _reader(each: Option) -> Any:
    """Return what reads an option's text for argparse, which asks for its own kind of error."""

    def read(text: str) -> object:
        try:
            return each.read(text)
        except OptionError as error:
            raise argparse.ArgumentTypeError(str(error).rstrip(".")) from error

    return read


def _help(each: Option) -> str:
    words = each.about.rstrip(".")
    if words[:2].istitle() or words[1:2].islower():
        words = words[:1].lower() + words[1:]
    if not (each.default is MISSING or each.default in (None, (), False)):
        words += f"; default: {shown(each.default)}"
    return words.replace("%", "%%")


def parse(parser: Parser, declaration: type[Any], words: Sequence[str]) -> Asked:
    """Read the command line of a command.

    Raises:
        UsageError: if it says what cannot be.
        OptionError: if a file that it names does.
    """
    found, extra = parser.parse_known_args(list(words))
    if extra:
        raise UsageError(_unknown(parser, declaration, extra[0]))
    values = vars(found)
    given = {each.name: _whole(each, values[each.name]) for each in options_of(declaration)
             if values.get(each.name, LEFT_OUT) is not LEFT_OUT}  # fmt: skip
    if not has_settings(declaration):
        return Asked(build(declaration, given), None, None, False, found.debug)
    own = {name: each for name, each in given.items() if not name.startswith(f"{TREE}.")}
    tree = {name.removeprefix(f"{TREE}."): given[name] for name in given.keys() - own.keys()}
    layers = load_layers(found.config, tree, user=not found.no_user_config)
    command = _with_settings(declaration, own, layers.settings())
    return Asked(command, layers, found.save_config, found.show_config, found.debug)


def _with_settings(declaration: type[Any], own: dict[str, object], tree: Settings) -> Command:
    command: Command = dataclasses.replace(build(declaration, own), **{TREE: tree})
    return command


def _whole(each: Option, value: object) -> object:
    return tuple(value) if each.many and isinstance(value, list) else value


def _unknown(parser: Parser, declaration: type[Any], word: str) -> str:
    name = word.partition("=")[0]
    if not name.startswith("-"):
        return f"'{word}' is one word too many for {parser.prog}; see {parser.prog} --help."
    known = [flag for each in options_of(declaration) if not each.facts.positional
             for flag in flags_of(each) if flag.startswith("--")]  # fmt: skip
    command = parser.prog.removeprefix("facedrive ")
    return f"{command} has no option {name}.{guess(name, known)} See {parser.prog} --help."


def describe(declaration: type[Any]) -> tuple[str, str]:
    """Return the first paragraph of a command's docstring, and the others."""
    text = inspect.getdoc(declaration) or ""
    return first_paragraph(text), text.partition("\n\n")[2]
