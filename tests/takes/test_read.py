"""A take that was written is read back as it was; one that is not a take says where and why."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facedrive.aus import AUS
from facedrive.errors import DataError
from facedrive.extras import EXTRA_NAMES
from facedrive.rotations import EulerDegrees, quaternion_from_euler
from facedrive.sinks.csv import TakeSink
from facedrive.takes.columns import CLOCK, COLUMNS, POSITION
from facedrive.takes.read import read_take
from facedrive.types import IDENTITY_HEAD, Frame, Head, Sample, WallClock

HEADER = ",".join(COLUMNS)
WITHOUT_EXTRAS = tuple(name for name in COLUMNS if name not in (*EXTRA_NAMES, *CLOCK))
WITHOUT_POSITION = tuple(name for name in WITHOUT_EXTRAS if name not in POSITION)


def row(index: int, **values: object) -> str:
    """A row with a face, all zero but for what is given."""
    cells = {"frame": index, "time_s": index / 30, "face": 1, "person": 1} | values
    return ",".join(str(cells.get(name, 0)) for name in COLUMNS)


def lost_row(index: int) -> str:
    return f"{index},{index / 30},0" + "," * (len(COLUMNS) - 3)


def take(path: Path, *rows: str, end: str = "\n") -> Path:
    path.write_text("\n".join([HEADER, *rows]) + end)
    return path


NEUTRAL = Sample(0.0, 0, np.zeros(len(AUS), np.float32), np.zeros((2, 2), np.float32),
                 IDENTITY_HEAD, True, 1.0)  # fmt: skip


def numbers(low: float, high: float, count: int) -> st.SearchStrategy[list[float]]:
    return st.lists(st.floats(low, high), min_size=count, max_size=count)


@st.composite
def samples(draw: st.DrawFn) -> list[Sample]:
    """Samples in time order; the first has a face."""
    steps = draw(st.lists(st.floats(0, 1e3), min_size=1, max_size=8))
    made: list[Sample] = []
    for index, time in enumerate(np.cumsum(steps)):
        pitch, yaw, roll = draw(numbers(-89, 89, 1)) + draw(numbers(-179, 179, 2))
        place = np.array(draw(numbers(-2, 2, 3)), np.float32)
        head = Head(quaternion_from_euler(EulerDegrees(pitch, yaw, roll)), place)
        score = draw(st.floats(-1, 10))
        aus = np.array(draw(numbers(0, 1, len(AUS))), np.float32)
        gaze = np.array(draw(numbers(-1.5, 1.5, 4)), np.float32).reshape(2, 2)
        seen = index == 0 or draw(st.booleans())
        made.append(Sample(float(time), index, aus, gaze, head, seen, score if seen else math.nan))
    return made


def assert_same(ours: Sample, theirs: Sample) -> None:
    assert theirs.score == pytest.approx(ours.score, abs=1e-4)
    np.testing.assert_allclose(theirs.aus, ours.aus, atol=1e-5)
    np.testing.assert_allclose(theirs.gaze, ours.gaze, atol=1e-4)
    np.testing.assert_allclose(theirs.head.translation, ours.head.translation, atol=1e-5)
    assert abs(np.dot(theirs.head.rotation, ours.head.rotation)) == pytest.approx(1, abs=1e-6)
    assert theirs.aus.dtype == theirs.gaze.dtype == theirs.head.rotation.dtype == np.float32


def write(path: Path, taken: Sequence[Sample]) -> None:
    sink = TakeSink(path, overwrite=True)
    for sample in taken:
        sink.send(sample, None)
    sink.close()


@pytest.mark.slow
@given(samples())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_take_comes_back_as_it_was(tmp_path: Path, taken: list[Sample]) -> None:
    path = tmp_path / "take.csv"
    write(path, taken)
    back = list(read_take(path))
    assert [sample.index for sample in back] == [sample.index for sample in taken]
    assert [each.time for each in back] == pytest.approx([each.time for each in taken], abs=1e-6)
    for ours, theirs in zip(taken, back, strict=True):
        assert ours.face == theirs.face
        if ours.face:
            assert_same(ours, theirs)


@pytest.mark.slow
@given(samples())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20
)
def test_a_parquet_take_comes_back_as_it_was(tmp_path: Path, taken: list[Sample]) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "take.parquet"
    write(path, taken)
    for ours, theirs in zip(taken, read_take(path), strict=True):
        assert (ours.time, ours.index) == (theirs.time, theirs.index)
        assert ours.face == theirs.face
        if ours.face:
            assert_same(ours, theirs)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_clock_comes_back_with_a_face_and_without(tmp_path: Path, suffix: str) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    sink = TakeSink(tmp_path / f"take.{suffix}")
    image = np.zeros((2, 2, 3), np.uint8)
    start = WallClock(1714558830.25, 37230.5)
    frame = Frame(image, 100.0, 0, start)
    gone = replace(NEUTRAL, time=100.5, index=1, face=False)  # a stall has no frame
    sink.send(replace(NEUTRAL, time=100.0), frame)
    sink.send(gone, None)
    sink.close()
    first, second = read_take(tmp_path / f"take.{suffix}")
    assert first.clock == pytest.approx(start)
    assert second.clock == pytest.approx(start.after(0.5))


def test_where_the_face_is_lost_values_hold_then_ease_to_neutral(tmp_path: Path) -> None:
    path = take(tmp_path / "take.csv", row(0, jaw_drop=1), *(lost_row(i) for i in range(1, 31)))
    jaw = [float(sample.aus.max()) for sample in read_take(path)]
    assert jaw[:6] == [1.0] * 6  # 0.2 s
    assert jaw[6:16] == sorted(jaw[6:16], reverse=True)
    assert jaw[16:] == [0.0] * 15


def test_a_replayed_face_has_no_landmarks(tmp_path: Path) -> None:
    first, second = read_take(take(tmp_path / "take.csv", row(0, score=1.5), lost_row(1)))
    assert (first.face, first.score, first.landmarks_px) == (True, 1.5, None)
    assert not second.face
    assert math.isnan(second.score)


@pytest.mark.parametrize("columns", [WITHOUT_EXTRAS, WITHOUT_POSITION])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_take_from_before_it_kept_the_position_is_read_with_the_usual_one(
    tmp_path: Path, suffix: str, columns: tuple[str, ...]
) -> None:
    old = {name: [0.0, None] for name in columns}
    old |= {
        "frame": [0, 1],
        "time_s": [0.0, 0.1],
        "face": [1, 0],
        "gaze_right_yaw_deg": [9.0, None],
    }
    path = tmp_path / f"old.{suffix}"
    if suffix == "parquet":
        pa = pytest.importorskip("pyarrow")
        pytest.importorskip("pyarrow.parquet").write_table(pa.table(old), path)
    else:
        cells = zip(*old.values(), strict=True)
        rows = [",".join("" if cell is None else str(cell) for cell in row) for row in cells]
        path.write_text("\n".join([",".join(columns), *rows]) + "\n")
    first, second = read_take(path)
    assert (first.face, second.face) == (True, False)
    at_rest = (0, 0, 0) if "head_x_m" in columns else IDENTITY_HEAD.translation
    assert (first.head.translation == np.array(at_rest, np.float32)).all()
    assert first.extras is not None and not first.extras.any()
    assert np.degrees(first.gaze)[1, 1] == pytest.approx(9)


def test_a_torn_last_row_is_left_out_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = take(tmp_path / "take.csv", row(0), row(1), row(2)[:60], end="")
    assert [sample.index for sample in read_take(path)] == [0, 1]
    assert "the last row is torn after 60 characters" in caplog.text


def test_a_number_torn_in_its_last_digits_is_not_taken_for_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = take(tmp_path / "take.csv", row(0), row(1, gaze_right_yaw_deg="12.3"), end="")
    assert [sample.index for sample in read_take(path)] == [0]
    assert "torn" in caplog.text


def test_spreadsheet_line_ends_and_byte_order_mark_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    path.write_text("\ufeff" + "\r\n".join([HEADER, row(0), row(1), ""]), newline="")
    assert len(list(read_take(path))) == 2


@pytest.mark.slow
def test_memory_does_not_grow_with_the_take(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = take(tmp_path / f"{rows}.csv", *(row(index) for index in range(rows)))
        tracemalloc.start()
        for _sample in read_take(path):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)  # what is loaded once
    assert peak(3_000) < peak(300) + 100_000


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (row(1, jaw_drop="wide"), "line 3, column jaw_drop: 'wide' is not a number"),
        (row(1, jaw_drop="nan"), "line 3, column jaw_drop: empty; it must be a number"),
        (row(1, jaw_drop=""), "line 3, column jaw_drop: empty; it must be a number"),
        (row(1, jaw_drop=1.01), "line 3, column jaw_drop: 1.01; .* from 0 to 1"),
        (row(1, nose_wrinkle=-0.5), "line 3, column nose_wrinkle: -0.5; .* from 0 to 1"),
        (row(1, head_yaw_deg="inf"), "line 3, column head_yaw_deg: inf; .* from -360 to 360"),
        (row(1, time_s=""), "line 3, column time_s: empty"),
        (row(1, time_s=-1), "line 3, column time_s: -1.0 is before 0.0"),
        (row(1, face=2), "line 3, column face: 2; .* from 0 to 1"),
        (row(1, face=""), "line 3, column face: empty"),
        (row(1, face=0.5), "line 3: frame, face and person must be whole numbers"),
        (row(1, frame=1.5), "line 3: frame, face and person must be whole numbers"),
        (row(1, frame=-1), "line 3, column frame: -1"),
        (row(1, face=0), "line 3: face is 0; the columns after it must be empty"),
        ("1,2,3", f"line 3: 3 values, not {len(COLUMNS)}"),
        ("", f"line 3: 0 values, not {len(COLUMNS)}"),
        (row(1) + ",7", f"line 3: {len(COLUMNS) + 1} values, not {len(COLUMNS)}"),
        ("\0" * 50, f"line 3: 1 values, not {len(COLUMNS)}"),
        ("x" * 200_000, "is no CSV: field larger than field limit"),
    ],
)
def test_a_bad_row_is_an_error_that_names_its_place(tmp_path: Path, bad: str, message: str) -> None:
    read = read_take(take(tmp_path / "take.csv", row(0), bad, row(2)))
    assert next(read).index == 0
    with pytest.raises(DataError, match=rf"take\.csv.*{message}"):
        next(read)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (HEADER.replace(",jaw_drop", ""), "column 13 is jaw_slide_left, not jaw_drop"),
        (HEADER.replace("time_s", "timestamp"), "column 2 is timestamp, not time_s"),
        (HEADER + ",mood", f"column {len(COLUMNS) + 1} is mood, not there"),
        (HEADER.rsplit(",", 1)[0], f"column {len(COLUMNS)} is missing, not timecode_s"),
        ("", "column 1 is missing, not frame"),
        ("\x89PNG\r\n\x1a", "column 1 is .*, not frame"),
    ],
)
def test_another_header_is_an_error_at_once(tmp_path: Path, header: str, message: str) -> None:
    path = tmp_path / "take.csv"
    path.write_text(f"{header}\n")
    with pytest.raises(DataError, match=rf"take\.csv is no take: {message}"):
        read_take(path)


@pytest.mark.parametrize("content", [b"", b"frame,time", b"\xff\xfe\x00"])
def test_a_file_without_a_whole_header_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "take.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match="column 1 is missing, not frame"):
        read_take(path)


@pytest.mark.parametrize("name", ["none.csv", "none.parquet"])
def test_a_missing_take_is_an_error_at_once(tmp_path: Path, name: str) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match=f"{name} cannot be read"):
        read_take(tmp_path / name)


def test_a_take_without_rows_is_empty(tmp_path: Path) -> None:
    assert list(read_take(take(tmp_path / "take.csv"))) == []


class TestParquet:
    def test_what_is_no_parquet_is_an_error(self, tmp_path: Path) -> None:
        pytest.importorskip("pyarrow")
        path = take(tmp_path / "take.parquet", row(0))
        with pytest.raises(DataError, match=r"take\.parquet cannot be read as Parquet"):
            read_take(path)

    def test_other_columns_are_an_error(self, tmp_path: Path) -> None:
        pa = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pa.table({"frame": [1], "time_s": [0.5]}), tmp_path / "a.parquet")
        with pytest.raises(DataError, match="column 3 is missing, not face"):
            read_take(tmp_path / "a.parquet")

    def test_a_column_of_text_is_an_error(self, tmp_path: Path) -> None:
        pa = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pa.table({"frame": ["one"]}), tmp_path / "a.parquet")
        with pytest.raises(DataError, match="column frame: string, not numbers"):
            read_take(tmp_path / "a.parquet")

    def test_a_bad_row_is_an_error_that_names_it(self, tmp_path: Path) -> None:
        pa = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        columns = {name: [0.0, 0.0] for name in COLUMNS} | {"face": [1, 1], "jaw_drop": [0, 7]}
        parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
        read = read_take(tmp_path / "a.parquet")
        next(read)
        with pytest.raises(DataError, match="row 2, column jaw_drop: 7"):
            next(read)

    @pytest.mark.parametrize("kind", ["bool_", "timestamp", "list_", "null", "struct"])
    def test_a_column_of_another_type_is_an_error(self, tmp_path: Path, kind: str) -> None:
        pa = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        made = {
            "bool_": pa.array([True, False]),
            "timestamp": pa.array([1, 2], pa.timestamp("ns")),
            "list_": pa.array([[1.0], [2.0]]),
            "null": pa.nulls(2),
            "struct": pa.array([{"a": 1}, {"a": 2}]),
        }[kind]
        columns = {name: [0.0, 0.0] for name in COLUMNS} | {"time_s": made}
        parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
        with pytest.raises(DataError, match=r"column time_s: .*, not numbers"):
            read_take(tmp_path / "a.parquet")

    def test_whole_numbers_of_any_size_and_halves_are_read_as_numbers(self, tmp_path: Path) -> None:
        pa = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        columns = {name: pa.nulls(1, pa.float32()) for name in COLUMNS}
        columns |= {"frame": pa.array([2**64 - 1], pa.uint64()), "face": pa.array([0]),
                    "time_s": pa.array([np.float16(0.5)], pa.float16())}  # fmt: skip
        parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
        with pytest.raises(DataError, match=r"row 1, column frame: 1.84467e\+19; it must be"):
            next(read_take(tmp_path / "a.parquet"))

    def test_a_column_twice_is_an_error(self, tmp_path: Path) -> None:
        pa = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        table = pa.table({name: [0.0] for name in COLUMNS})
        parquet.write_table(table.append_column("face", table["face"]), tmp_path / "a.parquet")
        with pytest.raises(DataError, match="is face, not there"):
            read_take(tmp_path / "a.parquet")


def test_several_people_are_told_apart_and_whoever_is_missing_is_lost(tmp_path: Path) -> None:
    rows = [row(0, jaw_drop=0.5), row(0, person=2, chin_raise=1), row(1, person=2, chin_raise=1),
            lost_row(2), row(3, jaw_drop=0.5)]  # fmt: skip
    path = take(tmp_path / "take.csv", *rows)
    first = list(read_take(path))
    assert [each.index for each in first] == [0, 1, 2, 3]
    assert [each.face for each in first] == [True, False, False, True]
    both = [(each.index, each.person, each.face) for each in read_take(path, None)]
    assert sorted(both) == [(0, 1, True), (0, 2, True), (1, 1, False), (1, 2, True), (2, 1, False),
                            (2, 2, False), (3, 1, True), (3, 2, False)]  # fmt: skip
    assert [each.face for each in read_take(path, 2)] == [True, True, False, False]
