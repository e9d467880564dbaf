"""A mapping: a sparse table, in TOML, from AUs and gaze to what a receiver calls its channels.

A table has the channels in the receiver's order (``channels``), a row of weights for each that
is driven (``[weights]``), and the names of those that are not (``not_driven``):

    channels = ["jawOpen", "tongueOut"]
    not_driven = ["tongueOut"]
    [weights]
    jawOpen = { jaw_drop = 1.0 }

A user's table may instead change some rows of one that ships, and leave the others as they are.
A row may name other channels of its table beside AUs; they stand for their rows:

    extends = "arkit"
    not_driven = ["cheekPuff"]
    [weights]
    jawOpen = { jaw_drop = 1.3 }
    mouthClose = { jawOpen = 0.2, chin_raise = 0.5 }
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.errors import MappingError, unknown
from facedrive.extras import EXTRA_NAMES, complete
from facedrive.files import is_file, read_toml
from facedrive.registry import Registry, is_dotted
from facedrive.types import Vector

if TYPE_CHECKING:
    from facedrive.rig.model import Rules

FULL_GAZE_RAD = 0.43
"""Where MediaPipe's eyeLook channels reach 1, about 25 degrees: they rise by one for this yaw of
rendered eyes whose yaw is known (r 0.99 over the demo clip)."""

FULL_GAZE_DEG: dict[str, float] = {"up": 21.5, "down": 35.0, "in": 36.0, "out": 32.0}
"""Where a gaze input reaches 1, degrees: the turn of the eye at which ARKit's EyeLook shapes are 1,
measured on 7,839 frames of two iPhones (up: 20 to 23)."""

GAZE_INPUTS: tuple[str, ...] = tuple(
    f"gaze_{side}_{direction}" for side in ("left", "right") for direction in FULL_GAZE_DEG
)
"""Inputs beside the AUs, 0 to 1; ``in`` is towards the nose."""

PAIRS: dict[str, tuple[str, str]] = {
    f"{one}_and_{other}": (one, other)
    for one, other in (("jaw_drop", "lip_pucker"), ("left_eye_close", "right_eye_close"))
}
"""Inputs too: the lesser of two AUs, which no sum is. It makes an o of an a and a u, and a blink of
two winks."""

INPUTS: tuple[str, ...] = (*AU_NAMES, *GAZE_INPUTS, *PAIRS, *EXTRA_NAMES)

GAZE = slice(len(AU_NAMES), len(AU_NAMES) + len(GAZE_INPUTS))
"""Where the gaze is among ``INPUTS``."""

EXTRAS = slice(len(INPUTS) - len(EXTRA_NAMES), len(INPUTS))
"""Where the extras are."""

BUILT_IN: tuple[str, ...] = ("arkit", "mmd", "unified", "vrm0", "vrm1")
"""Tables that ship with facedrive, beside this file."""

EXAMPLE = "jawOpen = { jaw_drop = 1 }"

WEIGHT_LIMIT = 2.0
"""A weight beyond it is a slip of the keyboard: channels are 0 to 1."""

# Rows: GAZE_INPUTS. Columns: left pitch, left yaw, right pitch, right yaw; up and towards the
# subject's left are positive, so that the nose is at -yaw of the left eye.
_FULL_RAD = np.radians([*FULL_GAZE_DEG.values()] * 2, dtype=np.float32)[:, None]
_GAZE_AXES = (
    np.array(
        [
            [1, 0, 0, 0],
            [-1, 0, 0, 0],
            [0, -1, 0, 0],
            [0, 1, 0, 0],
            [0, 0, 1, 0],
            [0, 0, -1, 0],
            [0, 0, 0, 1],
            [0, 0, 0, -1],
        ],
        dtype=np.float32,
    )
    / _FULL_RAD
)

_GAZE_TURNS = np.divide(1, _GAZE_AXES, out=np.zeros_like(_GAZE_AXES), where=_GAZE_AXES != 0).T
"""(4, 8) radians of each axis for each input."""

_PAIRED = [
    (INPUTS.index(name), (AU_INDEX[one], AU_INDEX[other])) for name, (one, other) in PAIRS.items()
]


@dataclass(frozen=True, slots=True)
class Mapping:
    """Weights from AUs and gaze to channels."""

    name: str
    channels: tuple[str, ...]
    """The C channels, in the receiver's order."""
    matrix: NDArray[np.float32]
    """(C, 24 + 8 + 2 + E) float32; columns are ``INPUTS``."""
    rules: Rules | None = None
    """What holds between the channels, if they are a rig's."""

    @property
    def not_driven(self) -> tuple[str, ...]:
        """Return the channels that no AU moves; they stay at 0."""
        rows = zip(self.channels, self.matrix, strict=True)
        return tuple(name for name, weights in rows if not weights.any())

    def apply(self, aus: Vector, gaze: Vector, extras: Vector | None = None) -> Vector:
        """Map (24,) AUs, (2, 2) gaze in radians and (E,) extras to (C,) float32 channels, 0 to 1.

        Extras that are not known are those that go along with the AUs.
        """
        channels: Vector = np.clip(self.matrix @ inputs(aus, gaze, extras), 0.0, 1.0)
        return channels if self.rules is None else self.rules.apply(channels)


