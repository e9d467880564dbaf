from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

pytest.importorskip("scipy")

from facedrive.errors import DataError
from facedrive.training.rendered.photographs import Photographs, open_photographs


def test_folder_without_photographs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="faces_teacher"):
        open_photographs(tmp_path)


def test_skin_comes_from_calm_people_once_each(photographs: Photographs) -> None:
    rows = photographs.best_rows()
    assert len(rows) > 1000
    assert len(set(photographs.person[rows])) == len(rows)
    assert photographs.scores["jawOpen"][rows].max() < 0.1


def test_broken_picture_is_named(photographs: Photographs, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        archive.writestr("00003.jpg", b"no picture")
    broken = Photographs(
        photographs.person,
        photographs.landmarks,
        photographs.pose,
        photographs.scores,
        zipfile.ZipFile(tmp_path / "faces.zip"),
    )
    with broken.archive, pytest.raises(DataError, match=r"00003\.jpg"):
        broken.read(3)
