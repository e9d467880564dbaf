"""Synthetic test faces are rendered once, from skins and shapes of the test alone."""

from pathlib import Path

import numpy as np
import pytest

from facedrive.training.evaluation import rendered
from facedrive.training.evaluation.rendered import open_rendered, score_rendered
from facedrive.training.rendered import dataset


def test_faces_are_rendered_once_and_of_test_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def render(data: Path, output: Path, count: int, seed: int, people: str, workers: int) -> None:
        calls.append(people)
        np.savez(
            output, crops=np.zeros((4, 40, 40), np.uint8), aus=np.zeros((4, 24), np.float32),
            gaze=np.zeros((4, 2, 2), np.float32), identity=np.arange(4),
            landmarks=np.zeros((4, 68, 2), np.float32), crop_size=40, crop_padding=0.5,
        )  # fmt: skip

    monkeypatch.setattr(dataset, "render_dataset", render)
    for _ in range(2):
        assert len(open_rendered(tmp_path, tmp_path)) == 4
    assert calls == ["test"]
    assert rendered.FACES // dataset.FACES_A_PERSON >= 20


def test_identities_are_counted(model, faces) -> None:
    figures = score_rendered(model, faces)
    assert figures["identities"] == 20
    assert figures["mean_pearson"] > 0.99
