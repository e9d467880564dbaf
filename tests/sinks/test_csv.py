"""A take has one row a frame, whole rows whatever happens, and the columns of ``extract``."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from disk import small_disk

from facedrive.aus import AU_NAMES
from facedrive.errors import DependencyError, SinkError
from facedrive.extras import EXTRA_NAMES
from facedrive.sinks import open_sink
from facedrive.sinks.csv import TakeSink
from facedrive.takes.columns import COLUMNS

from .conftest import MakeSample


def written(path: Path, *samples: object) -> list[dict[str, str]]:
    sink = TakeSink(path)
    for sample in samples:
        sink.send(sample, None)
    sink.close()
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_columns_are_those_of_extract(tmp_path: Path, make_sample: MakeSample) -> None:
    written(tmp_path / "take.csv", make_sample(0))
    header, _ = (tmp_path / "take.csv").read_text().splitlines(keepends=True)
    assert header == (
        "frame,time_s,face,score," + ",".join(AU_NAMES) + ",head_pitch_deg,head_yaw_deg,"
        "head_roll_deg,head_x_m,head_y_m,head_z_m,gaze_left_pitch_deg,gaze_left_yaw_deg,gaze_right_pitch_deg,"
        "gaze_right_yaw_deg," + ",".join(EXTRA_NAMES) + ",person,wall_s,timecode_s\n"
    )


def test_a_row_holds_the_samples_values(tmp_path: Path, make_sample: MakeSample) -> None:
    sample = make_sample(7, time=1.25)
    (row,) = written(tmp_path / "take.csv", sample)
    assert (row["frame"], row["time_s"], row["face"], row["score"]) == (
        "7",
        "1.250000",
        "1",
        "1.2500",
    )
    np.testing.assert_allclose([float(row[name]) for name in AU_NAMES], sample.aus, atol=1e-5)
    angles = [float(row[f"head_{angle}_deg"]) for angle in ("pitch", "yaw", "roll")]
    np.testing.assert_allclose(angles, sample.head.euler, atol=1e-3)
    place = [float(row[f"head_{axis}_m"]) for axis in "xyz"]
    np.testing.assert_allclose(place, sample.head.translation, atol=1e-5)
    gaze = [
        [float(row[f"gaze_{eye}_{angle}_deg"]) for angle in ("pitch", "yaw")]
        for eye in ("left", "right")
    ]
    np.testing.assert_allclose(gaze, np.degrees(sample.gaze), atol=1e-3)


def test_values_are_empty_without_a_face(tmp_path: Path, make_sample: MakeSample) -> None:
    (row,) = written(tmp_path / "take.csv", make_sample(3, seen=False))
    assert (row["frame"], row["time_s"], row["face"]) == ("3", "0.100000", "0")
    assert all(row[name] == "" for name in COLUMNS[3:])


def test_every_row_is_in_the_file_as_soon_as_it_is_sent(
    tmp_path: Path, make_sample: MakeSample
) -> None:
    path = tmp_path / "take.csv"
    sink = TakeSink(path)
    for count in range(3):
        sink.send(make_sample(count), None)
        assert len(path.read_text().splitlines()) == 2 + count
    sink.close()


def test_nothing_is_made_before_the_first_sample(tmp_path: Path) -> None:
    TakeSink(tmp_path / "take.csv").close()
    assert list(tmp_path.iterdir()) == []


def test_a_take_of_the_same_name_gets_a_number(tmp_path: Path, make_sample: MakeSample) -> None:
    path = tmp_path / "take.csv"
    path.write_text("mine")
    written(path, make_sample(0))
    written(path, make_sample(0))
    assert path.read_text() == "mine"
    assert {each.name for each in tmp_path.iterdir()} == {"take.csv", "take-2.csv", "take-3.csv"}


@pytest.fixture
def overwriting(tmp_path: Path, make_sample: MakeSample) -> TakeSink:
    """A take of one row so far, which is to replace a file that says "mine"."""
    path = tmp_path / "take.csv"
    path.write_text("mine")
    sink = TakeSink(path, overwrite=True)
    sink.send(make_sample(0), None)
    return sink


def test_an_overwritten_take_is_the_old_one_until_it_is_whole(
    tmp_path: Path, overwriting: TakeSink
) -> None:
    path = overwriting.path
    assert path.read_text() == "mine"
    overwriting.close()
    assert path.read_text().startswith("frame,")
    assert list(tmp_path.iterdir()) == [path]


def test_an_overwritten_take_that_fails_leaves_the_old_one(
    tmp_path: Path, overwriting: TakeSink, make_sample: MakeSample
) -> None:
    with small_disk(700), pytest.raises(SinkError):
        for index in range(1, 100):
            overwriting.send(make_sample(index), None)
    overwriting.close()
    assert overwriting.path.read_text() == "mine"
    assert (tmp_path / "take.part.csv").read_text().startswith("frame,")


@pytest.mark.parametrize(
    "name",
    ["2024-05-01T10:20:30.csv", "what?.csv", "#1 100%.csv", "Müller Straße.csv", "a%20b.csv"],
)
def test_any_name_of_a_file_will_do(tmp_path: Path, make_sample: MakeSample, name: str) -> None:
    sink = open_sink(f"csv:{tmp_path}/{name}?overwrite=yes")
    sink.send(make_sample(0), None)
    sink.close()
    assert [each.name for each in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(os.name != "posix", reason="kills with a POSIX signal")
def test_a_killed_run_leaves_whole_rows(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    code = f"""
import itertools, sys
import numpy as np
from pathlib import Path
from facedrive.sinks.csv import TakeSink
from facedrive.types import IDENTITY_HEAD, Sample
sink = TakeSink(Path({str(path)!r}))
for index in itertools.count():
    aus, gaze = np.zeros({len(AU_NAMES)}, np.float32), np.zeros((2, 2), np.float32)
    sink.send(Sample(index / 30, index, aus, gaze, IDENTITY_HEAD, True, 1.0), None)
    if index == 200:
        print("going", flush=True)
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    text = path.read_text()
    assert text.endswith("\n")
    rows = list(csv.reader(text.splitlines()))
    assert len(rows) > 200
    assert {len(row) for row in rows} == {len(COLUMNS)}


