"""Timecodes count as television's do, and stay with the clock."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedrive.errors import DataError
from facedrive.takes.timecode import exact_rate, first_frame, read_timecode, timecode

NTSC_30, NTSC_60, NTSC_24 = Fraction(30000, 1001), Fraction(60000, 1001), Fraction(24000, 1001)


@pytest.mark.parametrize(
    ("fps", "rate"),
    [(29.97, NTSC_30), (59.94, NTSC_60), (23.976, NTSC_24), (23.98, NTSC_24), (30, Fraction(30)),
     (25, Fraction(25)), (12.5, Fraction(25, 2)), (60, Fraction(60))],
)  # fmt: skip
def test_a_rounded_rate_means_the_exact_one(fps: float, rate: Fraction) -> None:
    assert exact_rate(fps) == rate


@pytest.mark.parametrize(
    ("frame", "rate", "code"),
    [
        # SMPTE ST 12-1: numbers 00 and 01 are left out at every minute but each tenth.
        (1799, NTSC_30, "00:00:59;29"),
        (1800, NTSC_30, "00:01:00;02"),
        (17981, NTSC_30, "00:09:59;29"),
        (17982, NTSC_30, "00:10:00;00"),
        (107892, NTSC_30, "01:00:00;00"),
        (3600, NTSC_60, "00:01:00;04"),
        (35964, NTSC_60, "00:10:00;00"),
        (1440, NTSC_24, "00:01:00:00"),
        (1800, Fraction(30), "00:01:00:00"),
        (24 * 3600 * 25, Fraction(25), "00:00:00:00"),
    ],
)
def test_frames_are_counted_as_the_standard_counts(frame: int, rate: Fraction, code: str) -> None:
    assert timecode(frame, rate) == code


@given(st.integers(0, 2589407), st.sampled_from([NTSC_30, NTSC_60, NTSC_24, Fraction(25)]))
def test_a_timecode_is_read_back(frame: int, rate: Fraction) -> None:
    frame %= int(86_400 * rate)
    assert first_frame(read_timecode(timecode(frame, rate), rate), rate) == frame


def test_drop_frame_stays_with_the_clock_over_a_day() -> None:
    hour = read_timecode("23:00:00;00", NTSC_30)
    assert hour == pytest.approx(23 * 3600, abs=0.1)


@pytest.mark.parametrize("text", ["", "1:2:3:4", "00:00:00:30", "00:61:00:00"])
def test_what_is_no_timecode_is_an_error(text: str) -> None:
    with pytest.raises(DataError, match=r"is none at 29\.97 frames a second"):
        read_timecode(text, NTSC_30)
