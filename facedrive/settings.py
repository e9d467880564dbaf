"""The one tree of options: what each stage declares, put together, and its TOML files.

A value is the default, or the user's own file in the config folder says it, or a file given with
``--config``, or the command line: each later one wins. ``Layers`` knows which one it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from facedrive.errors import OptionError
from facedrive.files import parse_toml, read_text, user_config_folder, write_whole
from facedrive.lost import LostFaceOptions
from facedrive.options import Option, build, find, option, options_of, values_of
from facedrive.registry import is_dotted
from facedrive.regressors.options import RegressorOptions
from facedrive.smoothing import SmoothingOptions
from facedrive.sources import SourceOptions
from facedrive.trackers.options import TrackerOptions

VERSION = 1
"""Of the files; one of a later version is refused."""


@dataclass(frozen=True)
class CalibrationOptions:
    """What is known of this person's face."""

    profile: Path | None = option(None, flag="--profile", metavar="TOML", live=True)
    """A person's calibration, made by facedrive calibrate."""
    auto_neutral: bool | None = option(None, flag="--auto-neutral", live=True)
    """Learn the face's resting level while it is watched, where no profile is given; where left
    out, facedrive live does and the others do not."""


@dataclass(frozen=True)
class OutputOptions:
    """Where samples go."""

    to: tuple[str, ...] = option((), flag="--out", metavar="URL")
    """An output, such as osc://127.0.0.1:9000 or csv:take.csv; several; facedrive outputs lists
    them all."""
    mapping: tuple[Path, ...] = option((), flag="--mapping", metavar="TOML")
    """Your own rows in place of those of a table that the outputs use; several, one a table;
    facedrive outputs tells how."""
    overwrite: bool = option(False, flag="--overwrite")
    """Replace files that are there already; otherwise a number is added to the name."""
    mirror: bool = option(False, flag="--mirror-outputs")
    """Move every output as a mirror image does, unless its URL says ?mirror=no."""


@dataclass(frozen=True)
class ViewOptions:
    """What is seen on this computer."""

    rig: Path | None = option(None, flag="--rig", metavar="FILE")
    """Head to drive: .obj, .gltf, .glb, .vrm, or a plug-in; ours where left out."""
    rig_names: Path | None = option(None, flag="--rig-names", metavar="TOML")
    """What the rig calls its targets, before the names that facedrive knows."""
    show: bool | None = option(None, flag="--view")
    """Show the window; by default where there is a display."""
    mirror: bool = option(False, flag="--mirror", live=True)
    """Show the view as a mirror would; outputs have --mirror-outputs."""
    record: Path | None = option(None, flag="--record", metavar="MP4")
    """Record the picture from the start."""


@dataclass(frozen=True)
class ControlOptions:
    """Who may steer facedrive while it runs, beside its window."""

    ctl: bool = option(True)
    """Take what facedrive ctl says, from this user on this computer."""
    osc: int | None = option(None, flag="--control-osc", metavar="PORT", low=1, high=65535)
    """Take OSC messages /facedrive/control/<name> on this port of the loopback."""


@dataclass(frozen=True)
class Settings:
    """Everything that can be set about driving an avatar."""

    source: SourceOptions = SourceOptions()
    tracker: TrackerOptions = TrackerOptions()
    regressor: RegressorOptions = RegressorOptions()
    calibration: CalibrationOptions = CalibrationOptions()
    smoothing: SmoothingOptions = SmoothingOptions()
    lost: LostFaceOptions = LostFaceOptions()
    outputs: OutputOptions = OutputOptions()
    view: ViewOptions = ViewOptions()
    control: ControlOptions = ControlOptions()


@cache
def settings_options() -> tuple[Option, ...]:
    """Return every option of the tree."""
    return options_of(Settings)


class Layer(NamedTuple):
    """Some values, and who says them."""

    name: str
    values: dict[str, object]
    """By dotted name."""


