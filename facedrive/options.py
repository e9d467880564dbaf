"""Options: what a dataclass declares is what the command line, TOML files and URLs may say.

An option is a field with a type, a default and a docstring below it; ``option`` adds what a type
does not say: unit, range, flag, whether it may change while facedrive runs. A field that is itself
a dataclass is a group of options. Nothing here is written down twice: help texts, checks, files and
controls are all read off the declaration.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from facedrive.errors import OptionError, unknown

T = TypeVar("T")

MISSING = dataclasses.MISSING


class Size(NamedTuple):
    """Width and height in pixels, written as 640x480."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


class Region(NamedTuple):
    """A part of a picture, in shares of its width and height, written as 0.5,0,0.5,1."""

    left: float
    top: float
    width: float
    height: float

    def __str__(self) -> str:
        return ",".join(f"{each:g}" for each in self)


class NumberOrAll(int):
    """A number of people, or one person's; 0 is all of them, and is written so."""

    def __str__(self) -> str:
        return str(int(self)) if self else "all"

    @property
    def most(self) -> int | None:
        """How many at most; None for all."""
        return int(self) or None


@dataclass(frozen=True)
class Facts:
    """What is to be known of an option beside its type, default and docstring."""

    flag: str = ""
    """Its short name on the command line, such as ``--source`` or ``--output -o``."""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    """The range, both ends included."""
    live: bool = False
    """Whether it may change while facedrive runs."""
    metavar: str = ""
    """What stands for the value in help texts."""
    positional: bool = False
    """Given by its place on the command line, without a flag."""
    spread: bool = False
    """Of several values: one flag takes them all, as in ``--clips a.mp4 b.mp4``."""
    sections: tuple[str, ...] | None = None
    """Of a group: the parts of it that this command's command line offers; None for all."""
    choices: Callable[[], tuple[str, ...]] | None = None
    """Gives the values that are suggested, such as the names in a registry."""


def option(
    default: Any = MISSING, *, factory: Callable[[], Any] | None = None, **facts: Any
) -> Any:
    """Declare a field with its ``Facts``; without a default it must be given."""
    metadata = {"facts": Facts(**facts)}
    if factory is not None:
        return field(default_factory=factory, metadata=metadata)
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


class Kind(NamedTuple):
    """A type that an option may have."""

    about: str
    """What a value must be, for error messages."""
    read: Callable[[str], object]
    """Text to value; raises ValueError."""
    types: tuple[type, ...]
    """What a TOML file may hold for it."""


def _read_bool(text: str) -> bool:
    answers = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in answers:
        raise ValueError(text)
    return answers[text.lower()]


def _read_size(text: str) -> Size:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise ValueError(text)
    return Size(int(width), int(height))


def _read_region(text: str) -> Region:
    left, top, width, height = map(float, text.split(","))
    inside = left >= 0 and top >= 0 and left + width <= 1.001 and top + height <= 1.001
    if not (inside and width >= 0.01 and height >= 0.01):  # written so that NaN is not inside
        raise ValueError(text)
    return Region(left, top, width, height)


def _read_path(text: str) -> Path:
    if not text:
        raise ValueError(text)
    return Path(text)


def _read_number_or_all(text: str) -> NumberOrAll:
    if text != "all" and not (text.isdecimal() and int(text)):
        raise ValueError(text)
    return NumberOrAll(0 if text == "all" else int(text))


KINDS: dict[object, Kind] = {
    str: Kind("text", str, (str,)),
    int: Kind("a whole number", int, (int,)),
    float: Kind("a number", float, (float, int)),
    bool: Kind("yes or no", _read_bool, (bool,)),
    NumberOrAll: Kind("all, or a number", _read_number_or_all, (int, str)),
    Path: Kind("a path", _read_path, (str,)),
    Size: Kind("a size; write it as 640x480", _read_size, (str,)),
    Region: Kind("a part of the picture, from 0 to 1; write left,top,width,height as 0.5,0,0.5,1",
                 _read_region, (str,)),
}  # fmt: skip


def _kind(hint: object) -> Kind | None:
    """Return the kind of a type; None for one that no text can give."""
    if get_origin(hint) is Literal:
        words = get_args(hint)
        return Kind(f"one of {', '.join(words)}", _one_of(words), (str,))
    return KINDS.get(hint)


