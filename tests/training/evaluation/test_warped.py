"""AUs that were put on by warping."""

from pathlib import Path

import numpy as np
import pytest

from facedrive.training.data.faces import FaceSet
from facedrive.training.data.labels import EXACT
from facedrive.training.evaluation.warped import open_warped, score_warped
from facedrive.training.warped import dataset


def test_a_model_that_sees_the_aus_rises_with_them(model, faces) -> None:
    figures = score_warped(model, faces)
    for name in EXACT:
        rise = figures["rise"][name]
        assert rise["raised"] > rise["resting"] + 0.4
        assert figures["aus"][name]["pearson"] > 0.99


def test_an_au_that_was_never_put_on_has_no_rise(model, faces) -> None:
    rise = score_warped(model, faces.select(np.arange(6)))["rise"]["cheeks_puff"]
    assert rise["raised"] is None


def test_faces_are_warped_once_and_of_test_people(
    faces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def make(data: Path, people: str, count: int, seed: int, **options: object) -> FaceSet:
        calls.append(people)
        return faces

    monkeypatch.setattr(dataset, "warped_set", make)
    for _ in range(2):
        kept = open_warped(tmp_path, tmp_path, tmp_path / "some.task")
        assert (kept.targets.aus == faces.targets.aus).all()
    assert calls == ["test"]
