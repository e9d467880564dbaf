"""Checkpoints: whole or not at all, and never of another run."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive import __version__  # noqa: E402
from facedrive.errors import DataError  # noqa: E402
from facedrive.training.run.checkpoint import (  # noqa: E402
    Origin,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)

MINE = Origin('{"epochs": 2, "rate": 0.1}', 7, "abc")


def test_what_is_saved_is_read_with_where_it_comes_from(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "new" / "checkpoint.pt", MINE, {"weights": torch.ones(3)})
    saved = load_checkpoint(tmp_path / "new" / "checkpoint.pt", MINE)
    assert saved is not None and torch.equal(saved["weights"], torch.ones(3))
    assert (saved["version"], saved["seed"], saved["data"]) == (__version__, 7, "abc")
    assert saved["recipe"] == MINE.recipe


def test_there_may_be_none(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path / "checkpoint.pt", MINE) is None
    with pytest.raises(DataError, match="no whole checkpoint"):
        read_checkpoint(tmp_path / "checkpoint.pt")


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        (replace(MINE, recipe='{"epochs": 2, "rate": 0.3}'),
         r"another recipe \(rate is 0.3 there and 0.1 here\)"),
        (replace(MINE, recipe="no JSON"), "another recipe;"),
        (replace(MINE, seed=8), "another seed"),
        (replace(MINE, data="abd"), "another data set"),
        (replace(MINE, fold="1"), "another fold"),
    ],
)  # fmt: skip
def test_one_of_another_run_is_refused_in_one_line(
    tmp_path: Path, other: Origin, complaint: str
) -> None:
    save_checkpoint(tmp_path / "checkpoint.pt", other, {})
    with pytest.raises(DataError, match=complaint) as refused:
        load_checkpoint(tmp_path / "checkpoint.pt", MINE)
    assert "\n" not in str(refused.value)


def test_one_of_another_format_is_refused(tmp_path: Path) -> None:
    torch.save({"recipe": MINE.recipe}, tmp_path / "checkpoint.pt")
    with pytest.raises(DataError, match="no checkpoint of format 1"):
        load_checkpoint(tmp_path / "checkpoint.pt", MINE)


def test_one_that_holds_code_is_not_run(tmp_path: Path) -> None:
    torch.save({"format": 1, "code": Path}, tmp_path / "checkpoint.pt")
    with pytest.raises(DataError, match="no whole checkpoint") as refused:
        load_checkpoint(tmp_path / "checkpoint.pt", MINE)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("left", [0, 10, 2000])
def test_one_that_was_cut_off_is_refused(tmp_path: Path, left: int) -> None:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, MINE, {"weights": torch.ones(1000)})
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(DataError, match="no whole checkpoint"):
        load_checkpoint(path, MINE)


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on file sizes")
def test_a_full_disk_is_said_and_keeps_the_one_before(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, MINE, {"weights": torch.ones(3)})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(DataError, match=r"cannot be written.*is kept.*Make room"):
            save_checkpoint(path, MINE, {"weights": torch.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    saved = load_checkpoint(path, MINE)
    assert saved is not None and torch.equal(saved["weights"], torch.ones(3))
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_at_last_keeps_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, MINE, {"weights": torch.ones(3)})
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"No space left.*is kept.*Make room"):
        save_checkpoint(path, MINE, {"weights": torch.zeros(3)})
    saved = load_checkpoint(path, MINE)
    assert saved is not None and torch.equal(saved["weights"], torch.ones(3))
