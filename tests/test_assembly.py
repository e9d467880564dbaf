"""One more output of a run: by the user's tables, and never what the run reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedrive.assembly import open_output
from facedrive.errors import SinkError
from facedrive.options import changed
from facedrive.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a table of the user's own, in place of arkit."""
    table = tmp_path / "my.toml"
    table.write_text("extends = 'arkit'\n[weights]\njawOpen = { jaw_drop = 0.5 }\n")
    return changed(Settings(), "outputs.mapping", (table,))


@pytest.mark.parametrize(("url", "own"), [("livelink:", True), ("vmc:", True), ("vrchat:", False)])
def test_an_added_output_takes_the_users_table_where_it_uses_that_one(
    url: str, own: bool, settings: Settings
) -> None:
    sink = open_output(url, settings)
    sink.close()
    assert (sink.mapping == str(settings.outputs.mapping[0])) is own


def test_what_the_run_reads_is_never_an_output(settings: Settings) -> None:
    (table,) = settings.outputs.mapping
    before = table.read_bytes()
    with pytest.raises(SinkError, match="is an input of this run"):
        open_output(f"csv:{table}?overwrite=yes", settings)
    assert table.read_bytes() == before