class MappingReader(Protocol):
    """Gives a mapping."""

    def read(self) -> Mapping:
        """Return it.

        Raises:
            MappingError: if it cannot be had.
        """
        ...


MAPPINGS: Registry[MappingReader] = Registry("mapping", {}, ("read",), MappingError)
"""For plug-ins; those that ship are files beside this one, by name in ``BUILT_IN``."""


def inputs(aus: Vector, gaze: Vector, extras: Vector | None = None) -> Vector:
    """Return the values of ``INPUTS``; arguments as for ``Mapping.apply``."""
    values = np.empty(len(INPUTS), np.float32)
    values[: len(AU_NAMES)] = aus
    values[GAZE] = gaze_inputs(gaze)
    values[EXTRAS] = complete(extras, aus)
    for place, (one, other) in _PAIRED:
        values[place] = min(aus[one], aus[other])
    return values


def gaze_inputs(gaze: Vector) -> Vector:
    """Split (2, 2) gaze in radians into the (8,) ``GAZE_INPUTS``, 0 to 1."""
    values: Vector = (_GAZE_AXES @ gaze.reshape(4)).clip(0.0, 1.0)
    return values


def gaze_of(values: Vector) -> Vector:
    """Return the (2, 2) gaze in radians of the (8,) ``GAZE_INPUTS``, as ``gaze_inputs`` made them.

    A gaze beyond what they can say is lost: they end at 1.
    """
    gaze: Vector = (_GAZE_TURNS @ values).astype(np.float32).reshape(2, 2)
    return gaze


def load_mapping(name_or_path: str | Path) -> Mapping:
    """Read a table that ships with facedrive, by name, a file, by path, or ask a plug-in.

    Args:
        name_or_path: such as ``arkit``, ``my.toml``, or ``package.module:Class?option=value``.

    Raises:
        MappingError: no such table, bad TOML, unknown names, or weights that are no weights.
    """
    text = str(name_or_path)
    if is_dotted(text.partition("?")[0]):
        return MAPPINGS.open(text).read()
    if text in BUILT_IN:
        return _read(Path(__file__).with_name(f"{text}.toml"))
    path = Path(name_or_path)
    if not is_file(path):
        known = unknown("mapping", text, BUILT_IN)
        raise MappingError(f"{known} The path of a TOML file is taken, too.")
    return _read(path)


def standard_of(path: Path) -> str:
    """Return which table that ships a user's file is for: the one that has its channels.

    Raises:
        MappingError: if the file is bad, or no table has its channels.
    """
    table = parse(path)
    if "extends" in table:
        _read(path)
        return str(table["extends"])
    given = load_mapping(path).channels
    standards = {name: load_mapping(name).channels for name in BUILT_IN}
    for name, channels in standards.items():
        if set(given) <= set(channels):
            return name
    known = {channel for channels in standards.values() for channel in channels}
    stray = next((name for name in given if name not in known), given[0])
    raise MappingError(f"{path.name}: {_no_channel(stray, known, ' or '.join(BUILT_IN))}")


class _Table(NamedTuple):
    """What a file says, checked but not yet put together."""

    channels: tuple[str, ...]
    rows: dict[str, dict[str, Any]]
    """What the file gives a weight."""
    base: Mapping | None
    """What holds for the other channels."""


def _read(path: Path) -> Mapping:
    table = parse(path)
    read = _changes(path, table) if "extends" in table else _whole(path, table)
    return _resolved(path, read)


def read_rows(path: Path, weights: dict[str, Any]) -> Mapping:
    """Read what a parsed table of weights gives each of its names.

    Raises:
        MappingError: unknown AUs, or weights that are no weights.
    """
    rows = {name: _row(path, name, row) for name, row in weights.items()}
    return _resolved(path, _Table(tuple(rows), rows, None))


def _resolved(path: Path, read: _Table) -> Mapping:
    rows: dict[str, NDArray[np.float32]] = {}
    for channel in read.channels:
        _resolve(path, read, channel, rows, ())
    matrix = np.zeros((len(read.channels), len(INPUTS)), np.float32)
    for number, name in enumerate(read.channels):
        matrix[number] = rows[name]
    return Mapping(path.stem, read.channels, matrix)