def _one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return read


@dataclass(frozen=True)
class Option:
    """One option of a declaration."""

    path: tuple[str, ...]
    """The groups that it is in, and its field's name."""
    hint: object
    """Its type, without the None that it may also be."""
    default: object
    """``MISSING`` where it must be given."""
    facts: Facts
    many: bool
    """A tuple of values."""
    owner: type
    """The dataclass that declares it."""

    @property
    def name(self) -> str:
        """Its dotted name."""
        return ".".join(self.path)

    @property
    def about(self) -> str:
        """What it does, in a line; empty where its name says it."""
        return docstrings(self.owner).get(self.path[-1], "")

    @property
    def kind(self) -> Kind:
        """What a value of it must be."""
        kind = _kind(self.hint)
        assert kind is not None
        return kind

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that it may have or that are suggested; empty where any will do."""
        if get_origin(self.hint) is Literal:
            return get_args(self.hint)
        return self.facts.choices() if self.facts.choices else ()

    def read(self, text: str) -> object:
        """Read one value from text.

        Raises:
            OptionError: if it is no such value, or out of range.
        """
        try:
            value = self.kind.read(text)
        except ValueError as error:
            raise OptionError(self._wrong(repr(text))) from error
        return self._within(value)

    def check(self, value: object) -> object:
        """Take the value that a TOML file holds: as it is, or read as text.

        Raises:
            OptionError: if it is of another type, or out of range.
        """
        if self.many:
            if not isinstance(value, (list, tuple)):
                raise OptionError(f"{self.name} is {value!r}; it must be a list.")
            return tuple(self._check_one(each) for each in value)
        return self._check_one(value)

    def _check_one(self, value: object) -> object:
        wrong_bool = isinstance(value, bool) and bool not in self.kind.types
        if wrong_bool or not isinstance(value, self.kind.types):
            if isinstance(value, Path | Size | Region):
                return value
            raise OptionError(self._wrong(repr(value)))
        return self.read(value) if isinstance(value, str) else self._within(value)

    def _within(self, value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):
            low, high = self.facts.low, self.facts.high
            # Written so that NaN is out of every range.
            above = low is None or value >= low
            below = high is None or value <= high
            if not (above and below) or value != value or abs(value) == float("inf"):
                raise OptionError(self._wrong(f"{float(value):g}"))
            return self.hint(value) if self.hint in (float, NumberOrAll) else value
        return value

    def _wrong(self, shown: str) -> str:
        return f"{self.name} is {shown}; it must be {self.kind.about}{self.range}."

    @property
    def range(self) -> str:
        """Its range in words, with a space before; empty where there is none."""
        low, high = self.facts.low, self.facts.high
        if low is None and high is None:
            return ""
        if high is None:
            return f" of at least {low:g}"
        return f" of at most {high:g}" if low is None else f" from {low:g} to {high:g}"


def options_of(declaration: type[Any]) -> tuple[Option, ...]:
    """Return the options of a dataclass, those of its groups included, in order."""
    return tuple(_walk(declaration, (), None, MISSING))


def _walk(
    declaration: type[Any],
    path: tuple[str, ...],
    sections: tuple[str, ...] | None,
    group: object,
) -> Iterator[Option]:
    """Give the options below ``path``; ``group`` has their defaults if the field above has one."""
    hints = _hints(declaration)
    for each in dataclasses.fields(declaration):
        if not each.init or (sections is not None and each.name not in sections):
            continue
        facts = each.metadata.get("facts", Facts())
        hint, many = _bare(hints[each.name])
        where = (*path, each.name)
        if not dataclasses.is_dataclass(hint) and _kind(hint) is None:
            continue  # before its default is made: that may be a model
        default = _default(each) if group is MISSING else getattr(group, each.name)
        if dataclasses.is_dataclass(hint):
            yield from _walk(hint, where, facts.sections, default)  # pyrefly: ignore[bad-argument-type]
        else:
            yield Option(where, hint, default, facts, many, declaration)


@lru_cache(maxsize=256)
def _hints(declaration: type[Any]) -> dict[str, Any]:
    return get_type_hints(declaration)


def _bare(hint: object) -> tuple[object, bool]:
    """Return a type without None and tuple, and whether it was a tuple."""
    if get_origin(hint) in (Union, types.UnionType):
        members = [member for member in get_args(hint) if member is not types.NoneType]
        return _bare(members[0]) if len(members) == 1 else (hint, False)
    if get_origin(hint) is tuple and len({*get_args(hint)} - {...}) == 1:
        return get_args(hint)[0], True
    return hint, False


def _default(each: dataclasses.Field[Any]) -> object:
    if each.default_factory is not MISSING:
        return each.default_factory()
    return each.default


def find(options: tuple[Option, ...], name: str) -> Option:
    """Return the option of this dotted name.

    Raises:
        OptionError: if there is none; it names those that are spelt alike.
    """
    for each in options:
        if each.name == name:
            return each
    raise OptionError(unknown("option", name, [each.name for each in options]))


def build(declaration: type[T], values: Mapping[str, object]) -> T:
    """Make a dataclass from option values by dotted name; the others keep their defaults.

    Raises:
        OptionError: if one that must be given is missing.
    """
    given: dict[str, object] = {}
    hints = _hints(declaration)
    for each in dataclasses.fields(declaration):  # pyrefly: ignore[bad-argument-type]
        if not each.init:
            continue
        hint = _bare(hints[each.name])[0]
        if dataclasses.is_dataclass(hint):
            given[each.name] = _group(hint, _default(each), _below(values, each.name))
        elif each.name in values:
            given[each.name] = values[each.name]
        elif each.default is MISSING and each.default_factory is MISSING:
            raise OptionError(f"{each.name} is missing; it must be given.")
    return declaration(**given)


def _group(declaration: Any, default: object, values: dict[str, object]) -> object:
    """Make a group from its field's default and the values that differ from it."""
    if default is MISSING:
        return build(declaration, values)
    for name, value in values.items():
        default = _put(default, tuple(name.split(".")), value)
    return default


