"""Files that are made once."""

from pathlib import Path

import pytest

from facedrive.training import evaluation
from facedrive.training.data import cache as kept
from facedrive.training.data.cache import digest, digest_code, keep


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


def test_a_digest_changes_with_a_byte() -> None:
    assert digest(b"one", b"two") == digest(b"one", b"two") != digest(b"one", b"twp")


def test_code_that_differs_has_another_digest() -> None:
    assert digest_code(kept) == digest_code(kept)
    assert len({digest_code(kept), digest_code(evaluation), digest_code(evaluation, kept)}) == 3
