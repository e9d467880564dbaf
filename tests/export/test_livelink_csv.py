"""The file that the public Live Link Face importers read."""

from __future__ import annotations

import csv
import itertools
import logging
import math
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from facedrive.errors import DataError, MappingError, SinkError
from facedrive.export.livelink_csv import _timecode, write_livelink_csv
from facedrive.types import Sample, WallClock

MakeSample = Callable[..., Sample]

HEADER = (
    "Timecode,BlendShapeCount,EyeBlinkLeft,EyeLookDownLeft,EyeLookInLeft,EyeLookOutLeft,"
    "EyeLookUpLeft,EyeSquintLeft,EyeWideLeft,EyeBlinkRight,EyeLookDownRight,EyeLookInRight,"
    "EyeLookOutRight,EyeLookUpRight,EyeSquintRight,EyeWideRight,JawForward,JawRight,JawLeft,"
    "JawOpen,MouthClose,MouthFunnel,MouthPucker,MouthRight,MouthLeft,MouthSmileLeft,"
    "MouthSmileRight,MouthFrownLeft,MouthFrownRight,MouthDimpleLeft,MouthDimpleRight,"
    "MouthStretchLeft,MouthStretchRight,MouthRollLower,MouthRollUpper,MouthShrugLower,"
    "MouthShrugUpper,MouthPressLeft,MouthPressRight,MouthLowerDownLeft,MouthLowerDownRight,"
    "MouthUpperUpLeft,MouthUpperUpRight,BrowDownLeft,BrowDownRight,BrowInnerUp,BrowOuterUpLeft,"
    "BrowOuterUpRight,CheekPuff,CheekSquintLeft,CheekSquintRight,NoseSneerLeft,NoseSneerRight,"
    "TongueOut,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch,LeftEyeRoll,RightEyeYaw,"
    "RightEyePitch,RightEyeRoll"
)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_header_is_the_apps(make_sample: MakeSample, tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    assert write_livelink_csv([make_sample()], path) == 1
    header, row = path.read_text().splitlines()
    assert header == HEADER
    assert row.startswith("00:00:00:00.000,61,")
    assert len(row.split(",")) == len(header.split(",")) == 63


@pytest.mark.parametrize(
    ("au", "column"),
    [
        ("jaw_slide_left", "JawLeft"),
        ("jaw_slide_right", "JawRight"),
        ("jaw_drop", "JawOpen"),
        ("left_eye_close", "EyeBlinkLeft"),
        ("right_lip_corner_stretch", "MouthStretchRight"),
        ("cheeks_puff", "CheekPuff"),
    ],
)
def test_an_au_is_under_its_own_name(
    au: str, column: str, make_sample: MakeSample, tmp_path: Path
) -> None:
    write_livelink_csv([make_sample(**{au: 0.75})], tmp_path / "take.csv")
    (row,) = rows(tmp_path / "take.csv")
    assert float(row[column]) == 0.75
    others = [name for name in HEADER.split(",")[2:] if name != column]
    assert not any(float(row[name]) for name in others)


def test_angles_are_radians_with_the_signs_of_the_live_packets(
    make_sample: MakeSample, tmp_path: Path
) -> None:
    sample = make_sample(turned=(10, 20, -30), gaze=(0.1, 0.2))
    write_livelink_csv([sample], tmp_path / "take.csv")
    (row,) = rows(tmp_path / "take.csv")
    head = [float(row[name]) for name in ("HeadYaw", "HeadPitch", "HeadRoll")]
    assert head == pytest.approx(np.radians([20, 10, 30]).tolist(), abs=1e-6)
    eye = [float(row[name]) for name in ("RightEyeYaw", "RightEyePitch", "RightEyeRoll")]
    assert eye == pytest.approx([-0.2, -0.1, 0])


def test_rows_come_at_the_rate_asked_for(make_sample: MakeSample, tmp_path: Path) -> None:
    take = [make_sample(index) for index in range(46)]
    assert write_livelink_csv(take, tmp_path / "take.csv", fps=30) == 46
    assert rows(tmp_path / "take.csv")[45]["Timecode"] == "00:00:01:15.000"
    assert write_livelink_csv(take, tmp_path / "take.csv") == 91
    assert rows(tmp_path / "take.csv")[90]["Timecode"] == "00:00:01:30.000"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fps", "first", "after_a_minute"),
    [
        # Drop-frame keeps to the clock; 24 numbers a second at 23.976 are late by 1 in 1000.
        (29.97, "10:20:30:00.000", "10:21:30:00.000"),
        (59.94, "10:20:30:00.000", "10:21:30:00.000"),
        (23.976, "10:19:52:19.000", "10:20:52:17.000"),
    ],
)
def test_timecodes_start_with_the_take(
    fps: float, first: str, after_a_minute: str, tmp_path: Path, make_sample: MakeSample
) -> None:
    clock = WallClock(math.nan, 10 * 3600 + 20 * 60 + 30.0)
    take = [replace(make_sample(i, time=100.0 + i / 10), clock=clock.after(i / 10))
            for i in range(601)]  # fmt: skip
    write_livelink_csv(take, tmp_path / "x.csv", fps=fps)
    codes = [line.split(",")[0] for line in (tmp_path / "x.csv").read_text().splitlines()[1:]]
    assert (codes[0], codes[-1]) == (first, after_a_minute)