def _below(values: Mapping[str, object], group: str) -> dict[str, object]:
    start = f"{group}."
    return {name[len(start) :]: each for name, each in values.items() if name.startswith(start)}


def values_of(instance: object) -> dict[str, object]:
    """Return the values of a dataclass's options by dotted name."""
    return {each.name: _get(instance, each.path) for each in options_of(type(instance))}


def _get(instance: object, path: tuple[str, ...]) -> object:
    for name in path:
        instance = getattr(instance, name)
    return instance


def changed(instance: T, name: str, value: object) -> T:
    """Return a copy of a dataclass in which the option of this dotted name has another value.

    Raises:
        OptionError: if there is no such option, or no such value of it.
    """
    choice = find(options_of(type(instance)), name)
    taken = None if value is None else choice.check(value)
    return _put(instance, choice.path, taken)


def _put(instance: T, path: tuple[str, ...], value: object) -> T:
    first, *rest = path
    inner = _put(getattr(instance, first), tuple(rest), value) if rest else value
    return dataclasses.replace(instance, **{first: inner})  # pyrefly: ignore[bad-specialization]


def shown(value: object) -> str:
    """Return a value as one would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple) and not isinstance(value, Size | Region):
        return " ".join(map(shown, value))
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


@lru_cache(maxsize=256)
def docstrings(declaration: type[Any]) -> dict[str, str]:
    """Return the first paragraphs of the strings below a class's fields, by field."""
    found: dict[str, str] = {}
    for base in reversed(declaration.__mro__):
        if dataclasses.is_dataclass(base):
            found |= _docstrings_in(base)
    return found


def _docstrings_in(declaration: type[Any]) -> dict[str, str]:
    try:
        source = textwrap.dedent(inspect.getsource(declaration))
    except (OSError, TypeError):  # a class that was made without a file has no strings to show
        return {}
    (class_,) = ast.parse(source).body
    assert isinstance(class_, ast.ClassDef)
    found = {}
    for above, below in zip(class_.body, class_.body[1:], strict=False):
        match above, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = first_paragraph(inspect.cleandoc(text))
    return found


def first_paragraph(docstring: str) -> str:
    """Return the first paragraph of a docstring in one line, without mark-up."""
    return " ".join(docstring.partition("\n\n")[0].replace("``", "").split())
