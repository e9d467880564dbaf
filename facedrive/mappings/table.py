"""A mapping: a sparse table, in TOML, from AUs and gaze to what a receiver calls its channels.

A table has the channels in the receiver's order (``channels``), a row of weights for each that
is driven (``[weights]``), and the names of those that are not (``not_driven``):

    channels = ["jawOpen", "tongueOut"]
    not_driven = ["tongueOut"]
    [weights]
    jawOpen = { jaw_drop = 1.0 }
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.errors import MappingError, unknown
from facedrive.types import Vector

FULL_GAZE_RAD = 0.43
"""Where a gaze channel reaches 1, about 25 degrees: MediaPipe's eyeLook channels rise by one for
this yaw of rendered eyes whose yaw is known (r 0.99 over the demo clip)."""

GAZE_INPUTS: tuple[str, ...] = tuple(
    f"gaze_{side}_{direction}"
    for side in ("left", "right")
    for direction in ("up", "down", "in", "out")
)
"""Inputs beside the AUs, 0 to 1; ``in`` is towards the nose."""

INPUTS: tuple[str, ...] = AU_NAMES + GAZE_INPUTS

BUILT_IN: tuple[str, ...] = ("arkit", "unified", "vrm0", "vrm1")
"""Tables that ship with facedrive, beside this file."""

WEIGHT_LIMIT = 2.0
"""A weight beyond it is a slip of the keyboard: channels are 0 to 1."""

# Rows: GAZE_INPUTS. Columns: left pitch, left yaw, right pitch, right yaw; up and towards the
# subject's left are positive, so that the nose is at -yaw of the left eye.
_GAZE_AXES = np.array(
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
) / np.float32(FULL_GAZE_RAD)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Weights from AUs and gaze to channels."""

    name: str
    channels: tuple[str, ...]
    """The C channels, in the receiver's order."""
    matrix: NDArray[np.float32]
    """(C, 24 + 8) float32; columns are ``INPUTS``."""

    @property
    def not_driven(self) -> tuple[str, ...]:
        """Return the channels that no AU moves; they stay at 0."""
        rows = zip(self.channels, self.matrix, strict=True)
        return tuple(name for name, weights in rows if not weights.any())

    def apply(self, aus: Vector, gaze: Vector) -> Vector:
        """Map (24,) AUs and (2, 2) gaze in radians to (C,) float32 channels, 0 to 1."""
        inputs = np.concatenate([aus, gaze_inputs(gaze)])
        channels: Vector = np.clip(self.matrix @ inputs, 0.0, 1.0)
        return channels


def gaze_inputs(gaze: Vector) -> Vector:
    """Split (2, 2) gaze in radians into the (8,) ``GAZE_INPUTS``, 0 to 1."""
    inputs: Vector = np.clip(_GAZE_AXES @ gaze.reshape(4), 0.0, 1.0)
    return inputs


def load_mapping(name_or_path: str | Path) -> Mapping:
    """Read a table that ships with facedrive, by name, or a file, by path.

    Raises:
        MappingError: no such table, bad TOML, unknown names, or weights that are no weights.
    """
    text = str(name_or_path)
    if text in BUILT_IN:
        return _read(Path(__file__).with_name(f"{text}.toml"))
    path = Path(name_or_path)
    if not path.is_file():
        known = unknown("mapping", text, BUILT_IN).rstrip(".")
        raise MappingError(f"{known}, or give the path of a TOML file.")
    return _read(path)


def _read(path: Path) -> Mapping:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"{path.name} is no TOML table: {error}.") from error
    weights = table.get("weights")
    if not isinstance(weights, dict):
        raise MappingError(
            f"{path.name} has no [weights]; add rows like jawOpen = {{ jaw_drop = 1 }}."
        )
    channels = _names(path, table, "channels") or tuple(weights)
    not_driven = _names(path, table, "not_driven")
    _check_channels(path, channels, weights, not_driven)
    matrix = np.zeros((len(channels), len(INPUTS)), dtype=np.float32)
    for row, channel in enumerate(channels):
        for name, weight in _row(path, channel, weights.get(channel, {})).items():
            matrix[row, _column(path, channel, name)] = _weight(path, channel, name, weight)
    return Mapping(path.stem, channels, matrix)


def _names(path: Path, table: dict[str, Any], key: str) -> tuple[str, ...]:
    names = table.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise MappingError(f"{path.name}: '{key}' must be a list of channel names.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise MappingError(f"{path.name}: '{key}' lists '{twice}' twice; remove one.")
    return tuple(names)


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


def _column(path: Path, channel: str, name: str) -> int:
    if name not in INPUTS:
        raise MappingError(f"{path.name}: {channel}: {unknown('action unit', name, INPUTS)}")
    return INPUTS.index(name)


def _weight(path: Path, channel: str, name: str, weight: object) -> float:
    number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not number or not abs(float(weight)) <= WEIGHT_LIMIT:  # type: ignore[arg-type]
        raise MappingError(
            f"{path.name}: {channel}: {name} = {weight!r} is no weight; "
            f"give a number from {-WEIGHT_LIMIT:g} to {WEIGHT_LIMIT:g}."
        )
    return float(weight)  # type: ignore[arg-type]
