"""Find which shape keys follow what: by names of AUs and extras, else by ARKit's.

The rules are those of ``facedrive live --rig``. A key named after an AU or extra follows it. Where
there is none for one, keys with ARKit names take its part. Case and punctuation are ignored,
``eyeBlink_L`` is ``eyeBlinkLeft``, and a rig may split ``cheekPuff`` into a left and a right key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from .tables import ARKIT, AU_NAMES, EXTRAS

Weights = dict[str, float]
"""Shares of inputs (AUs, extras and gaze) in one shape key."""

OWN: dict[str, Weights] = {name: {name: 1.0} for name in (*AU_NAMES, *EXTRAS)}


@lru_cache(maxsize=64)
def match(keys: tuple[str, ...]) -> dict[str, Weights]:
    """Return the weights of the shape keys that are driven, by name."""
    matched: dict[str, Weights] = {}
    for table in (OWN, ARKIT):
        taken = {name for weights in matched.values() for name in weights}
        found = _named(keys, table)
        matched |= {key: weights for key, weights in found if taken.isdisjoint(weights)}
    return matched


def mix(weights: Weights, inputs: dict[str, float]) -> float:
    """Return a shape key's value, 0 to 1, for inputs by name."""
    value = sum(weight * inputs.get(name, 0.0) for name, weight in weights.items())
    return min(max(value, 0.0), 1.0)


def _named(keys: Iterable[str], table: dict[str, Weights]) -> Iterator[tuple[str, Weights]]:
    """Yield the keys that the table names, with their weights.

    Of several keys for one, the first that has the whole name wins, then the first whose name ends
    so after a point.
    """
    aliases = _aliases(table)
    used: set[tuple[str, str]] = set()
    spelt = [(key, key) for key in keys]
    for key, name in (*spelt, *((key, key.rpartition(".")[2]) for key, _ in spelt)):
        channel = aliases.get(_plain(name))
        if channel is not None and channel not in used:
            used.add(channel)
            yield key, table[channel[0]]


OTHER_NAMES = {
    "eyeclosedleft": "eyeBlinkLeft",
    "eyeclosedl": "eyeBlinkLeft",
    "eyeclosedright": "eyeBlinkRight",
    "eyeclosedr": "eyeBlinkRight",
}
"""What Unified Expressions, and add-ons for VRChat, call two of ARKit's shapes."""


def _aliases(table: dict[str, Weights]) -> dict[str, tuple[str, str]]:
    """Return channels by plain name; beside each the half of it that the name means, if any."""
    aliases: dict[str, tuple[str, str]] = {}
    for name in table:
        plain = _plain(name)
        aliases[plain] = (name, "")
        for side in ("left", "right"):
            if plain.endswith(side):
                aliases.setdefault(plain.removesuffix(side) + side[0], (name, ""))
            elif table is ARKIT and not plain.endswith(("left", "right")):
                aliases[plain + side] = aliases[plain + side[0]] = (name, side[0])
    if table is ARKIT:
        aliases |= {other: (name, "") for other, name in OTHER_NAMES.items()}
    return aliases


def looks(keys: tuple[str, ...]) -> bool:
    """Say whether any of the shape keys follows the gaze."""
    return any(name.startswith("gaze_") for weights in match(keys).values() for name in weights)


EYE_BONES = {
    "left": ("lefteye", "eyeleft", "leye", "eyel", "lefteyeball", "eyeballleft", "lfaceeye"),
    "right": ("righteye", "eyeright", "reye", "eyer", "righteyeball", "eyeballright", "rfaceeye"),
}
"""How the bones of eyeballs end, punctuation and case aside."""


def eye_bones(bones: Iterable[str]) -> dict[str, str]:
    """Return the names of the left and the right eye's bones; of several, the shortest."""
    by_length = sorted(bones, key=len)
    found = {}
    for side, endings in EYE_BONES.items():
        names = (name for name in by_length if _plain(name).endswith(endings))
        if (first := next(names, None)) is not None:
            found[side] = first
    return found


def _plain(name: str) -> str:
    """Drop case and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
