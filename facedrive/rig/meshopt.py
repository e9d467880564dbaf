"""Decodes buffer views that EXT_meshopt_compression packed.

Specification: Khronos glTF, EXT_meshopt_compression, appendices A (bitstream) and B (filters).
A group is 16 elements' deltas of one byte; its length depends on its own bytes. So one loop finds
where the groups begin, by lengths looked up for every place, and NumPy unpacks all at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

GROUP = 16
CHUNK = 1 << 15
"""Groups unpacked at once."""

ATTRIBUTES_HEAD, TRIANGLES_HEAD, INDICES_HEAD = 0xA0, 0xE1, 0xD1

_BITS = np.arange(256, dtype=np.uint8)
_PAIRS = np.stack([_BITS >> 6, _BITS >> 4 & 3, _BITS >> 2 & 3, _BITS & 3], axis=1, dtype=np.uint8)
_NIBBLES = np.stack([_BITS >> 4, _BITS & 15], axis=1, dtype=np.uint8)


class StreamError(ValueError):
    """Compressed data that cannot be what it claims."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a buffer view says of its compressed data."""

    mode: str
    """``ATTRIBUTES``, ``TRIANGLES`` or ``INDICES``."""
    count: int
    """Elements."""
    stride: int
    """Bytes an element."""
    filter: str = "NONE"


def decode(data: bytes | memoryview, layout: Layout) -> Bytes:
    """Unpack a view: (count * stride,) uint8.

    Raises:
        StreamError: if the layout cannot be, or the data is not as long as its own codes say.
    """
    if layout.mode == "ATTRIBUTES":
        if layout.stride % 4 or not 0 < layout.stride <= 256:
            raise StreamError(f"elements of {layout.stride} bytes; they have 4, 8, ... 256")
        elements = _attributes(bytes(data), layout.count, layout.stride)
        return _filtered(elements, layout.filter).reshape(-1)
    decoders: dict[str, Callable[[bytes, int], list[int]]] = {
        "TRIANGLES": _triangles,
        "INDICES": _indices,
    }
    if layout.mode not in decoders or layout.stride not in (2, 4):
        raise StreamError(f"mode {layout.mode!r} with elements of {layout.stride} bytes")
    try:
        numbers = decoders[layout.mode](bytes(data), layout.count)
    except IndexError as error:
        raise StreamError("its data ends early") from error
    wide = (np.array(numbers, np.int64) & 0xFFFFFFFF).astype("<u4")
    return (wide if layout.stride == 4 else wide.astype("<u2")).view(np.uint8)


