"""Data to train on: ten photographs of the reference data in a folder of their own."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

ENOUGH = {"train": 6, "validation": 2, "test": 2}
"""Photographs, each of another person, whose skin is fit for rendering."""


@pytest.fixture(scope="session")
def ten_faces(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with ten photographs, the parametric face and, beside it, the teacher."""
    photographs = pytest.importorskip("facedrive.training.data.photographs")
    skins = pytest.importorskip("facedrive.training.rendered.skins")
    source = shared / "data"
    kept = photographs.open_photographs(source)
    best = skins.best_rows(kept)
    rows = np.concatenate([
        np.intersect1d(kept.rows_of(people), best)[:count] for people, count in ENOUGH.items()
    ])  # fmt: skip
    folder = tmp_path_factory.mktemp("ten") / "data"
    folder.mkdir()
    with np.load(source / photographs.SCORES) as table:
        arrays = {name: table[name] for name in table}
    with (folder / photographs.SCORES).open("wb") as file:
        np.savez(file, **{name: values if name == "blendshape_names" else values[rows]
                          for name, values in arrays.items()})  # fmt: skip
    with zipfile.ZipFile(folder / photographs.PICTURES, "w") as archive:
        for number, row in enumerate(rows):
            archive.writestr(f"{number:05d}.jpg", kept.archive.read(kept.names[row]))
    (folder / "ict").symlink_to(source / "ict")
    (folder.parent / "models").symlink_to(shared / "models")
    return folder
