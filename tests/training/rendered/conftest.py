"""The parametric face, the photographs and a studio, each loaded once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from facedrive.errors import RenderError

if TYPE_CHECKING:
    from facedrive.training.rendered.face import FaceModel, Person
    from facedrive.training.rendered.photographs import Photographs
    from facedrive.training.rendered.studio import Studio


@pytest.fixture(scope="session")
def model(shared: Path) -> FaceModel:
    face = pytest.importorskip("facedrive.training.rendered.face")
    return face.load_face_model(shared / "data" / "ict" / "ict_facekit.npz")


@pytest.fixture(scope="session")
def person(model: FaceModel) -> Person:
    return model.identity(np.zeros(len(model.identities), np.float32))


@pytest.fixture(scope="session")
def photographs(shared: Path) -> Photographs:
    photographs = pytest.importorskip("facedrive.training.rendered.photographs")
    return photographs.open_photographs(shared / "data")


@pytest.fixture(scope="session")
def studio(shared: Path) -> Studio:
    """Pictures of 256 px, skins of the test people."""
    studio = pytest.importorskip("facedrive.training.rendered.studio")
    try:
        return studio.Studio(shared / "data", "test", 256)
    except RenderError as error:
        pytest.skip(str(error))
