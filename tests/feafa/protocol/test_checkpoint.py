"""Checkpoints: whole or not at all, and never of another run."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.errors import DataError  # noqa: E402
from facedrive.feafa.protocol.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402

MINE = {"recipe": "mine"}


def _full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_is_saved_is_read(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "new" / "checkpoint.pt", MINE | {"weights": torch.ones(3)})
    saved = load_checkpoint(tmp_path / "new" / "checkpoint.pt", MINE)
    assert saved is not None and torch.equal(saved["weights"], torch.ones(3))


def test_there_may_be_none(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path / "checkpoint.pt", MINE) is None


def test_one_of_another_recipe_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "checkpoint.pt", {"recipe": "other"})
    with pytest.raises(DataError, match="another recipe"):
        load_checkpoint(tmp_path / "checkpoint.pt", MINE)


def test_one_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, MINE | {"weights": torch.ones(1000)})
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match="no whole checkpoint"):
        load_checkpoint(path, MINE)


def test_a_full_disk_is_said_and_keeps_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, MINE | {"weights": torch.ones(3)})
    monkeypatch.setattr(os, "fsync", _full)
    with pytest.raises(DataError, match=r"No space left.*is kept.*Make room"):
        save_checkpoint(path, MINE | {"weights": torch.zeros(100_000)})
    saved = load_checkpoint(path, MINE)
    assert saved is not None and torch.equal(saved["weights"], torch.ones(3))
