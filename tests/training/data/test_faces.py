"""Photographs as a set of faces."""

import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("scipy", reason="training needs the train extra")

from facedrive.aus import AU_INDEX
from facedrive.training.data.faces import FIRST_LOOK, load_photographs
from facedrive.training.data.labels import TEACHER_CHANNELS
from facedrive.training.data.teacher import Opinions

GAZE = [f"eyeLook{way}{side}" for way in ("Up", "Down", "In", "Out") for side in ("Left", "Right")]
NAMES = [*dict.fromkeys(name for names in TEACHER_CHANNELS.values() for name in names), *GAZE]
JAW = AU_INDEX["jaw_drop"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three pictures of noise whose teacher says 0.2 of everything."""
    random = np.random.default_rng(0)
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        for row in range(3):
            picture = random.integers(0, 256, (100, 90), dtype=np.uint8)
            archive.writestr(f"{row:05d}.jpg", cv2.imencode(".jpg", picture)[1].tobytes())
    table = io.BytesIO()
    np.savez(
        table, landmarks=random.uniform(20, 80, (3, 478, 3)).astype(np.float16),
        blendshape_names=np.array(NAMES), person=np.arange(3, dtype=np.uint32),
        blendshapes=np.full((3, len(NAMES)), 0.2, np.float16),
    )  # fmt: skip
    (tmp_path / "faces_teacher.npz").write_bytes(table.getvalue())
    return tmp_path


def test_a_teacher_that_was_asked_again_is_believed_where_it_found_the_face(data: Path) -> None:
    before = load_photographs(data, data / "cache")
    scores, points = np.full((3, len(NAMES)), 0.6, np.float32), np.full((3, 478, 2), 50, np.float32)
    points += np.random.default_rng(1).uniform(-20, 20, points.shape).astype(np.float32)
    scores[1], points[1] = np.nan, np.nan
    after = load_photographs(data, data / "cache", Opinions(scores, points))
    mixed = 0.6 + FIRST_LOOK * (0.2 - 0.6)
    assert after.targets.aus[:, JAW] == pytest.approx([mixed, 0.2, mixed], abs=1e-3)
    same = [np.allclose(*pair) for pair in zip(before.points_px, after.points_px, strict=True)]
    assert same == [False, True, False]
    assert (before.crops[1] == after.crops[1]).all()
    assert (before.crops[0] != after.crops[0]).any()
