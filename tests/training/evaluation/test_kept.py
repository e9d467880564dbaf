"""Files that are made once."""

from pathlib import Path

import pytest

from facedrive.training import evaluation
from facedrive.training.evaluation.kept import digest, keep, sources


def test_a_file_is_made_on_the_first_call_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt"
    assert keep(path, lambda part: part.write_text("first")) == path
    keep(path, lambda part: part.write_text("second"))
    assert path.read_text() == "first"


def test_a_file_whose_making_fails_is_not_there(tmp_path: Path) -> None:
    def fail(part: Path) -> None:
        part.write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        keep(tmp_path / "file.txt", fail)
    assert not (tmp_path / "file.txt").exists()


def test_a_digest_changes_with_a_byte(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    (tmp_path / "b").write_bytes(b"two")
    assert digest([tmp_path / "a"]) != digest([tmp_path / "b"])


def test_the_sources_of_a_package_are_its_files() -> None:
    assert "kept.py" in [path.name for path in sources(evaluation)]
