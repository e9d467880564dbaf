"""Where samples go; ``open_sink`` turns an output's URL into a Sink, ``open_sinks`` several."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from facedrive.errors import OptionError, SinkError
from facedrive.options import MISSING, NumberOrAll, Option, first_paragraph, options_of, shown
from facedrive.registry import Registry, is_dotted
from facedrive.sinks.mirror import (
    EachPersonSink,
    EveryOutput,
    MirroredSink,
    OnePersonSink,
    PersonalSink,
)
from facedrive.stages import Sink

__all__ = ["SINKS", "Output", "describe", "open_sink", "open_sinks", "table_of"]

SINKS: Registry[Sink] = Registry(
    "sink",
    {
        "babble": "facedrive.sinks.babble:BabbleSink",
        "camera": "facedrive.sinks.virtualcam:CameraSink",
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
    },
    ("send", "close"),
    SinkError,
)
"""Schemes of ``--out``. A sink is a dataclass; its fields are the options that a URL may give."""


FILES = ("csv", "parquet", "video")
"""Schemes whose place is a file to write."""


def open_sink(url: str, *, mirror: bool = False, overwrite: bool = False) -> Sink:
    """Open the output that a URL names.

    Args:
        url: ``scheme://host:port?option=value`` for the network, ``scheme:path?option=value``
            for a file, ``package.module:Class?option=value`` for a plug-in.
        mirror: move as a mirror image does, where the URL does not say.
        overwrite: replace the file, where the URL does not say; otherwise a number is added.

    Raises:
        SinkError: if there is no such sink or option, or it cannot be opened.
    """
    return _open(_parse(url), mirror, overwrite)


def open_sinks(
    urls: Iterable[str],
    tables: Iterable[Path] = (),
    *,
    mirror: bool = False,
    overwrite: bool = False,
) -> list[Sink]:
    """Open several outputs; a user's table stands in for the one that ships with its channels.

    It does so in every output that uses that one: by default, or because the URL names it.
    ``mirror`` and ``overwrite`` are for the URLs that do not say.

    Raises:
        SinkError: as ``open_sink``, or if a table is for none of the outputs.
        MappingError: if a table is bad.
    """
    asked = [_parse(url) for url in urls]
    for standard, table in _by_standard(tables).items():
        takers = [each for each in asked if each.table == standard]
        if not takers:
            raise SinkError(
                f"mapping {table}: it is for {standard}, which none of these outputs uses; "
                f"add one that does, or mapping={standard} to a URL."
            )
        for each in takers:
            each.texts["mapping"] = str(table)
    return [_open(each, mirror, overwrite) for each in asked]


def written_paths(urls: Iterable[str]) -> list[Path]:
    """Return the files that outputs write.

    Raises:
        SinkError: if there is no such output.
    """
    asked = [_parse(url) for url in urls]
    # One without a path is refused where it is opened, with an example.
    return [Path(each.texts["path"]) for each in asked
            if each.name in FILES and "path" in each.texts]  # fmt: skip


def shows_as_it_comes(url: str) -> bool:
    """Tell whether an output moves something at once, and is no file to be read later.

    Raises:
        SinkError: if there is no such output.
    """
    return _parse(url).name not in FILES


def _open(asked: _Asked, mirror: bool, overwrite: bool) -> Sink:
    """Open an output; one that knows what mirroring is is left to do it."""
    own = {each.name for each in options_of(SINKS.find(asked.name))}
    texts = dict(asked.texts)
    if "overwrite" in own and overwrite:
        texts.setdefault("overwrite", "yes")
    try:
        said = {each.name: each.read(texts.pop(each.name)) for each in options_of(EveryOutput)
                if each.name not in own and each.name in texts}  # fmt: skip
    except OptionError as error:
        raise SinkError(f"{asked.name}: {error}") from error
    if asked.name in FILES and texts.keys() <= own - {"path"}:
        raise SinkError(f"{asked.name} needs a path, as in {describe(asked.name).example}.")
    sink = _for_whom(asked.name, SINKS.make(asked.name, texts), said.get("person"))
    return MirroredSink(sink) if said.get("mirror", mirror) and "mirror" not in own else sink


def _for_whom(name: str, sink: Sink, person: object) -> Sink:
    """Have a sink get the samples of one person, or each person's go to a sink like it."""
    if not isinstance(person, NumberOrAll) or (not person and getattr(sink, "everyone", False)):
        return sink
    if person:
        return OnePersonSink(sink, person)
    if not isinstance(sink, PersonalSink):
        sink.close()
        raise SinkError(
            f"{name}: person is all, and this output is for one person; give each an output of "
            "their own, with person=1, person=2 and so on."
        )
    return EachPersonSink(sink)


