"""Read OSC 1.0 packets: messages, and bundles of them, nested or not.

Specification: Wright, "The Open Sound Control 1.0 Specification", 2002.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

MAX_DEPTH = 8
"""Bundles within bundles; more is an attack, not a face."""

NUMBERS = {"i": ">i", "f": ">f", "h": ">q", "d": ">d", "t": ">Q", "c": ">i", "r": ">I", "m": ">I"}
"""Type tags of numbers, and how ``struct`` reads them."""

CONSTANTS = {"T": True, "F": False, "N": None, "I": True}
"""Type tags that are their value."""

Argument = int | float | str | bytes | bool | None


class Message(NamedTuple):
    """One OSC message."""

    address: str
    arguments: tuple[Argument, ...]


class MalformedPacketError(ValueError):
    """What came is no OSC packet."""


def read_packet(packet: bytes) -> list[Message]:
    """Return a packet's messages in order.

    Raises:
        MalformedPacketError: if any part of it is not OSC.
    """
    try:
        return list(_messages(packet, 0))
    except (struct.error, UnicodeDecodeError) as error:
        raise MalformedPacketError(f"a packet of {len(packet)} bytes is no OSC: {error}") from error


def _messages(packet: bytes, depth: int) -> Iterator[Message]:
    if not packet.startswith(b"#bundle\0"):
        yield _message(packet)
        return
    if depth == MAX_DEPTH:
        raise MalformedPacketError(f"bundles are nested more than {MAX_DEPTH} deep")
    offset = 16  # past the name and the time tag
    if len(packet) < offset:
        raise MalformedPacketError(f"a bundle of {len(packet)} bytes ends before its time tag does")
    while offset < len(packet):
        (size,) = struct.unpack_from(">i", packet, offset)
        offset += 4
        if not 0 < size <= len(packet) - offset:
            raise MalformedPacketError(f"a bundle's element of {size} bytes does not fit into it")
        yield from _messages(packet[offset : offset + size], depth + 1)
        offset += size


def _message(packet: bytes) -> Message:
    if not packet.startswith(b"/"):
        raise MalformedPacketError(f"a message begins with {packet[:8]!r}, not with its address")
    address, offset = _text(packet, 0)
    types, offset = _text(packet, offset)
    if not types.startswith(","):
        raise MalformedPacketError(f"{address} has no type tags")
    arguments: list[Argument] = []
    for tag in types[1:]:
        argument, offset = _argument(packet, offset, tag)
        arguments.append(argument)
    return Message(address, tuple(arguments))


def _argument(packet: bytes, offset: int, tag: str) -> tuple[Argument, int]:
    if tag in NUMBERS:
        (number,) = struct.unpack_from(NUMBERS[tag], packet, offset)
        return number, offset + struct.calcsize(NUMBERS[tag])
    if tag in CONSTANTS:
        return CONSTANTS[tag], offset
    if tag in "sS":
        return _text(packet, offset)
    if tag == "b":
        return _blob(packet, offset)
    raise MalformedPacketError(f"type tag {tag!r} is unknown")


def _text(packet: bytes, offset: int) -> tuple[str, int]:
    """Read up to a zero byte; return the text and the next multiple of four."""
    end = packet.find(b"\0", offset)
    if end < 0:
        raise MalformedPacketError("a text does not end")
    return packet[offset:end].decode(), (end // 4 + 1) * 4


def _blob(packet: bytes, offset: int) -> tuple[bytes, int]:
    (size,) = struct.unpack_from(">i", packet, offset)
    start = offset + 4
    if not 0 <= size <= len(packet) - start:
        raise MalformedPacketError(f"a blob of {size} bytes does not fit into its message")
    return packet[start : start + size], start + (size + 3) // 4 * 4
