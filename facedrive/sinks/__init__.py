"""Where samples go; ``open_sink`` turns an output's URL into a Sink, ``open_sinks`` several."""

from __future__ import annotations

import dataclasses
import importlib
import types
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl, urlsplit

from facedrive.errors import SinkError, unknown
from facedrive.stages import Sink

__all__ = ["SINKS", "open_sink", "open_sinks"]

SINKS: dict[str, str] = {
    "babble": "facedrive.sinks.babble:BabbleSink",
    "csv": "facedrive.sinks.csv:TakeSink",
    "ifacialmocap": "facedrive.sinks.ifacialmocap:IFacialMocapSink",
    "livelink": "facedrive.sinks.livelink:LiveLinkSink",
    "openseeface": "facedrive.sinks.openseeface:OpenSeeFaceSink",
    "osc": "facedrive.sinks.osc:OscSink",
    "parquet": "facedrive.sinks.csv:TakeSink",
    "video": "facedrive.sinks.video:VideoSink",
    "vmc": "facedrive.sinks.vmc:VmcSink",
    "vrchat": "facedrive.sinks.vrchat:VrchatSink",
    "vts": "facedrive.sinks.vts:VtsSink",
    "ws": "facedrive.sinks.ws:WsSink",
}
"""Scheme to class. A sink is a dataclass; its fields are the options that a URL may give."""


def open_sink(url: str) -> Sink:
    """Open the output that a URL names.

    Args:
        url: ``scheme://host:port?option=value`` for the network, ``scheme:path?option=value``
            for a file, ``package.module:Class?option=value`` for a plug-in.

    Raises:
        SinkError: if there is no such sink or option, or it cannot be opened.
    """
    return _build(*_parse(url))


def open_sinks(urls: Iterable[str], tables: Iterable[Path] = ()) -> list[Sink]:
    """Open several outputs; a user's table stands in for the one that ships with its channels.

    It does so in every output that uses that one: by default, or because the URL names it.

    Raises:
        SinkError: as ``open_sink``, or if a table is for none of the outputs.
        MappingError: if a table is bad.
    """
    asked = [_parse(url) for url in urls]
    for standard, table in _by_standard(tables).items():
        takers = [each for each in asked if each.table == standard]
        if not takers:
            raise SinkError(
                f"--mapping {table}: it is for {standard}, which none of these outputs uses; "
                f"add one that does, or mapping={standard} to a URL."
            )
        for each in takers:
            each.texts["mapping"] = str(table)
    return [_build(*each) for each in asked]


def _by_standard(tables: Iterable[Path]) -> dict[str, Path]:
    """Return users' tables by the name of the one that each stands in for."""
    from facedrive.mappings.table import standard_of

    found: dict[str, Path] = {}
    for path in tables:
        standard = standard_of(path)
        if standard in found:
            raise SinkError(f"--mapping {found[standard]} and {path} are both for {standard}.")
        found[standard] = path
    return found


def sink_class(scheme: str) -> type[Any]:
    """Import the class of a scheme in ``SINKS``.

    Raises:
        SinkError: if a package that it needs is not installed.
    """
    module, _, class_name = SINKS[scheme].partition(":")
    return _import(module, class_name)


class _Asked(NamedTuple):
    """What a URL asks for."""

    name: str
    """What errors call it."""
    sink: type[Any]
    texts: dict[str, str]
    """Options as text, by field."""

    @property
    def table(self) -> str | None:
        """The mapping that the URL names, or the sink's default; None for a sink without."""
        fields = {field.name: field.default for field in dataclasses.fields(self.sink)}
        default = fields.get("mapping")
        return self.texts.get("mapping", default if isinstance(default, str) else None)


def _parse(url: str) -> _Asked:
    name, _, rest = url.partition(":")
    if "." in name:
        class_name, _, query = rest.partition("?")
        return _Asked(url, _import(name, class_name), dict(parse_qsl(query)))
    if name not in SINKS:
        raise SinkError(unknown("sink", name, SINKS))
    return _Asked(name, sink_class(name), _split_options(name, rest))


def _split_options(name: str, rest: str) -> dict[str, str]:
    """Split what follows the scheme into options, all still text."""
    place, _, query = rest.partition("?")
    options = _read_host(name, place) if place.startswith("//") else {"path": place}
    given = {key: text for key, text in options.items() if text}
    return given | dict(parse_qsl(query, keep_blank_values=True))


def _read_host(name: str, place: str) -> dict[str, str]:
    parts = urlsplit(place)
    try:
        port = "" if parts.port is None else str(parts.port)
    except ValueError as error:
        raise SinkError(f"{name}:{place} has no valid port; write one from 1 to 65535.") from error
    return {"host": parts.hostname or "", "port": port, "path": parts.path}


def _import(module: str, class_name: str) -> type[Any]:
    try:
        found = getattr(importlib.import_module(module), class_name)
    except (ImportError, AttributeError) as error:
        raise SinkError(
            f"sink {module}:{class_name} cannot be imported: {error}. "
            "Is its package installed, or its folder on PYTHONPATH?"
        ) from error
    if not (isinstance(found, type) and dataclasses.is_dataclass(found)):
        raise SinkError(f"sink {module}:{class_name} is not a dataclass; its fields are options.")
    return found


def _build(name: str, sink: type[Any], texts: Mapping[str, str]) -> Sink:
    fields = {field.name: field for field in dataclasses.fields(sink) if field.init}
    readers = read_options(sink)
    for key in texts:
        if key not in readers:
            raise SinkError(f"{name}: {unknown('option', key, readers)}")
    for key, field in fields.items():
        if key not in texts and field.default is field.default_factory is dataclasses.MISSING:
            raise SinkError(f"{name} needs a {key}, as in {_example(name, key)}.")
    values = {key: _read(name, key, text, readers[key]) for key, text in texts.items()}
    opened: Sink = sink(**values)
    return opened


def _example(name: str, key: str) -> str:
    return f"{name}:take.{name}" if key == "path" else f"{name}?{key}=..."


Reader = Callable[[str], object]


def read_options(sink: type[Any]) -> dict[str, Reader]:
    """Return what reads each of a sink's fields that a text can give."""
    hints = get_type_hints(sink)
    names = [field.name for field in dataclasses.fields(sink) if field.init]
    return {name: reader for name in names if (reader := _reader(hints[name])) is not None}


def _read(name: str, key: str, text: str, reader: Reader) -> object:
    try:
        return reader(text)
    except ValueError as error:
        raise SinkError(f"{name}: {key} is '{text}'; it must be {_KIND[reader]}.") from error


def _read_bool(text: str) -> bool:
    answers = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in answers:
        raise ValueError(text)
    return answers[text.lower()]


_READERS: dict[object, Reader] = {str: str, int: int, float: float, bool: _read_bool, Path: Path}

_KIND: dict[Reader, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    _read_bool: "yes or no",
    Path: "a path",
}


def _reader(hint: object) -> Reader | None:
    """Return what reads a field of this type; None for one that no text can give."""
    if get_origin(hint) in (Union, types.UnionType):
        members = [member for member in get_args(hint) if member is not types.NoneType]
        return _reader(members[0]) if len(members) == 1 else None
    return _READERS.get(hint)
