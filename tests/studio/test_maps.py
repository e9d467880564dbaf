"""A user's rows of a mapping: typed, kept as the TOML that outputs read."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("nicegui")

from facedrive.errors import MappingError
from facedrive.mappings import load_mapping
from facedrive.studio.maps import read_row, save_rows, written

ARKIT = load_mapping("arkit")


def test_a_row_is_read_as_it_is_written() -> None:
    row = read_row("jawOpen", "jaw_drop 1.3, chin_raise -0.5")
    assert row == {"jaw_drop": 1.3, "chin_raise": -0.5}


def test_only_changed_rows_are_kept_and_the_file_is_a_mapping(tmp_path: Path) -> None:
    rows = {channel: written(ARKIT, channel) for channel in ARKIT.channels}
    rows |= {"jawOpen": "jaw_drop 0.5", "cheekPuff": ""}
    save_rows("arkit", rows, tmp_path / "mine.toml")
    mine = load_mapping(tmp_path / "mine.toml")
    changed = (mine.matrix != ARKIT.matrix).any(axis=1)
    assert {ARKIT.channels[row] for row in changed.nonzero()[0]} == {"cheekPuff", "jawOpen"}
    assert written(mine, "jawOpen") == "jaw_drop 0.5"
    assert "cheekPuff" in mine.not_driven


@pytest.mark.parametrize("text", ["jaw_drop", "1.3", "jaw_drop much", "no_such_au 1", "jaw_drop 9"])
def test_a_row_that_is_wrong_leaves_no_file(text: str, tmp_path: Path) -> None:
    with pytest.raises(MappingError):
        save_rows("arkit", {"jawOpen": text}, tmp_path / "mine.toml")
    assert not list(tmp_path.iterdir())
