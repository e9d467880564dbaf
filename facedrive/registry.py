"""Registries: what stands at an extension point, by its name or by a plug-in's dotted one.

Sources, trackers, regressors, filters, sinks, rig readers and mappings are all found alike: by a
name in a table, whose entry says where its class is, or as ``package.module:Class``. A class is a
dataclass; its fields are its options, which text may give after a question mark:
``my.trackers:Slow?every=3``.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

from facedrive.errors import FacedriveError, OptionError, PluginError, unknown
from facedrive.options import MISSING, Option, find, options_of

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class Registry(Generic[T]):
    """One extension point."""

    kind: str
    """What stands here, such as ``sink``, as errors call it."""
    table: Mapping[str, str]
    """Name → ``module:Class``."""
    methods: tuple[str, ...]
    """What a plug-in's class must have."""
    error: type[FacedriveError] = PluginError
    """What is raised."""
    attributes: tuple[str, ...] = ()
    """What an object of it must have too, which its class may lack."""

    def __iter__(self) -> Iterator[str]:
        """Give the names in the table."""
        return iter(self.table)

    def __len__(self) -> int:
        """Count the names in the table."""
        return len(self.table)

    def __contains__(self, name: object) -> bool:
        """Say whether a name is in the table."""
        return name in self.table

    def find(self, name: str) -> type[T]:
        """Return the class of a name in the table, or of a dotted one.

        Raises:
            FacedriveError: of this registry's kind, if there is none, or it is not fit.
        """
        where = name if is_dotted(name) else self.table.get(name)
        if where is None:
            raise self.error(unknown(self.kind, name, self.table))
        found: type[T] = self._import(where)
        if is_dotted(name):
            self._check(where, found)
        return found

    def open(self, spec: str, **given: object) -> T:
        """Make what ``name?option=value&…`` asks for.

        Args:
            spec: a name, or a dotted one, and its options.
            given: values that the program gives, for those parameters that the class has.

        Raises:
            FacedriveError: of this registry's kind, if it cannot be made.
        """
        name, _, query = spec.partition("?")
        return self.make(name, dict(parse_qsl(query, keep_blank_values=True)), **given)

    def make(self, name: str, texts: Mapping[str, str], **given: object) -> T:
        """Make what has this name, from options as text; see ``open``."""
        found = self.find(name)
        options = options_of(found) if dataclasses.is_dataclass(found) else ()
        values = self._read(name, options, texts)
        taken = inspect.signature(found).parameters
        values |= {key: value for key, value in given.items() if key in taken}
        for each in options:
            if each.default is MISSING and each.name not in values:
                raise self.error(f"{name} needs a {each.name}, as in {_example(name, each.name)}.")
        if not is_dotted(name):
            return found(**values)
        guarded: Any = Guarded(name, partial(found, **values), self)
        return guarded  # pyrefly: ignore[no-any-return-explicit]

    def _read(
        self, name: str, options: tuple[Option, ...], texts: Mapping[str, str]
    ) -> dict[str, object]:
        try:
            return {key: find(options, key).read(text) for key, text in texts.items()}
        except OptionError as error:
            raise self.error(f"{name}: {error}") from error

    def _import(self, where: str) -> Any:
        module, _, attribute = where.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except FacedriveError:
            raise
        except (ImportError, AttributeError, SyntaxError) as error:
            raise self.error(
                f"{self.kind} {where} cannot be imported: {error}. "
                "Is its package installed, or its folder on PYTHONPATH?"
            ) from error
        except Exception as error:  # a plug-in's module may raise anything
            log.debug("%s %s failed", self.kind, where, exc_info=True)
            said = f"{type(error).__name__}: {error}"
            raise self.error(f"{self.kind} {where} cannot be imported: {said}.") from error

    def _check(self, where: str, found: Any) -> None:
        if not (isinstance(found, type) and dataclasses.is_dataclass(found)):
            raise self.error(f"{self.kind} {where} is not a dataclass; its fields are its options.")
        missing = [name for name in self.methods if not hasattr(found, name)]
        if missing:
            raise self.lacks(where, missing)

    def lacks(self, name: str, missing: Sequence[str]) -> FacedriveError:
        """Return the error that says what a plug-in is without."""
        needed = ", ".join((*self.methods, *self.attributes))
        return self.error(
            f"{self.kind} {name} has no {' and no '.join(missing)}; a {self.kind} has {needed}."
        )


class Guarded(Generic[T]):
    """A plug-in whose own errors become ours: a bug ends what it does, in a line that names it."""

    def __init__(self, name: str, make: Callable[[], T], registry: Registry[T]) -> None:
        self._name, self._registry = name, registry
        self.plugin: T = self._call(make)
        missing = [name for name in registry.attributes if not hasattr(self.plugin, name)]
        if missing:
            raise registry.lacks(name, missing)
        closes = ("close",) if hasattr(self.plugin, "close") else ()
        for method in {*registry.methods, *closes}:
            bound = getattr(self.plugin, method)
            # As attributes of their own, so that they count where a Protocol is looked for.
            setattr(self, method, partial(self._call, bound) if callable(bound) else bound)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["plugin"], name)

    def _call(self, action: Callable[..., Any], *args: Any, **named: Any) -> Any:
        with self._explaining():
            answer = action(*args, **named)
        return self._each(answer) if isinstance(answer, Generator) else answer

    def _each(self, answers: Generator[Any, None, None]) -> Iterator[Any]:
        with closing(answers), self._explaining():
            yield from answers

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        kind, error_type = self._registry.kind, self._registry.error
        try:
            yield
        except (FacedriveError, GeneratorExit):
            raise
        except Exception as error:  # a plug-in may raise anything
            log.debug("%s %s failed", kind, self._name, exc_info=True)
            raise error_type(f"{kind} {self._name} failed: {type(error).__name__}: {error}.") from (
                error
            )


def is_dotted(name: str) -> bool:
    """Say whether a name is a plug-in's, ``package.module:Class``, and not one of a table."""
    module, colon, attribute = name.partition(":")
    words = (*module.split("."), attribute)
    is_class = "." in module or attribute[:1].isupper()
    return bool(colon) and is_class and all(word.isidentifier() for word in words)


def _example(name: str, key: str) -> str:
    return f"{name}:take.{name}" if key == "path" else f"{name}?{key}=..."
