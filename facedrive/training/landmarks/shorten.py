"""Rewriting a dlib shape predictor's file with shorter numbers: a third smaller, as accurate.

dlib writes each number as a mantissa and an exponent, each a control byte (its low half the
count of bytes that follow, its top bit the sign) and then as many bytes as the number needs,
lowest first. A leaf's offsets, nearly all of the file, lose nothing that counts when
their mantissas are rounded from three bytes to one.
"""

from __future__ import annotations

from facedrive.errors import ModelError


def shorten(model: bytes) -> bytes:
    """Round the leaves of a shape predictor, version 1, to eight significant bits.

    Raises:
        ModelError: if the bytes are no such file.
    """
    copy = _Copier(model)
    try:
        copy.model()
    except IndexError as error:
        raise ModelError("the shape predictor ends early; train it again.") from error
    if copy.at != len(model):
        raise ModelError("there are bytes after the shape predictor; is it dlib's version 1?")
    return bytes(copy.out)


class _Copier:
    """Walks through a file, copying; each method stands for one of dlib's types."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.at = 0
        self.out = bytearray()

    def model(self) -> None:
        if self.integer() != 1:
            raise ModelError("not a shape predictor of dlib's version 1.")
        self.matrix()  # mean shape
        for _ in range(self.integer()):  # cascades
            for _ in range(self.integer()):
                self.tree()
        for _ in range(self.integer()):  # anchors
            for _ in range(self.integer()):
                self.integer()
        for _ in range(self.integer()):  # offsets from them
            for _ in range(self.integer()):
                self.number()
                self.number()

    def tree(self) -> None:
        for _ in range(self.integer()):  # splits: two pixels and a threshold
            self.integer()
            self.integer()
            self.number()
        for _ in range(self.integer()):
            self.matrix(short=True)

    def matrix(self, *, short: bool = False) -> None:
        rows, columns = -self.integer(), -self.integer()
        for _ in range(rows * columns):
            self.number(short=short)

    def integer(self) -> int:
        value = self._read()
        self._write(value)
        return value

    def number(self, *, short: bool = False) -> None:
        mantissa, exponent = self._read(), self._read()
        excess = abs(mantissa).bit_length() - 8
        if short and excess > 0 and abs(exponent) < 1000:
            mantissa, exponent = _round_off(mantissa, excess), exponent + excess
        self._write(mantissa)
        self._write(exponent)

    def _read(self) -> int:
        control = self.source[self.at]
        start = self.at + 1
        self.at = start + (control & 0x0F)
        if self.at > len(self.source):
            raise IndexError(self.at)
        value = int.from_bytes(self.source[start : self.at], "little")
        return -value if control & 0x80 else value

    def _write(self, value: int) -> None:
        size = max((abs(value).bit_length() + 7) // 8, 1)
        self.out.append(size | (0x80 if value < 0 else 0))
        self.out += abs(value).to_bytes(size, "little")


def _round_off(mantissa: int, bits: int) -> int:
    """Return the nearest whole number to mantissa / 2**bits that fits in one byte."""
    size = min((abs(mantissa) + (1 << (bits - 1))) >> bits, 0xFF)
    return -size if mantissa < 0 else size
