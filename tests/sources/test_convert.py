"""Pictures have square pixels, and HDR looks as it does on an ordinary screen."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from facedrive.sources.convert import HLG, PQ, Converter, squared, tone_map


@pytest.mark.parametrize(
    ("size", "aspect", "square"),
    [
        ((720, 576), Fraction(16, 11), (1047, 576)),  # PAL, wide
        ((720, 480), Fraction(8, 9), (720, 540)),  # NTSC
        ((1440, 1080), Fraction(4, 3), (1920, 1080)),  # HDV
        ((640, 480), Fraction(1), (640, 480)),
    ],
)
def test_pixels_are_squared_without_losing_any(
    size: tuple[int, int], aspect: Fraction, square: tuple[int, int]
) -> None:
    assert squared(*size, aspect) == square


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_a_grey_card_and_white_paper_look_as_on_a_screen(transfer: int) -> None:
    # ITU-R BT.2408, table 1: a grey card is 38 % of the signal, white paper 58 % (PQ), 75 % (HLG).
    tones = tone_map(transfer).tolist()
    assert tones[round(0.38 * 255)] == pytest.approx(100, abs=6)
    assert tones[round({PQ: 0.58, HLG: 0.75}[transfer] * 255)] == pytest.approx(242, abs=4)
    assert tones[0] == 0
    assert tones[255] >= 254
    assert tones == sorted(tones)


def test_hdr_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    picture = av.VideoFrame.from_ndarray(np.full((16, 16, 3), 97, np.uint8), "rgb24")
    picture.color_trc = HLG
    caplog.set_level("INFO")
    convert = Converter("clip.mov", None)
    first, second = convert(picture), convert(picture)
    assert int(first[0, 0, 0]) == int(second[0, 0, 0]) == tone_map(HLG)[97]
    assert caplog.text.count("clip.mov is HDR (HLG)") == 1


def test_an_aspect_beyond_reason_is_ignored() -> None:
    picture = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), "rgb24")
    assert Converter("clip.mov", Fraction(10_000))(picture).shape == (16, 16, 3)