class Layers(NamedTuple):
    """The values of several layers, of which a later one wins."""

    layers: tuple[Layer, ...]

    def settings(self) -> Settings:
        """Return the tree that they come to."""
        merged: dict[str, object] = {}
        for layer in self.layers:
            merged |= layer.values
        return build(Settings, merged)

    def origin(self, name: str) -> str:
        """Say where an option's value comes from, and who else said another."""
        said = [layer.name for layer in self.layers if name in layer.values]
        if not said:
            return "default"
        return said[-1] if len(said) == 1 else f"{said[-1]}, not {' or '.join(said[:-1])}"


def user_file() -> Path:
    """Return where the user's own options lie, if they have any."""
    return user_config_folder() / "facedrive.toml"


def load_layers(configs: Sequence[Path], given: dict[str, object], *, user: bool = True) -> Layers:
    """Read the user's own file, then those given, then what the command line says.

    Raises:
        OptionError: if a file is missing, no TOML, or says what cannot be; with its line.
    """
    files = [user_file()] if user and user_file().is_file() else []
    layers = [load_layer(path) for path in (*files, *configs)]
    return Layers((*layers, Layer("the command line", given)))


def load_layer(path: Path) -> Layer:
    """Read one file's values; a path in it starts from the file's folder.

    Raises:
        OptionError: if it is missing, no TOML, or says what cannot be; with its line.
    """
    text = read_text(path, OptionError, "TOML")
    table = parse_toml(path, text, OptionError, "TOML")
    if (version := table.pop("version", VERSION)) != VERSION:
        raise OptionError(
            f"{path} has version {version!r}; this facedrive reads {VERSION}. Update facedrive, or "
            "save the file again with it."
        )
    return Layer(str(path), {name: _take(path, text, name, each) for name, each in _flat(table)})


def _take(path: Path, text: str, name: str, value: object) -> object:
    try:
        taken = find(settings_options(), name).check(value)
    except OptionError as error:
        raise OptionError(f"{path}, line {line_of(text, name)}: {error}") from error
    if isinstance(taken, tuple):
        return tuple(_placed(path, each) for each in taken)
    return _placed(path, taken)


def _placed(path: Path, value: object) -> object:
    if not isinstance(value, Path) or is_dotted(str(value).partition("?")[0]):
        return value
    return path.parent / value.expanduser()


def _flat(table: dict[str, Any], start: str = "") -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{start}{key}.")
        else:
            yield f"{start}{key}", value


HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
KEY = re.compile(r"""\s*([\w."'-]+)\s*=""")


def line_of(text: str, name: str) -> int:
    """Return the line of a TOML text that says a dotted name, or the group nearest to it."""
    section, best, length = "", 1, 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := HEADER.match(line):
            section = header[1].replace(" ", "")
            said = section
        elif key := KEY.match(line):
            said = f"{section}.{key[1]}".lstrip(".")
        else:
            continue
        if length < len(said) and f"{name}.".startswith(f"{said}."):
            best, length = number, len(said)
    return best


def save_settings(settings: Settings, path: Path) -> None:
    """Write what differs from the defaults, each value below what it does.

    Raises:
        OptionError: if the file cannot be written.
    """
    import tomlkit

    document = tomlkit.document()
    document.add("version", tomlkit.item(VERSION))
    values = values_of(settings)
    for each in settings_options():
        if values[each.name] != each.default and values[each.name] is not None:
            table = document
            for group in each.path[:-1]:
                table = table.setdefault(group, tomlkit.table())
            for line in filter(None, (each.about, _limits(each))):
                table.add(tomlkit.comment(line))
            table.add(each.path[-1], tomlkit.item(_plain(values[each.name])))
    write_whole(path, tomlkit.dumps(document).encode(), OptionError)


def _limits(each: Option) -> str:
    kind = f"{each.kind.about}{each.range}"
    return f"{kind}, {each.facts.unit}" if each.facts.unit else kind


def _plain(value: object) -> Any:
    """Return a value as TOML has it; paths whole, so that they hold from any folder."""
    if isinstance(value, Path):
        plug_in = is_dotted(str(value).partition("?")[0])
        return str(value if plug_in else value.resolve())
    if isinstance(value, bool | int | float | str):
        return value
    if type(value) is tuple:
        return [_plain(each) for each in value]
    return str(value)