def table_of(url: str) -> str | None:
    """Return the mapping that an output uses: by default, or because its URL names it.

    Raises:
        SinkError: if there is no such output.
    """
    return _parse(url).table


def _by_standard(tables: Iterable[Path]) -> dict[str, Path]:
    """Return users' tables by the name of the one that each stands in for."""
    from facedrive.mappings.table import standard_of

    found: dict[str, Path] = {}
    for path in tables:
        standard = standard_of(path)
        if standard in found:
            raise SinkError(f"mapping {found[standard]} and {path} are both for {standard}.")
        found[standard] = path
    return found


class _Asked(NamedTuple):
    """What a URL asks for."""

    name: str
    """The scheme, or a plug-in's dotted name."""
    texts: dict[str, str]
    """Options as text, by field."""

    @property
    def table(self) -> str | None:
        """The mapping that the URL names, or the sink's default; None for a sink without."""
        default = _defaults(options_of(SINKS.find(self.name))).get("mapping")
        return self.texts.get("mapping", default if isinstance(default, str) else None)


def _defaults(options: Iterable[Option]) -> dict[str, object]:
    return {each.name: each.default for each in options}


def _parse(url: str) -> _Asked:
    name, _, query = url.partition("?")
    if is_dotted(name):
        return _Asked(name, dict(parse_qsl(query, keep_blank_values=True)))
    name, _, rest = url.partition(":")
    SINKS.find(name)
    return _Asked(name, _split_options(name, rest))


def _split_options(name: str, rest: str) -> dict[str, str]:
    """Split what follows the scheme into options, all still text."""
    place, _, query = rest.partition("?")
    if name in FILES:  # a file's name may have a question mark
        place, mark, query = rest.rpartition("?")
        if not (mark and all(map(_OPTION.match, query.split("&")))):
            place, query = rest, ""
    options = _read_host(name, place) if place.startswith("//") else {"path": place}
    given = {key: text for key, text in options.items() if text}
    return given | dict(parse_qsl(query, keep_blank_values=True))


_OPTION = re.compile(r"[a-z_]+=")


def _read_host(name: str, place: str) -> dict[str, str]:
    parts = urlsplit(place)
    try:
        port = "" if parts.port is None else str(parts.port)
    except ValueError as error:
        raise SinkError(f"{name}:{place} has no valid port; write one from 1 to 65535.") from error
    return {"host": parts.hostname or "", "port": port, "path": parts.path}


@dataclass(frozen=True)
class Output:
    """One scheme of ``--out``, described by its own class."""

    scheme: str
    format: str
    """The format, and the apps that take it."""
    about: str
    """What the output does."""
    options: tuple[Option, ...]
    tcp: bool = False
    """Whether its port is one of TCP; else of UDP."""

    @property
    def port(self) -> int | None:
        """Where it sends to or waits by default; None for a file."""
        port = _defaults(self.options).get("port")
        return port if isinstance(port, int) else None

    @property
    def example(self) -> str:
        """A URL that opens it."""
        defaults = _defaults(self.options)
        if "host" in defaults:
            return f"{self.scheme}://{defaults['host']}:{defaults['port']}"
        if defaults["path"] is not MISSING:
            return f"{self.scheme}:"
        return f"{self.scheme}:take.{'mp4' if self.scheme == 'video' else self.scheme}"


def describe(scheme: str) -> Output:
    """Describe the output of a scheme in ``SINKS``.

    Raises:
        SinkError: if there is none.
        DependencyError: if a package that it needs is not installed.
    """
    sink = SINKS.find(scheme)
    module = inspect.getdoc(sys.modules[sink.__module__]) or ""
    about = inspect.getdoc(sink) or ""
    own = options_of(sink)
    names = {each.name for each in own}
    shared = (each for each in options_of(EveryOutput) if each.name not in names)
    options = (*own, *shared)
    tcp = bool(getattr(sink, "tcp", False))
    return Output(scheme, first_paragraph(module), first_paragraph(about), options, tcp)


def written(each: Option) -> str | None:
    """Return an option's default as a URL would say it; None where it must be given."""
    return None if each.default is MISSING else shown(each.default)
