"""Rows that a killed run has left beside a Parquet take."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from disk import small_disk

from facedrive.errors import DataError, SinkError
from facedrive.takes.columns import COLUMNS, Row
from facedrive.takes.journal import HEADER, WIDTH, Journal, beside, read_journal
from facedrive.takes.read import read_take

pytest.importorskip("pyarrow")

from facedrive.takes.parquet import ParquetRows


def row(frame: int) -> Row:
    """Return a row; every second has a face, the others nothing but the clock."""
    known = (frame, frame / 30, frame % 2)
    values = [0 if name == "person" else 0.25 for name in COLUMNS[3:]]
    return (*known, *(values if frame % 2 else [None] * len(values)))


def killed(path: Path, count: int = 5) -> None:
    """Leave what a run leaves that is killed while it writes a take."""
    path.write_bytes(b"PAR1 and some rows")
    journal = Journal(path)
    for frame in range(count):
        journal.write(row(frame))
    journal.close(whole=False)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "take.parquet"
    killed(path)
    assert list(read_journal(path)) == [row(frame) for frame in range(5)]


@pytest.mark.slow
def test_the_next_reader_makes_the_file_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "take.parquet"
    killed(path)
    assert [sample.index for sample in read_take(path)] == [0, 1, 2, 3, 4]
    assert "take.parquet was not finished; its 5 rows are recovered" in caplog.text
    assert [each.name for each in tmp_path.iterdir()] == ["take.parquet"]
    assert len(list(read_take(path))) == 5


def test_a_torn_row_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "take.parquet"
    killed(path)
    content = beside(path).read_bytes()
    beside(path).write_bytes(content[: -WIDTH // 2])
    assert len(list(read_take(path))) == 4


def test_rows_of_another_version_are_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "take.parquet"
    killed(path)
    beside(path).write_bytes(b"facedrive rows: frame\n" + bytes(80))
    with pytest.raises(DataError, match="another version"):
        read_take(path)
    assert beside(path).exists() and path.read_bytes().startswith(b"PAR1 and")


def test_a_disk_that_fills_up_says_where_the_rows_are(tmp_path: Path) -> None:
    path = tmp_path / "take.parquet"
    journal = Journal(path)
    told = r"take.parquet cannot be written: .*\. The rows before are kept in take.parquet.rows"
    with small_disk(len(HEADER) + 3 * WIDTH), pytest.raises(SinkError, match=told):
        for frame in range(5):
            journal.write(row(frame))
    journal.close(whole=False)
    assert len(list(read_journal(path))) == 3


def test_a_whole_take_has_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "take.parquet"
    rows = ParquetRows(path)
    rows.write(row(0))
    assert beside(path).stat().st_size > WIDTH
    rows.close()
    assert not beside(path).exists()
    assert not math.isnan(next(read_take(path)).time)
