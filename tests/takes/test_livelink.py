"""A Live Link Face CSV is read as a take: a phone's own, and what facedrive exports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.errors import DataError
from facedrive.export.livelink_csv import write_livelink_csv
from facedrive.extras import EXTRA_INDEX, EXTRA_NAMES
from facedrive.mappings.arkit import ARKIT, inverted
from facedrive.mappings.table import INPUTS, gaze_inputs, gaze_of, load_mapping
from facedrive.rotations import EulerDegrees, quaternion_from_euler
from facedrive.takes.livelink import COLUMNS, NEEDED
from facedrive.takes.read import read_take
from facedrive.takes.take import Take
from facedrive.types import IDENTITY_HEAD, Head, Sample, WallClock

HEADER = ",".join(COLUMNS)


def row(timecode: str, **values: float) -> str:
    cells: dict[str, object] = {"Timecode": timecode, "BlendShapeCount": 61} | values
    return ",".join(str(cells.get(name, 0)) for name in COLUMNS)


def file(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def random_sample(index: int, random: np.random.Generator) -> Sample:
    head = Head(quaternion_from_euler(EulerDegrees(10, -20, 5)), IDENTITY_HEAD.translation)
    gaze = random.uniform(-0.3, 0.3, (2, 2)).astype(np.float32)
    aus, extras = random.random(len(AU_NAMES)), random.random(len(EXTRA_NAMES))
    return Sample(index / 60, index, aus.astype(np.float32), gaze, head, True, 1.0,
                  extras=extras.astype(np.float32), clock=WallClock(0.0, 3600.0))  # fmt: skip


def test_what_is_exported_is_read_back(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    made = [random_sample(index, random) for index in range(4)]
    path = tmp_path / "take.csv"
    write_livelink_csv(made, path)
    again = list(read_take(path))
    assert len(again) == len(made)
    for before, after in zip(made, again, strict=True):
        assert after.time == pytest.approx(before.time, abs=1e-6)
        assert after.face
        np.testing.assert_allclose(after.aus, before.aus, atol=1e-6)
        np.testing.assert_allclose(after.extras, before.extras, atol=1e-6)
        np.testing.assert_allclose(after.gaze, before.gaze, atol=1e-5)
        assert after.head.euler == pytest.approx(before.head.euler, abs=1e-3)
    assert again[0].clock.timecode_s == 3600


def test_every_action_unit_and_extra_is_given_back_by_the_table() -> None:
    table = load_mapping("arkit")
    both = inverted(table) @ table.matrix
    given = [INPUTS.index(name) for name in (*AU_NAMES, *EXTRA_NAMES)]
    np.testing.assert_allclose(both[np.ix_(given, given)], np.eye(len(given)), atol=1e-6)


def test_a_channel_that_goes_along_does_not_count(tmp_path: Path) -> None:
    path = file(tmp_path / "x.csv", row("00:00:00:00.000", MouthSmileLeft=0.5, CheekSquintLeft=1))
    (sample,) = read_take(path)
    assert sample.aus[AU_INDEX["left_lip_corner_pull"]] == pytest.approx(0.5)


def test_both_halves_of_a_channel_make_one_action_unit(tmp_path: Path) -> None:
    path = file(tmp_path / "x.csv", row("00:00:00:00.000", NoseSneerLeft=0.2, NoseSneerRight=0.6))
    (sample,) = read_take(path)
    assert sample.aus[AU_INDEX["nose_wrinkle"]] == pytest.approx(0.4)


def test_left_and_right_of_jaw_and_mouth_are_read_by_their_names(tmp_path: Path) -> None:
    path = file(tmp_path / "x.csv", row("00:00:00:00.000", JawLeft=0.3, MouthRight=0.7))
    (sample,) = read_take(path)
    assert sample.aus[AU_INDEX["jaw_slide_left"]] == pytest.approx(0.3)
    assert sample.aus[AU_INDEX["jaw_slide_right"]] == 0
    assert sample.extras is not None
    assert sample.extras[EXTRA_INDEX["mouth_right"]] == pytest.approx(0.7)


def test_without_angles_the_gaze_is_that_of_the_channels(tmp_path: Path) -> None:
    path = file(tmp_path / "x.csv", row("00:00:00:00.000", EyeLookOutLeft=0.5, EyeLookUpRight=1))
    (sample,) = read_take(path)
    np.testing.assert_allclose(np.degrees(sample.gaze), [[0, 16], [21.5, 0]], atol=1e-3)


def test_gaze_inputs_and_their_gaze_are_each_others_inverse() -> None:
    gaze = np.radians(np.array([[10, -20], [-30, 25]], np.float32))
    np.testing.assert_allclose(gaze_of(gaze_inputs(gaze)), gaze, atol=1e-6)


@pytest.mark.parametrize(
    ("codes", "times"),
    [
        (("10:00:00:58.500", "10:00:01:00.000", "10:00:02:00.000"), (0, 1.5 / 60, 1 + 1.5 / 60)),
        (("10:00:00:28.500", "10:00:01:00.000", "10:00:02:00.000"), (0, 1.5 / 30, 1 + 1.5 / 30)),
        (("23:59:59:45.000", "00:00:00:00.000", "00:00:01:00.000"), (0, 0.25, 1.25)),
        (("10:00:00;119", "10:00:01;00", "10:00:01;60"), (0, 1 / 120, 1 / 120 + 0.5)),
    ],
)
def test_times_come_from_the_timecode(
    codes: tuple[str, ...], times: tuple[float, ...], tmp_path: Path
) -> None:
    path = file(tmp_path / "x.csv", *map(row, codes))
    assert [each.time for each in read_take(path)] == pytest.approx(times, abs=1e-6)


def test_a_file_of_other_programs_may_lack_tongue_and_angles(tmp_path: Path) -> None:
    header = ",".join(("timecode", "BlendshapeCount", *NEEDED))
    cells = ["00:00:00:00.000", "51", *["0.25"] * len(NEEDED)]
    (sample,) = read_take(file(tmp_path / "x.csv", ",".join(cells), header=header))
    np.testing.assert_allclose(sample.aus, 0.25, atol=1e-6)
    assert sample.head.euler == pytest.approx((0, 0, 0), abs=1e-6)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((row("13:04"),), "line 2: '13:04' is no timecode"),
        ((row("25:00:00:00.000"),), "line 2: '25:00:00:00.000' is no time of day"),
        ((row("00:00:00:121.000"),), "frame 121 within a second"),
        ((row("00:00:01:00.000"), row("00:00:00:00.000")), "line 3, column time_s: .* is before"),
        ((row("00:00:00:00.000", JawOpen=float("nan")),), "line 2, column 20: 'nan'"),
        ((row("00:00:00:00.000", HeadYaw=99.0),), "line 2, column 55: '99.0'"),
        ((row("00:00:00:00.000") + ",1",), "line 2: 64 values, not 63"),
        (("00:00:00:00.000,61,x" + ",0" * 60,), "'x' is not a number"),
        (
            (*(row(f"00:00:0{second}:00.000") for second in range(4)), row("00:00:04:45.000")),
            "line 6: frame 45, where the first two seconds count 30",
        ),
    ],
)
def test_a_bad_row_is_refused_in_a_line(rows: tuple[str, ...], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"x\.csv.*{said}"):
        list(read_take(file(tmp_path / "x.csv", *rows)))


def test_a_column_that_is_missing_is_named(tmp_path: Path) -> None:
    header = HEADER.replace("JawOpen,", "")
    with pytest.raises(DataError, match="lacks the column JawOpen"):
        read_take(file(tmp_path / "x.csv", header=header))


@pytest.mark.slow
def test_a_phones_own_take_is_read_whole(shared: Path) -> None:
    path = shared / "data" / "arkit" / "range_of_motion.csv"
    take = Take.read(path)
    assert len(take) == 4030
    assert take.face.all()
    assert np.diff(take.time).min() > 0
    assert np.median(np.diff(take.time)) == pytest.approx(1 / 30, abs=1e-3)
    assert take["timecode_s"][0] == pytest.approx(13 * 3600 + 13 * 60 + 4 + 31.652 / 60)
    jaw = np.genfromtxt(path, delimiter=",", names=True, usecols=("JawOpen",))["JawOpen"]
    np.testing.assert_allclose(take["jaw_drop"], jaw, atol=1e-6)
    moved = np.ptp(take.aus, axis=0)
    assert (moved > 0.1).sum() >= 22
    assert len(ARKIT) == 52
