"""Where the teacher's model is looked for."""

from pathlib import Path

import pytest

from facedrive.errors import DataError
from facedrive.training.evaluation.teacher import open_teacher


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--teacher-model"):
        open_teacher(tmp_path, tmp_path, tmp_path / "none.task")


def test_data_without_the_teachers_scores_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"faces_teacher\.npz is missing"):
        open_teacher(tmp_path, tmp_path)


def test_the_model_beside_the_data_is_used(shared: Path, tmp_path: Path) -> None:
    teacher = open_teacher(shared / "data", tmp_path)
    assert teacher.model == (shared / "models" / "face_landmarker.task").resolve()
    assert len(teacher.names) == 52
