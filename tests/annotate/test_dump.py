"""A dump has the whole project, and no invitation."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from facedrive.annotate.dump import dump
from facedrive.annotate.project import Project
from facedrive.errors import DataError


def test_a_dump_is_a_project_again(
    project: Project, say: Callable[..., None], tmp_path: Path
) -> None:
    say("anna", "jaw_drop", {0: 0.5})
    (project.folder / "secrets.toml").write_text("anna = 'hush'")
    with zipfile.ZipFile(io.BytesIO(dump(project.folder))) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "again")
    assert {"study/project.toml", "study/keys/clip/anna.csv", "study/rules.toml"} <= {*names}
    assert not [name for name in names if "secrets" in name or ".lock" in name or "cache" in name]
    found = Project.open(tmp_path / "again" / "study")
    assert found.document("clip", "anna").tracks == project.document("clip", "anna").tracks
    found.close()


def test_what_is_no_project_is_not_dumped(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no project.toml"):
        dump(tmp_path)
