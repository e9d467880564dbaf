"""``facedrive train`` and ``facedrive bench train`` on recipes of the paper's protocol."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.cli.main import main
from facedrive.training.landmarks import train as landmarks

RECIPES = Path(__file__).resolve().parents[2] / "train/recipes"
TINY = """
kind = "protocol"
network = "regional"
part = "posed"
crop = 48
batch = 4
widths = [4, 4, 4]
"""


def recipe(folder: Path) -> Path:
    path = folder / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.mark.slow
def test_bench_train_prints_rates_of_training_and_of_loading(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["bench", "train", str(recipe(tmp_path)), "--device", "cpu", "--frames", "8", "--json"]
    assert main(words) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"machine", "device", "threads", "recipe", "crop", "batch"} <= set(report)
    assert set(report["images_a_second"]) == {"loader", "training", "ratio"}


def test_data_that_was_not_prepared_is_said_with_the_command_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(recipe(tmp_path)), "--data", str(tmp_path)]) == 2
    assert "facedrive data prepare" in capsys.readouterr().err


def test_recipes_of_two_kinds_are_not_trained_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = [str(RECIPES / "regional.toml"), str(RECIPES / "default.toml")]
    assert main(["train", *both, "--data", str(tmp_path)]) == 2
    assert "default.toml is no recipe of the paper's protocol" in capsys.readouterr().err


def test_bench_train_refuses_a_recipe_of_the_other_kind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["bench", "train", str(RECIPES / "default.toml")]) == 2
    assert "kind is 'au_model'; it must be protocol here" in capsys.readouterr().err


def test_landmarks_are_trained_and_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[tuple[Path, Path]] = []
    monkeypatch.setattr(landmarks, "train_landmarks", lambda *given: trained.append(given))
    monkeypatch.setattr(
        landmarks, "evaluate_landmarks", lambda data, model: {0.0: {"found": 96.0}, 30.0: {}}
    )
    words = ["train", "landmarks", "--data", "data", "--output", "new.dat"]
    assert main(words) == 0
    assert trained == [(Path("data"), Path("new.dat"))]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [{"roll_deg": 0.0, "found": 96.0}, {"roll_deg": 30.0}]
    assert main([*words, "--evaluate-only"]) == 0
    assert len(trained) == 1


def test_landmarks_need_a_folder_of_marked_faces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "landmarks", "--data", str(tmp_path), "-o", str(tmp_path / "new.dat")]
    assert main(words) == 2
    assert "faces.zip is missing; data must be the folder" in capsys.readouterr().err
