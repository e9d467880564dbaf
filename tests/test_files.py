"""A file appears whole or not at all, wherever it comes from."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from facedrive import files
from facedrive.errors import DataError, ModelError, SinkError
from facedrive.files import (
    NewFile,
    fetch,
    file_hash,
    free_path,
    read_toml,
    refuse_inputs,
    whole_file,
    whole_path,
    write_whole,
)

CONTENT = b"a model"
HASH = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Path]:
    """A file that must still be there, alone, when the test is over."""
    path = tmp_path / "out.csv"
    path.write_text("old")
    yield path
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_written_file_replaces_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with whole_file(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_the_older_file_and_nothing_else(old: Path) -> None:
    with pytest.raises(KeyError), whole_file(old) as file:
        file.write(b"new")
        raise KeyError


def test_a_full_disk_leaves_the_older_file_and_nothing_else(old: Path) -> None:
    says = pytest.raises(DataError, match=r"out\.csv cannot be written: No space left.*; make room")
    with says, whole_file(old, DataError, "make room") as file:
        file.write(b"new")
        _full()


def test_a_disk_that_is_full_only_at_the_end_is_one_too(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", _full)
    with pytest.raises(SinkError, match="No space left"):
        write_whole(old, "new")


def test_a_full_disk_under_another_writer_leaves_the_older_file_too(old: Path) -> None:
    with pytest.raises(SinkError, match="No space left"), whole_path(old) as part:
        part.write_text("half")
        _full()


def test_a_writer_of_its_own_sees_the_same_ending(tmp_path: Path) -> None:
    with whole_path(tmp_path / "faces.npz") as part:
        assert part.suffix == ".npz"
        part.write_text("whole")
    assert (tmp_path / "faces.npz").read_text() == "whole"
    assert list(tmp_path.iterdir()) == [tmp_path / "faces.npz"]


def test_two_writers_of_one_file_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with whole_file(path) as first, whole_file(path) as second:
        first.write(b"first")
        second.write(b"second")
    assert path.read_text() == "first"


def test_missing_folders_are_made(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "folder" / "out.csv", "ä")
    assert (tmp_path / "new" / "folder" / "out.csv").read_bytes() == "ä".encode()


def test_a_folder_that_cannot_be_made_is_an_error(old: Path) -> None:
    with pytest.raises(SinkError, match=r"me\.toml cannot be written: .*out\.csv is no folder"):
        write_whole(old / "me.toml", "new")


def test_a_folder_of_that_name_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(SinkError, match="cannot be written"):
        write_whole(tmp_path / "out.csv", "new")


@pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.toml").symlink_to(tmp_path / "real.toml")
    write_whole(tmp_path / "link.toml", "new")
    assert (tmp_path / "link.toml").is_symlink()
    assert (tmp_path / "real.toml").read_text() == "new"


@pytest.mark.skipif(os.name != "posix", reason="needs permissions")
@pytest.mark.parametrize(("private", "mode"), [(True, 0o600), (False, 0o644)])
def test_only_a_private_file_is_closed_to_others(tmp_path: Path, private: bool, mode: int) -> None:
    before = os.umask(0o022)
    try:
        with whole_file(tmp_path / "token", private=private) as file:
            file.write(b"abc")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == mode


@pytest.mark.skipif(os.name != "posix", reason="the variables are those of XDG")
@pytest.mark.parametrize("kind", ["config", "cache"])
def test_a_user_can_move_the_folders(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = getattr(files, f"user_{kind}_folder")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv(f"XDG_{kind.upper()}_HOME", str(tmp_path))
    assert folder() == tmp_path / "facedrive"
    monkeypatch.delenv(f"XDG_{kind.upper()}_HOME")
    assert folder().is_relative_to(Path.home())


def test_a_file_is_fetched_once_and_kept(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(CONTENT)
    path = fetch((tmp_path / "theirs").as_uri(), HASH, tmp_path / "cache" / "ours")
    assert path.read_bytes() == CONTENT
    (tmp_path / "theirs").unlink()
    assert fetch((tmp_path / "theirs").as_uri(), HASH, path) == path


def test_a_damaged_file_is_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(CONTENT)
    (tmp_path / "ours").write_bytes(CONTENT[:3])
    assert file_hash(fetch((tmp_path / "theirs").as_uri(), HASH, tmp_path / "ours")) == HASH


def test_another_file_than_the_known_one_is_refused(old: Path) -> None:
    with pytest.raises(ModelError, match=r"SHA-256 \w+, not \w+; give a path\.$"):
        fetch(old.as_uri(), HASH, old.parent / "cache" / "ours", advice="give a path")


def test_a_file_that_cannot_be_fetched_keeps_what_there_is(old: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be fetched \(.*\); give a path\.$"):
        fetch(old.with_name("gone").as_uri(), HASH, old, DataError, "give a path")


def test_the_next_free_name_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    assert free_path(path) == path
    path.touch()
    (tmp_path / "a-2.mp4").touch()
    assert free_path(path) == tmp_path / "a-3.mp4"


def test_an_input_is_refused_under_whatever_name(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    path.touch()
    (tmp_path / "link.csv").symlink_to(path)
    (tmp_path / "hard.csv").hardlink_to(path)
    for name in ("take.csv", "link.csv", "hard.csv", "../" + tmp_path.name + "/take.csv"):
        with pytest.raises(
            SinkError, match="is an input of this run; give the output another name"
        ):
            refuse_inputs([tmp_path / name], [Path("no.toml"), path])
    refuse_inputs([tmp_path / "other.csv"], [path])


def test_a_new_file_in_no_folder_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"x\.csv cannot be written: No such file"):
        NewFile(tmp_path / "none" / "x.csv")
    with pytest.raises(SinkError, match="cannot be written: Is a directory"):
        NewFile(tmp_path)


def test_two_runs_at_once_get_two_files(tmp_path: Path) -> None:
    first, second = NewFile(tmp_path / "a.csv"), NewFile(tmp_path / "a.csv")
    assert {first.begin(), second.begin()} == {tmp_path / "a.csv", tmp_path / "a-2.csv"}
    first.discard()
    second.finish()
    assert list(tmp_path.iterdir()) == [tmp_path / "a-2.csv"]


@pytest.mark.parametrize(
    "content",
    [
        b"x = " + b"9" * 311,
        b"x = 18446744073709551616",
        b"x = " + b"[" * 9000,
        b"x = '\xe9'",
        b"x =",
    ],
)
def test_what_is_no_toml_is_one_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.toml"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"odd\.toml is no recipe: .*; write another\.$"):
        read_toml(path, ModelError, "recipe", "write another")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes a named pipe")
def test_a_byte_order_mark_is_no_part_of_a_toml(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbfversion = 1\r\n")
    assert read_toml(tmp_path / "a.toml", DataError, "TOML") == {"version": 1}


def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(ModelError, match="is a named pipe; give a file"):
        read_toml(tmp_path / "pipe.toml", ModelError, "recipe")


def test_a_file_that_nobody_wrote_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    path.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(ModelError, match=r"has 1\.0 MB; facedrive reads up to 1 MB"):
        read_toml(path, ModelError, "recipe")
