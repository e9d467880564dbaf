"""How rigs name their targets: one convention a TOML table, in ``conventions/`` beside this.

A table gives weights of AUs and gaze to names, and may build on a mapping that ships:

    title = "ARKit"
    extends = "arkit"        # its channels are names too
    halves = true            # a channel for both sides may be split: cheekPuff_L
    suffixes = ["_h"]        # may stand behind each name
    not_driven = ["Hat"]     # names that no table shall drive
    [weights]
    LeyeClose = { left_eye_close = 1.0 }
    [otherwise]              # only where no table has driven these AUs yet
    EyesClosed = { left_eye_close = 0.5, right_eye_close = 0.5 }

Case, punctuation, width of letters, a prefix and a number behind do not matter:
``Head.jaw_open.001`` is ``jawOpen``. A side may stand anywhere: ``LeftEyeBlink`` is ``eyeBlink_L``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.aus import AU_NAMES
from facedrive.errors import MappingError, unknown
from facedrive.extras import EXTRA_NAMES
from facedrive.mappings.table import INPUTS, Mapping, extended, parse, read_rows, texts

CONVENTIONS: tuple[str, ...] = (
    *("arkit", "unified", "character_generator", "sranipal", "cc4", "makehuman", "facs", "daz"),
    *("vroid", "vrm1", "vrm0", "mmd", "visemes", "bones"),
)
"""Tables that ship, the most detailed first: an AU is driven by the first that has it."""

KEYS = ("title", "extends", "halves", "suffixes", "not_driven", "weights", "otherwise")

LONGEST = 200
"""Letters of a name that are looked at, from its end."""

SHORTEST_TAIL = 5
"""Letters that a name needs to be known behind a prefix: the o of ``Hat_o`` is no vowel."""

BONE = "bone."
"""What targets made of bones are called; they wait for when no morph does their work."""

SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}

WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
"""The words of a name in camel case, snake case or any punctuation."""

COPY = re.compile(r"[._ ]\d{2,}$")
"""What Blender puts behind a name that is there already."""


class Channel(NamedTuple):
    """What a target's name stands for."""

    name: str
    half: str
    """``l`` or ``r`` where the rig splits a channel that is one in the table, else empty."""


@dataclass(frozen=True, slots=True)
class Convention:
    """One table of names."""

    title: str
    rows: dict[str, NDArray[np.float32]]
    """A name's weights over ``INPUTS``."""
    otherwise: frozenset[str]
    """Names that count only for AUs that nothing else has driven."""
    not_driven: frozenset[str]
    aliases: dict[str, Channel]
    """What a name is spelt like, plain."""

    def find(self, spellings: tuple[str, ...]) -> tuple[Channel, int] | None:
        """Return the channel that a name stands for, and which of its spellings told so."""
        for number, spelling in enumerate(spellings):
            if spelling in self.aliases:
                return self.aliases[spelling], number
        return None


def conventions(names: Path | None = None) -> tuple[Convention, ...]:
    """Return the user's table, if any, our own AU names, and those that ship."""
    own = (_read(names),) if names is not None else ()
    return (*own, _au_names(), *map(_shipped, CONVENTIONS))


def spellings(name: str) -> tuple[str, ...]:
    """List what a target may be called, plain, the whole name first, then without prefixes."""
    if name.startswith(BONE):
        return (plain(name),)
    name = name[-LONGEST:]
    text = COPY.sub("", unicodedata.normalize("NFKC", name))
    tail = text.rpartition(".")[2]
    words = WORDS.findall(text)[-16:]
    found = [plain(text), _sides_last(WORDS.findall(text)), plain(tail)]
    found.append(_sides_last(WORDS.findall(tail)))
    for first in range(1, len(words)):
        found += ["".join(words[first:]).lower(), _sides_last(words[first:])]
    whole, shorter = found[:4], [each for each in found[4:] if len(each) >= SHORTEST_TAIL]
    return tuple(dict.fromkeys(each for each in (*whole, *shorter) if each))


def plain(name: str) -> str:
    """Drop case, punctuation and width of letters."""
    folded = unicodedata.normalize("NFKC", name).lower()
    return "".join(letter for letter in folded if letter.isalnum())


def _sides_last(words: list[str]) -> str:
    """Join words, those for a side in full and at the end."""
    lower = [word.lower() for word in words]
    sides = [SIDES[word] for word in lower if word in SIDES]
    return "".join(word for word in lower if word not in SIDES) + "".join(sides)


@cache
def _au_names() -> Convention:
    own = AU_NAMES + EXTRA_NAMES
    rows = np.eye(len(INPUTS), dtype=np.float32)[[INPUTS.index(name) for name in own]]
    return _convention("FEAFA+", Mapping("au", own, rows), {})


@cache
def _shipped(name: str) -> Convention:
    return _read(Path(__file__).parent / "conventions" / f"{name}.toml")


def _read(path: Path) -> Convention:
    """Read a table.

    Raises:
        MappingError: no such file, bad TOML, or what is no table of names.
    """
    table = parse(path)
    for key in table:
        if key not in KEYS:
            raise MappingError(f"{path.name}: {unknown('key', key, KEYS)}")
    base = extended(path, table["extends"]) if "extends" in table else None
    if not any(key in table for key in ("extends", "weights", "not_driven", "otherwise")):
        raise MappingError(
            f"{path.name} has no [weights]; add rows like jawBig = {{ jaw_drop = 1 }}."
        )
    return _convention(str(table.get("title", path.stem)), base, table, path)


def _convention(
    title: str, base: Mapping | None, table: dict[str, Any], path: Path = Path()
) -> Convention:
    rows = {} if base is None else dict(zip(base.channels, base.matrix, strict=True))
    otherwise = _section(path, table, "otherwise")
    for section in (_section(path, table, "weights"), otherwise):
        given = read_rows(path, section)
        rows |= dict(zip(given.channels, given.matrix, strict=True))
    not_driven = texts(path, table, "not_driven")
    rows |= {name: np.zeros(len(INPUTS), np.float32) for name in not_driven}
    suffixes = ("", *texts(path, table, "suffixes"))
    aliases: dict[str, Channel] = {}
    for name in rows:
        for suffix in suffixes:
            _add_aliases(aliases, name, suffix, halves=bool(table.get("halves", False)))
    return Convention(title, rows, frozenset(otherwise), frozenset(not_driven), aliases)


def _add_aliases(aliases: dict[str, Channel], name: str, suffix: str, *, halves: bool) -> None:
    channel, spelt = Channel(name, ""), plain(name + suffix)
    aliases[spelt] = channel
    aliases.setdefault(
        _sides_last(WORDS.findall(unicodedata.normalize("NFKC", name + suffix))), channel
    )
    for side in ("left", "right"):
        if spelt.endswith(side):
            aliases.setdefault(spelt.removesuffix(side) + side[0], channel)
        elif halves and not spelt.endswith(("left", "right")):
            aliases.setdefault(spelt + side, Channel(name, side[0]))
            aliases.setdefault(spelt + side[0], Channel(name, side[0]))


def _section(path: Path, table: dict[str, Any], key: str) -> dict[str, Any]:
    section = table.get(key, {})
    if not isinstance(section, dict):
        raise MappingError(f"{path.name}: '{key}' must be a table of names.")
    return section
