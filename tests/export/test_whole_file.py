"""A file appears complete or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedrive.errors import SinkError
from facedrive.export.whole_file import whole_file


def test_a_written_file_replaces_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with whole_file(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_the_older_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with pytest.raises(KeyError), whole_file(path) as file:
        file.write(b"new")
        raise KeyError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(SinkError, match=r"gone.*cannot be written"),
        whole_file(tmp_path / "gone" / "out.csv"),
    ):
        pass


def test_a_folder_of_that_name_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(SinkError, match="cannot be written"), whole_file(tmp_path / "out.csv"):
        pass
