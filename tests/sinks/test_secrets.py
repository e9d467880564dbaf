"""Tokens are kept where only this user can read them."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from facedrive.sinks.secrets import forget, read_secret, write_secret


def test_what_is_kept_is_read_back_and_only_this_user_may(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "folder" / "token"
    write_secret(path, "abc")
    assert read_secret(path, 10) == "abc"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_others_could_read_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    path.chmod(0o666)
    write_secret(path, "new")
    assert read_secret(path, 10) == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("kept", [b"", b" \n", b"x" * 11, b"\xff\xfe"])
def test_what_is_no_secret_is_none(tmp_path: Path, kept: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(kept)
    assert read_secret(path, 10) is None


def test_what_was_never_kept_is_none_and_forgetting_it_does_no_harm(tmp_path: Path) -> None:
    assert read_secret(tmp_path / "token", 10) is None
    forget(tmp_path / "token")


def test_a_place_that_cannot_be_used_is_logged_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    write_secret(tmp_path, "abc")
    assert read_secret(tmp_path, 10) is None
    forget(tmp_path)
    assert len(caplog.messages) == 3
