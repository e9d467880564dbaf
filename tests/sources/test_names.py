"""Folders and files of any name are sources and places for outputs."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facedrive.cli.main import main
from facedrive.takes.read import read_take

NAMES = ("2024-05-01T10:20:30", "was? #1 50%", "K\u00e4se \u00fc & x=1", "http:x", "[1-3]*")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_any_name_is_extracted_into_itself_and_replayed(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = tmp_path / name
    pictures.mkdir()
    grey = cv2.imencode(".png", np.full((48, 64, 3), 90, np.uint8))[1]
    for number in range(3):
        (pictures / f"{number}.png").write_bytes(grey.tobytes())
    monkeypatch.chdir(tmp_path)
    take = f"{name}/{name}.csv"
    assert main(["extract", name, "--as", "video", "-o", take]) == 0
    assert [sample.index for sample in read_take(tmp_path / take)] == [0, 1, 2]
    assert main(["export", take, "--to", "vmd", "--output", f"{name}/{name}.vmd"]) == 0
    assert (pictures / f"{name}.vmd").stat().st_size > 100
