"""Decoded pictures as RGB people can look at: upright, with square pixels, HDR tone-mapped."""

from __future__ import annotations

import logging
from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from facedrive.types import Image

log = logging.getLogger(__name__)

PQ, HLG = 16, 18
"""Transfer characteristics of HDR, as ITU-T H.273 numbers them."""

WHITE_NITS = 203.0
"""A white sheet of paper in HDR (ITU-R BT.2408)."""

PEAK_NITS = 1000.0
"""Of the screen that HLG is shown on."""

SHOULDER = 0.7
"""Light below this share of white is kept; brighter light is bent to end at white."""

MAX_ASPECT = 8
"""A pixel that is wider or higher than this many times is a mistake of the file."""


class Converter:
    """Converts the pictures of one stream."""

    def __init__(
        self, name: str, aspect: Fraction | None, size: tuple[int, int] | None = None
    ) -> None:  # fmt: skip
        """Convert pictures whose pixels are ``aspect`` times as wide as high.

        Args:
            name: What messages call the stream.
            aspect: None where the stream does not say.
            size: Width and height at which pictures come, before pixels are made square; None
                keeps their own.
        """
        self._size = size
        self._name = name
        self._aspect = aspect if aspect and 1 / MAX_ASPECT <= aspect <= MAX_ASPECT else Fraction(1)
        self._reformatter = VideoReformatter()
        self._tones: NDArray[np.uint8] | None = None
        self._transfer: int | None = None

    def __call__(self, picture: VideoFrame) -> Image:
        """Return (H, W, 3) uint8 RGB."""
        width, height = squared(*(self._size or (picture.width, picture.height)), self._aspect)
        # One thread: more are begun for each picture, and a busy machine has to wait for them.
        rgb = self._reformatter.reformat(picture, width, height, "rgb24", threads=1)
        pixels = np.asarray(rgb.to_ndarray(), dtype=np.uint8)
        if picture.color_trc != self._transfer:
            self._change_transfer(picture.color_trc)
        if self._tones is not None:
            pixels = self._tones[pixels]
        quarter_turns = round(picture.rotation / 90)
        return np.ascontiguousarray(np.rot90(pixels, quarter_turns)) if quarter_turns else pixels

    def _change_transfer(self, transfer: int | None) -> None:
        self._transfer = transfer
        self._tones = tone_map(transfer) if transfer in (PQ, HLG) else None
        if self._tones is not None:
            kind = "PQ" if transfer == PQ else "HLG"
            log.info("%s is HDR (%s); its tones are mapped to those of a screen", self._name, kind)


def squared(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    """Return the size at which pixels are square; none is lost, the shorter side is stretched."""
    if aspect >= 1:
        return max(round(width * aspect), 1), height
    return width, max(round(height / aspect), 1)


def tone_map(transfer: int) -> NDArray[np.uint8]:
    """Return what an HDR signal of 0 to 255 is in sRGB, (256,) uint8."""
    signal = np.arange(256) / 255
    light = (_pq_nits(signal) if transfer == PQ else _hlg_nits(signal)) / WHITE_NITS
    bent = SHOULDER + (1 - SHOULDER) * -np.expm1(-(light - SHOULDER) / (1 - SHOULDER))
    return np.rint(255 * _srgb(np.where(light < SHOULDER, light, bent))).astype(np.uint8)


def _pq_nits(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """SMPTE ST 2084, equation 4.1."""
    root = signal ** (1 / 78.84375)
    light = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    return np.asarray(10_000 * light ** (1 / 0.1593017578125))


def _hlg_nits(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """ITU-R BT.2100, the inverse OETF, then an OOTF of gamma 1.2 on each colour."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return np.asarray(PEAK_NITS * scene**1.2)


def _srgb(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """IEC 61966-2-1."""
    bright = 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(light <= 0.0031308, 12.92 * light, bright))