def parse(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        MappingError: if it cannot be read, or is none.
    """
    return read_toml(path, MappingError, "TOML table")


def extended(path: Path, name: object) -> Mapping:
    """Return the table that ships which a file's ``extends`` names.

    Raises:
        MappingError: if none of that name ships.
    """
    if name not in BUILT_IN:
        raise MappingError(f"{path.name}: extends: {unknown('table', str(name), BUILT_IN)}")
    return load_mapping(str(name))


def texts(path: Path, table: dict[str, Any], key: str) -> tuple[str, ...]:
    """Return the list of names under a file's ``key``, empty where there is none.

    Raises:
        MappingError: if it is no list of names.
    """
    names = table.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise MappingError(f"{path.name}: '{key}' must be a list of names.")
    return tuple(names)


def _whole(path: Path, table: dict[str, Any]) -> _Table:
    """Read a table that says something about each of its channels."""
    weights = _weights(path, table)
    channels = _names(path, table, "channels") or tuple(weights)
    not_driven = _names(path, table, "not_driven")
    _check_channels(path, channels, weights, not_driven)
    rows = {name: _row(path, name, weights.get(name, {})) for name in channels}
    if not rows:
        raise MappingError(f"{path.name} has no channels; add rows like {EXAMPLE}.")
    return _Table(channels, rows, None)


def _changes(path: Path, table: dict[str, Any]) -> _Table:
    """Read what a file changes in a table that ships."""
    base = table["extends"]
    standard = extended(path, base)
    if "channels" in table:
        raise MappingError(f"{path.name}: 'channels' are those of {base}; leave the key out.")
    not_driven = _names(path, table, "not_driven")
    weights = _weights(path, table) if "weights" in table or not not_driven else {}
    for name in (*weights, *not_driven):
        if name not in standard.channels:
            raise MappingError(f"{path.name}: {_no_channel(name, standard.channels, base)}")
        if name in weights and name in not_driven:
            raise MappingError(f"{path.name}: '{name}' is weighted and in not_driven; pick one.")
    rows = {name: _row(path, name, weights.get(name, {})) for name in (*weights, *not_driven)}
    return _Table(standard.channels, rows, standard)


def _resolve(
    path: Path,
    table: _Table,
    channel: str,
    rows: dict[str, NDArray[np.float32]],
    above: tuple[str, ...],
) -> NDArray[np.float32]:
    """Return a channel's weights, (inputs,), and put them in ``rows``; other channels' first.

    ``above`` are the channels that need this one.
    """
    if channel in above:
        way = " > ".join((*above[above.index(channel) :], channel))
        raise MappingError(f"{path.name}: {way} is a cycle; weigh one of them by AUs only.")
    if channel in rows:
        return rows[channel]
    row = np.zeros(len(INPUTS), np.float32)
    if channel not in table.rows:
        assert table.base is not None
        row[:] = table.base.matrix[table.channels.index(channel)]
    for name, weight in table.rows.get(channel, {}).items():
        share = _weight(path, channel, name, weight)
        if name in INPUTS:
            row[INPUTS.index(name)] += share
        elif name in table.channels:
            row += share * _resolve(path, table, name, rows, (*above, channel))
        else:
            raise MappingError(f"{path.name}: {channel}: {unknown('action unit', name, INPUTS)}")
    rows[channel] = row
    return row


def _no_channel(name: str, known: Iterable[str], table: str) -> str:
    """Say that a table has no such channel, and which are spelt nearly so."""
    near = get_close_matches(name, known)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; facedrive/mappings has them all."
    return f"no channel '{name}' in {table}{hint}"


def _weights(path: Path, table: dict[str, Any]) -> dict[str, Any]:
    weights = table.get("weights")
    if not isinstance(weights, dict):
        raise MappingError(f"{path.name} has no [weights]; add rows like {EXAMPLE}.")
    return weights


def _names(path: Path, table: dict[str, Any], key: str) -> tuple[str, ...]:
    names = texts(path, table, key)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise MappingError(f"{path.name}: '{key}' lists '{twice}' twice; remove one.")
    return names


def _check_channels(
    path: Path,
    channels: tuple[str, ...],
    weights: dict[str, Any],
    not_driven: tuple[str, ...],
) -> None:
    """Every channel must be either weighted or said to be not driven, and no others."""
    for name in (*weights, *not_driven):
        if name not in channels:
            raise MappingError(f"{path.name}: {unknown('channel', name, channels)}")
        if name in weights and name in not_driven:
            raise MappingError(f"{path.name}: '{name}' is weighted and in not_driven; pick one.")
    for name in channels:
        if name not in weights and name not in not_driven:
            raise MappingError(
                f"{path.name} says nothing about '{name}'; weight it or list it in not_driven."
            )


def _row(path: Path, channel: str, row: object) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise MappingError(
            f"{path.name}: {channel} must be like {{ jaw_drop = 1.0 }}, not {row!r}."
        )
    return row


def _weight(path: Path, channel: str, name: str, weight: object) -> float:
    number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not number or not abs(float(weight)) <= WEIGHT_LIMIT:
        raise MappingError(
            f"{path.name}: {channel}: {name} = {weight!r} is no weight; "
            f"give a number from {-WEIGHT_LIMIT:g} to {WEIGHT_LIMIT:g}."
        )
    return float(weight)
