"""Checks a dlib shape predictor's file before dlib reads it, which believes what a file says.

A byte that is missing makes a landmark or a leaf out of nothing, and dlib reads beyond its memory.
The file holds whole numbers, each a control byte (its low half the count of bytes that follow, its
top bit the sign) and as many bytes, lowest first; a real number is a mantissa and an exponent.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

MOST_EXPONENT = 1100
"""Beyond it a double ends; dlib writes infinity and NaN as 32000 and more."""

MOST_BYTES = 2**28


class ShapeFileError(ValueError):
    """Why a file is no shape predictor."""


def check_shape_file(content: bytes, landmarks: int) -> None:
    """Walk through a shape predictor of dlib's version 1.

    Raises:
        ShapeFileError: if it is none, is not whole, or points outside itself.
    """
    if len(content) > MOST_BYTES:
        raise ShapeFileError("it is too large")
    walk = _Walk(_numbers(content))
    if walk.one() != 1:
        raise ShapeFileError("it is not of dlib's version 1")
    size = walk.matrix()
    if size != 2 * landmarks:
        raise ShapeFileError(f"its mean shape has {size // 2} landmarks, not {landmarks}")
    highest = [_check_cascade(walk, size) for _ in range(walk.count())]
    pixels = [_check_anchors(walk, landmarks) for _ in range(walk.count())]
    offsets = [walk.reals(2 * walk.count()) // 2 for _ in range(walk.count())]
    if pixels != offsets or len(pixels) != len(highest):
        raise ShapeFileError("its cascades and their pixels are not as many")
    if any(most >= count for most, count in zip(highest, pixels, strict=True)):
        raise ShapeFileError("a split is at a pixel that there is not")
    if not walk.at_end:
        raise ShapeFileError("it goes on after its end")


def _check_cascade(walk: _Walk, size: int) -> int:
    """Check the trees of a cascade; return the highest number of a pixel in their splits."""
    highest = -1
    for _ in range(walk.count()):
        splits = walk.count()
        pixels = walk.take(4 * splits).reshape(splits, 4)
        _check_reals(pixels[:, 2:])
        if splits and pixels[:, :2].min() < 0:
            raise ShapeFileError("a split is at a pixel that there is not")
        highest = max(highest, int(pixels[:, :2].max(initial=-1)))
        leaves = walk.count()
        if leaves != splits + 1 or leaves & splits:
            raise ShapeFileError(f"a tree has {splits} splits and {leaves} leaves")
        each = 2 + 2 * size
        values = walk.take(leaves * each).reshape(leaves, each)
        if (values[:, 0] * values[:, 1] != size).any() or (values[:, :2] >= 0).any():
            raise ShapeFileError("a leaf is no shape")
        _check_reals(values[:, 2:].reshape(-1, 2))
    return highest


def _check_anchors(walk: _Walk, landmarks: int) -> int:
    anchors = walk.take(walk.count())
    if ((anchors < 0) | (anchors >= landmarks)).any():
        raise ShapeFileError("a pixel is placed by a landmark that there is not")
    return len(anchors)


def _check_reals(numbers: NDArray[np.int64]) -> None:
    """Refuse (n, 2) mantissas and exponents of numbers that are infinite or none."""
    if numbers.size and np.abs(numbers[:, 1]).max() > MOST_EXPONENT:
        raise ShapeFileError("a number of it is not finite")


class _Walk:
    """Goes through a file's numbers, in order."""

    def __init__(self, numbers: NDArray[np.int64]) -> None:
        self._numbers, self._at = numbers, 0

    @property
    def at_end(self) -> bool:
        return self._at == len(self._numbers)

    def take(self, count: int) -> NDArray[np.int64]:
        if self._at + count > len(self._numbers):
            raise ShapeFileError("it ends early")
        self._at += count
        return self._numbers[self._at - count : self._at]

    def one(self) -> int:
        return int(self.take(1)[0])

    def count(self) -> int:
        if (count := self.one()) < 0:
            raise ShapeFileError("it counts below zero")
        return count

    def reals(self, count: int) -> int:
        _check_reals(self.take(2 * count).reshape(count, 2))
        return count

    def matrix(self) -> int:
        rows, columns = self.one(), self.one()  # dlib writes them below zero
        if rows >= 0 or columns >= 0:
            raise ShapeFileError("its mean shape is none")
        return self.reals(rows * columns)


_NUMBER = re.compile(
    b"|".join(b"[%s].{%d}" % (re.escape(bytes([n, 0x80 | n])), n) for n in range(1, 9)), re.DOTALL
)


def _numbers(content: bytes) -> NDArray[np.int64]:
    """Read every whole number of a file: (n,) int64."""
    sizes = np.fromiter(map(len, _NUMBER.findall(content)), np.int64)
    if sizes.sum() != len(content):
        raise ShapeFileError("it holds no numbers as dlib writes them, or ends within one")
    places = np.cumsum(sizes) - sizes
    data = np.frombuffer(content + bytes(8), np.uint8)
    values = np.zeros(len(places), np.int64)
    for byte in range(1, int(sizes.max(initial=1))):
        more = np.flatnonzero(sizes > byte)
        values[more] |= data[places[more] + byte].astype(np.int64) << 8 * (byte - 1)
    return np.where(data[places] & 0x80, -values, values)