@pytest.mark.parametrize("name", ["take.csv", "take.parquet"])
def test_missing_folder_is_an_error(tmp_path: Path, name: str) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    with pytest.raises(SinkError, match=rf"{name} cannot be written: No such file"):
        TakeSink(tmp_path / "no" / "such" / name)


def test_a_folder_in_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="cannot be written: Is a directory"):
        TakeSink(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
def test_disk_that_is_full_from_the_start_is_an_error() -> None:
    with pytest.raises(SinkError, match="/dev/full cannot be written: No space left on device"):
        TakeSink(Path("/dev/full"))


def test_disk_that_fills_up_keeps_the_whole_rows(tmp_path: Path, make_sample: MakeSample) -> None:
    path = tmp_path / "take.csv"
    sink = TakeSink(path)
    with small_disk(2_000), pytest.raises(SinkError, match="The rows before are kept"):
        for index in range(100):
            sink.send(make_sample(index), None)
    sink.close()
    header, *rows = path.read_text().splitlines(keepends=True)
    assert header.startswith("frame,")
    assert len(rows) >= 3
    assert all(row.endswith("\n") and row.count(",") == header.count(",") for row in rows)


def test_parquet_has_the_same_columns_and_values(tmp_path: Path, make_sample: MakeSample) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "take.parquet"
    sink = open_sink(f"parquet:{path}")
    samples = [make_sample(0), make_sample(1, seen=False), make_sample(2)]
    for sample in samples:
        sink.send(sample, None)
    sink.close()
    table = parquet.read_table(path).to_pydict()
    assert tuple(table) == COLUMNS
    assert table["frame"] == [0, 1, 2]
    assert table["face"] == [1, 0, 1]
    assert table["time_s"] == pytest.approx([0, 1 / 30, 2 / 30])
    for index, name in enumerate(AU_NAMES):
        assert table[name] == [samples[0].aus[index], None, samples[2].aus[index]]


def test_parquet_is_written_group_by_group(
    tmp_path: Path, make_sample: MakeSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("facedrive.takes.parquet.ROW_GROUP", 10)
    sink = TakeSink(tmp_path / "take.parquet")
    for index in range(25):
        sink.send(make_sample(index), None)
    sink.close()
    file = parquet.ParquetFile(tmp_path / "take.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [10, 10, 5]


def test_parquet_on_a_full_disk_is_an_error(tmp_path: Path, make_sample: MakeSample) -> None:
    pytest.importorskip("pyarrow")
    sink = TakeSink(tmp_path / "take.parquet")
    for index in range(50):
        sink.send(make_sample(index), None)
    with small_disk(1_000), pytest.raises(SinkError, match="cannot be written"):
        sink.close()


def test_parquet_without_its_package_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "facedrive.takes.parquet", raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DependencyError, match="needs the package pyarrow; install it with"):
        TakeSink(tmp_path / "take.parquet")
