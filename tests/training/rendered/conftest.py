"""The parametric face and the photographs, each loaded once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from facedrive.training.data.photographs import Photographs
    from facedrive.training.rendered.face import FaceModel, Person


@pytest.fixture(scope="session")
def model(shared: Path) -> FaceModel:
    face = pytest.importorskip("facedrive.training.rendered.face")
    return face.load_face_model(shared / "data" / "ict" / "ict_facekit.npz")


@pytest.fixture(scope="session")
def person(model: FaceModel) -> Person:
    return model.identity(np.zeros(len(model.identities), np.float32))


@pytest.fixture(scope="session")
def photographs(shared: Path) -> Photographs:
    photographs = pytest.importorskip("facedrive.training.data.photographs")
    return photographs.open_photographs(shared / "data")
