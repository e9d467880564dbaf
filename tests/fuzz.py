"""Mutators of files, seeded: the same seed gives the same damage on every machine."""

from __future__ import annotations

import random
from collections.abc import Callable

Mutator = Callable[[random.Random, bytes], bytes]

ODD_TEXTS = (
    b"9" * 311, b"-1e999", b"nan", b"[" * 3000, b"{" * 3000, b"\xff\xfe", b"\x00", b"\x1b[2J",
    b'"' * 3, b"'\n", b"= =", "é".encode("latin-1"), b"true", b"[]", b"1979-05-27",
    b"18446744073709551616", b"../../x", b"\n" * 50, b",,,,", b"x" * 5000,
)  # fmt: skip
"""What a number, a name or a value may be replaced by."""


def flip(chance: random.Random, content: bytes) -> bytes:
    """Change single bytes."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 4, 32))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def cut(chance: random.Random, content: bytes) -> bytes:
    """End early."""
    return content[: chance.randrange(len(content))]


def leave_out(chance: random.Random, content: bytes) -> bytes:
    """Leave a stretch out, one byte at least."""
    start = chance.randrange(len(content))
    return content[:start] + content[start + chance.choice((1, 1, 16, 512)) :]


def repeat(chance: random.Random, content: bytes) -> bytes:
    """Say a stretch twice."""
    start = chance.randrange(len(content))
    end = start + chance.choice((1, 16, 512))
    return content[:end] + content[start:]


def put_in(chance: random.Random, content: bytes) -> bytes:
    """Put something odd between two bytes, or in place of some."""
    start = chance.randrange(len(content))
    rest = content[start + chance.choice((0, 1, 8)) :]
    return content[:start] + chance.choice(ODD_TEXTS) + rest


def odd_value(chance: random.Random, content: bytes) -> bytes:
    """Replace one value of a text."""
    words = content.split(chance.choice((b" ", b",", b"=", b"\n")))
    words[chance.randrange(len(words))] = chance.choice(ODD_TEXTS)
    return chance.choice((b" ", b",", b"=", b"\n")).join(words)


def huge_count(chance: random.Random, content: bytes) -> bytes:
    """Write a large number where a binary file may have a size."""
    start = chance.randrange(max(1, min(len(content), 512)))
    number = chance.choice((0x7FFFFFFF, 0xFFFFFFFF, 0x10000000, 0xFFFF))
    order: str = chance.choice(("little", "big"))
    return content[:start] + number.to_bytes(4, order) + content[start + 4 :]


MUTATORS: tuple[Mutator, ...] = (flip, cut, leave_out, repeat, put_in, odd_value, huge_count)


def mutated(content: bytes, seed: int) -> bytes:
    """Return a damaged copy; never the content itself."""
    chance = random.Random(seed)
    damaged = content
    while damaged == content:
        for _ in range(chance.choice((1, 1, 2))):
            damaged = chance.choice(MUTATORS)(chance, damaged or content)
    return damaged
