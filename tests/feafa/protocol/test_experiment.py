"""Folds over videos and subjects, and what is kept of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.errors import DataError  # noqa: E402
from facedrive.feafa.protocol.experiment import Experiment  # noqa: E402
from facedrive.feafa.protocol.machine import Machine  # noqa: E402
from facedrive.feafa.protocol.prepared import Prepared  # noqa: E402
from facedrive.feafa.protocol.recipe import ProtocolRecipe  # noqa: E402
from facedrive.feafa.protocol.scores import PartScores  # noqa: E402
from facedrive.feafa.protocol.trainer import FoldTrainer  # noqa: E402

pytestmark = pytest.mark.slow

Faces = Callable[..., Prepared]
CPU = Machine(torch.device("cpu"), mixed=False)


def run(recipe: ProtocolRecipe, data: Prepared, folder: Path, folds: str = "video") -> PartScores:
    return Experiment(recipe, data, folder, CPU, folds).run()["posed"]


@pytest.fixture(scope="module")
def done(
    tmp_path_factory: pytest.TempPathFactory, tiny: ProtocolRecipe, faces: Faces
) -> tuple[Path, PartScores]:
    folder = tmp_path_factory.mktemp("runs")
    return folder, run(tiny, faces(), folder)


def test_every_frame_is_predicted_once_by_a_network_that_never_saw_its_video(
    done: tuple[Path, PartScores], faces: Faces
) -> None:
    folder, _ = done
    seen: list[tuple[str, int]] = []
    for number in (1, 2, 3):
        with np.load(folder / f"posed/fold{number}/predictions.npz") as table:
            assert table["predicted"].shape == table["labels"].shape
            assert 0 <= table["predicted"].min() <= table["predicted"].max() <= 1
            seen += zip(table["video"].tolist(), table["frame"].tolist(), strict=True)
    data = faces()
    assert sorted(seen) == sorted(
        (data.videos[v], int(f)) for v, f in zip(data.video, data.frame, strict=True)
    )


def test_a_run_leaves_scores_weights_and_a_table_an_epoch(done: tuple[Path, PartScores]) -> None:
    folder, scores = done
    for name in ("scores.csv", "scores.json", "scores.md", "constant/scores.json"):
        assert (folder / "posed" / name).stat().st_size > 0
    for name in ("weights.pt", "epochs.csv"):
        assert (folder / "posed/fold1" / name).exists()
    assert list((folder / "posed/fold1").glob("events.out.tfevents*"))
    assert len(scores.network.folds) == len(scores.constant.folds) == 3


def test_the_constant_predictor_says_the_mean_of_the_training_labels(
    done: tuple[Path, PartScores], faces: Faces
) -> None:
    folder, _ = done
    data = faces()
    with np.load(folder / "posed/fold1/predictions.npz") as table:
        trained = ~np.isin(np.arange(len(data)), table["rows"])
        assert table["constant"] == pytest.approx(data.aus[trained].mean(0), abs=1e-6)


def test_a_finished_run_is_read_not_trained_again(
    done: tuple[Path, PartScores], tiny: ProtocolRecipe, faces: Faces,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    folder, scores = done
    monkeypatch.setattr(FoldTrainer, "fit", None)
    again = run(tiny, faces(), folder)
    assert again.network.spread("mse_sum") == scores.network.spread("mse_sum")


def test_a_folder_of_another_recipe_is_refused(
    done: tuple[Path, PartScores], tiny: ProtocolRecipe, faces: Faces
) -> None:
    with pytest.raises(DataError, match="another recipe"):
        run(replace(tiny, seed=1), faces(), done[0])
    with pytest.raises(DataError, match="another fold"):
        run(tiny, faces(), done[0], folds="subject")


def test_folds_of_a_file_that_share_a_subject_are_refused(
    tmp_path: Path, tiny: ProtocolRecipe, faces: Faces
) -> None:
    path = tmp_path / "folds.csv"
    rows = [f"{video},{at % 3 + 1}" for at, video in enumerate(faces().videos)]
    path.write_text("\n".join(["video,fold", *rows]))
    with pytest.raises(DataError, match="trains and tests on subject P01"):
        run(tiny, faces(), tmp_path / "runs", folds=str(path))


def test_a_part_that_the_data_lacks_is_said(
    tmp_path: Path, tiny: ProtocolRecipe, faces: Faces
) -> None:
    with pytest.raises(DataError, match="no labelled posed video in the data; parts: spontaneous"):
        run(tiny, faces(part="spontaneous"), tmp_path)


def test_labels_that_are_missing_in_part_are_trained_and_scored_where_known(
    tmp_path: Path, tiny: ProtocolRecipe, faces: Faces
) -> None:
    data = faces()
    aus = data.aus.copy()
    aus[:, 3] = np.nan
    aus[::3, 5] = np.nan
    scores = run(replace(tiny, epochs=1), replace(data, aus=aus), tmp_path).network
    assert np.isnan(scores.pooled.aus.value[0, 3])
    assert np.isfinite(scores.pooled.aus.value[0, 5])