def test_timecodes_count_hours_and_start_again_after_a_day() -> None:
    assert _timecode(((2 * 60 + 3) * 60 + 4) * 60 + 59, Fraction(60)) == "02:03:04:59.000"
    assert _timecode(24 * 60 * 60 * 60 + 1, Fraction(60)) == "00:00:00:01.000"


def test_a_rate_that_unreal_cannot_guess_is_logged(
    make_sample: MakeSample, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        write_livelink_csv([make_sample()], tmp_path / "take.csv", fps=24)
    assert "30 or 60 fps; 24" in caplog.text


def test_a_users_table_moves_other_channels(make_sample: MakeSample, tmp_path: Path) -> None:
    table = tmp_path / "mine.toml"
    table.write_text("[weights]\nmouthFunnel = { jaw_drop = 0.5 }\n")
    write_livelink_csv([make_sample(jaw_drop=1)], tmp_path / "take.csv", mapping=str(table))
    (row,) = rows(tmp_path / "take.csv")
    assert (row["MouthFunnel"], row["JawOpen"]) == ("0.50000000", "0.00000000")


def test_a_table_with_a_channel_that_is_not_arkits_is_refused(
    make_sample: MakeSample, tmp_path: Path
) -> None:
    table = tmp_path / "mine.toml"
    table.write_text("[weights]\njawDrop = { jaw_drop = 1.0 }\n")
    with pytest.raises(MappingError, match="jawDrop"):
        write_livelink_csv([make_sample()], tmp_path / "take.csv", mapping=str(table))


def test_a_take_without_rows_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no rows"):
        write_livelink_csv([], tmp_path / "take.csv")
    assert not list(tmp_path.iterdir())


def test_a_file_instead_of_a_folder_is_named(make_sample: MakeSample, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match="file is no folder"):
        write_livelink_csv([make_sample()], tmp_path / "file" / "take.csv")


@pytest.mark.slow
def test_memory_stays_the_same_however_long_the_take(
    make_sample: MakeSample, tmp_path: Path
) -> None:
    sample = make_sample(jaw_drop=0.5)
    tracemalloc.start()
    try:
        peaks = []
        for count in (50, 1000):
            endless = (make_sample(index) if index else sample for index in itertools.count())
            tracemalloc.reset_peak()
            write_livelink_csv(itertools.islice(endless, count), tmp_path / "take.csv")
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 200_000