def _attributes(data: bytes, count: int, stride: int) -> Bytes:
    """Return (count, stride) uint8."""
    tail = max(stride, 32)
    if len(data) < 1 + tail or data[0] != ATTRIBUTES_HEAD:
        raise StreamError("it does not begin as attributes do")
    padded = -(-count // GROUP) * GROUP
    source = np.frombuffer(data + bytes(GROUP * 24), np.uint8)
    deltas = np.zeros((stride, padded), np.uint8)
    found = _find_groups(data, source, count, stride, len(data) - tail)
    for unpack, places in zip((_two_bits, _four_bits, _raw), found, strict=True):
        starts, rows = (np.array(each, np.int64) for each in places)
        for first in range(0, len(starts), CHUNK):
            begins = starts[first : first + CHUNK, None]
            ends = rows[first : first + CHUNK, None] + np.arange(GROUP)
            deltas.reshape(-1)[ends] = unpack(source, begins)
    signed = (deltas >> 1) ^ (np.uint8(0) - (deltas & 1))
    np.cumsum(signed, axis=1, dtype=np.uint8, out=deltas)
    deltas += np.frombuffer(data, np.uint8)[-stride:, None]
    return np.ascontiguousarray(deltas[:, :count].T)


def _find_groups(
    data: bytes, source: Bytes, count: int, stride: int, limit: int
) -> tuple[tuple[list[int], list[int]], ...]:
    """Walk the blocks; return where groups of 2, 4 and 8 bits begin, and where they belong."""
    sizes = (b"", _lengths(source, _PAIRS, 4), _lengths(source, _NIBBLES, 8), b"\x10" * len(source))
    found: tuple[tuple[list[int], list[int]], ...] = tuple(([], []) for _ in range(3))
    padded = -(-count // GROUP) * GROUP
    whole = min(8192 // stride & -GROUP, 256)
    place = 1
    for first in range(0, count, whole):
        groups = -(-min(whole, count - first) // GROUP)
        for row in range(first, first + stride * padded, padded):
            head, place = place, place + -(-groups // 4)
            if place > limit:
                raise StreamError("its data ends early")
            for group in _coded(data[head:place], groups):
                mode = data[head + (group >> 2)] >> 2 * (group & 3) & 3
                found[mode - 1][0].append(place)
                found[mode - 1][1].append(row + GROUP * group)
                place += sizes[mode][place]
    if place != limit:
        raise StreamError(f"its data ends at byte {place}, not {limit}")
    return found


def _coded(heads: bytes, groups: int) -> list[int]:
    """List the groups that are not all zero."""
    if not any(heads):
        return []
    return [group for group in range(groups) if heads[group >> 2] >> 2 * (group & 3) & 3]


def _lengths(source: Bytes, table: Bytes, width: int) -> bytes:
    """Return for each place how long a group that begins there would be."""
    sentinels = (table == table.max()).sum(axis=1, dtype=np.uint8)
    total = np.concatenate([[0], np.cumsum(sentinels[source], dtype=np.uint32)])
    return bytes((total[width:] - total[:-width] + width).astype(np.uint8)) + bytes(width)


def _two_bits(source: Bytes, begins: NDArray[np.int64]) -> Bytes:
    return _sentinels(source, _PAIRS, begins, 4)


def _four_bits(source: Bytes, begins: NDArray[np.int64]) -> Bytes:
    return _sentinels(source, _NIBBLES, begins, 8)


def _raw(source: Bytes, begins: NDArray[np.int64]) -> Bytes:
    groups: Bytes = source[begins + np.arange(GROUP)]
    return groups


def _sentinels(source: Bytes, table: Bytes, begins: NDArray[np.int64], width: int) -> Bytes:
    """Unpack (n, 16) deltas; one with all bits set stands as a byte of its own behind the rest."""
    small = table[source[begins + np.arange(width)]].reshape(-1, GROUP)
    large = small == table.max()
    behind = begins + width - 1 + np.cumsum(large, axis=1)
    groups: Bytes = np.where(large, source[behind], small)
    return groups


class _Triangles:
    """The state of the triangle codec: what was met last, newest first."""

    def __init__(self, data: bytes, place: int) -> None:
        self.data, self.place = data, place
        self.next = self.last = 0
        self.edges = deque([(0, 0)] * 16, maxlen=16)
        self.vertices = deque([0] * 16, maxlen=16)

    def beside(self, edge: int, kind: int) -> tuple[int, int, int]:
        """Return the triangle on a recent edge."""
        a, b = self.edges[edge]
        if 0 < kind < 13:
            c = self.vertices[kind]
        else:
            if kind in (13, 14):
                c = self.last = self.last + (1 if kind == 14 else -1)
            else:
                c = self._fresh() if kind == 0 else self._explicit()
            self.vertices.appendleft(c)
        self.edges.appendleft((c, b))
        self.edges.appendleft((a, c))
        return a, b, c

    def apart(self, kind: int, table: bytes) -> tuple[int, int, int]:
        """Return a triangle on no recent edge."""
        codes = table[kind] if kind < 14 else self._byte()
        if kind >= 14 and codes == 0:
            self.next = 0
        a = self._explicit() if kind == 15 else self._fresh()
        b, c = self._corner(codes >> 4), self._corner(codes & 15)
        self.edges.extendleft([(b, a), (c, b), (a, c)])
        self.vertices.appendleft(a)
        if codes >> 4 in (0, 15):
            self.vertices.appendleft(b)
        if codes & 15 in (0, 15):
            self.vertices.appendleft(c)
        return a, b, c

    def _corner(self, code: int) -> int:
        if code == 0:
            return self._fresh()
        return self._explicit() if code == 15 else self.vertices[code - 1]

    def _fresh(self) -> int:
        self.next += 1
        return self.next - 1

    def _explicit(self) -> int:
        value, self.place = _varint(self.data, self.place)
        self.last += ~(value >> 1) if value & 1 else value >> 1
        return self.last

    def _byte(self) -> int:
        self.place += 1
        return self.data[self.place - 1]


def _triangles(data: bytes, count: int) -> list[int]:
    triangles = count // 3
    if count % 3 or len(data) < 1 + triangles + 16 or data[0] != TRIANGLES_HEAD:
        raise StreamError("it does not begin as triangles do")
    codes, table = data[1 : 1 + triangles], data[-16:]
    state = _Triangles(data[:-16], 1 + triangles)
    corners: list[int] = []
    for code in codes:
        high, low = code >> 4, code & 15
        corners += state.beside(high, low) if high < 15 else state.apart(low, table)
    return corners


def _indices(data: bytes, count: int) -> list[int]:
    if len(data) < 1 + count + 4 or data[0] != INDICES_HEAD:
        raise StreamError("it does not begin as indices do")
    place, last = 1, [0, 0]
    numbers: list[int] = []
    for _ in range(count):
        value, place = _varint(data, place)
        last[value & 1] += ~(value >> 2) if value & 2 else value >> 2
        numbers.append(last[value & 1])
    return numbers


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """Read an unsigned LEB128 number of up to five bytes; return it and where it ends."""
    value = 0
    for shift in range(0, 35, 7):
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise StreamError("it has a number of more than five bytes")


def _filtered(elements: Bytes, name: str) -> Bytes:
    """Undo a filter on (count, stride) bytes."""
    filters = {
        "OCTAHEDRAL": (_octahedral, (4, 8)),
        "QUATERNION": (_quaternion, (8,)),
        "EXPONENTIAL": (_exponential, tuple(range(4, 257, 4))),
    }
    if name == "NONE":
        return elements
    if name not in filters or elements.shape[1] not in filters[name][1]:
        raise StreamError(f"filter {name!r} on elements of {elements.shape[1]} bytes")
    return filters[name][0](elements)


def _octahedral(elements: Bytes) -> Bytes:
    kind = np.dtype("<i1" if elements.shape[1] == 4 else "<i2")
    packed = elements.view(kind)
    one = np.maximum(packed[:, 2].astype(np.float32), 1)
    x, y = packed[:, 0] / one, packed[:, 1] / one
    z = 1 - np.abs(x) - np.abs(y)
    fold = np.minimum(z, 0)
    x, y = x - np.copysign(fold, x), y - np.copysign(fold, y)
    length = np.maximum(np.sqrt(x * x + y * y + z * z), 1e-12)
    units = np.stack([x, y, z], axis=1) / length[:, None]
    unpacked = packed.copy()
    unpacked[:, :3] = np.rint(units * np.iinfo(kind).max)
    return unpacked.view(np.uint8)


def _quaternion(elements: Bytes) -> Bytes:
    packed = elements.view("<i2")
    one = (packed[:, 3] | 3).astype(np.float32)
    small = packed[:, :3] / one[:, None] / np.float32(np.sqrt(2))
    large = np.sqrt(np.maximum(1 - (small**2).sum(axis=1), 0))
    places = (packed[:, 3:] + np.arange(1, 5)) & 3
    unpacked = np.empty_like(packed)
    values = np.rint(np.column_stack([small, large]) * 32767).astype(packed.dtype)
    np.put_along_axis(unpacked, places.astype(np.int64), values, axis=1)
    return unpacked.view(np.uint8)


def _exponential(elements: Bytes) -> Bytes:
    packed = elements.view("<i4")
    mantissa, exponent = packed << 8 >> 8, packed >> 24
    with np.errstate(over="ignore"):
        values = np.ldexp(mantissa.astype(np.float32), exponent)
    unpacked: Bytes = values.astype("<f4").view(np.uint8)
    return unpacked
