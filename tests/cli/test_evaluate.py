"""``facedrive evaluate`` on synthetic faces that the test makes itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from facedrive.aus import AU_NAMES
from facedrive.cli.main import main
from facedrive.regressors.onnx import default_model


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A command that scores on a few faces of noise, run in an empty folder."""
    random = np.random.default_rng(0)
    np.savez(
        tmp_path / "faces.npz",
        crops=random.integers(0, 256, (24, 160, 160), dtype=np.uint8),
        aus=random.random((24, len(AU_NAMES)), dtype=np.float32),
        gaze=random.random((24, 2, 2), dtype=np.float32),
        identity=np.arange(24), landmarks=np.zeros((24, 68, 2), np.float32),
        crop_size=160, crop_padding=0.5,
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    return ["evaluate", "--data", ".", "--synthetic", "faces.npz", "--sections", "synthetic"]


def test_json_is_one_object_with_sections_and_targets(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["model"] == "facedrive/weights/default.onnx, which ships"
    assert report["synthetic"]["faces"] == 24
    assert list(report["synthetic"]["aus"]) == list(AU_NAMES)
    assert {"section", "figure", "limit", "measured", "met"} <= set(report["targets"][0])


def test_the_output_file_is_the_json(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--json", "--output", "report.json"]) == 0
    assert json.loads(Path("report.json").read_text()) == json.loads(capsys.readouterr().out)


def test_text_is_a_table_that_ends_with_what_is_reached(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    text = capsys.readouterr().out
    assert "jaw_thrust" in text
    assert text.strip().splitlines()[-1].endswith("of 4 met")


def test_a_recipe_stands_for_the_model_that_it_trained(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.toml").write_text('kind = "au_model"\nepochs = 1\n')
    assert main([words[0], "mine.toml", *words[1:], "--json"]) == 0
    assert "which ships" in json.loads(capsys.readouterr().out)["model"]
    Path("runs/mine").mkdir(parents=True)
    shutil.copy(default_model(), "runs/mine/model-int8.onnx")
    assert main([words[0], "mine.toml", *words[1:], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == str(Path("runs/mine/model-int8.onnx"))


def test_a_card_that_cannot_be_renewed_is_said_before_anything_is_measured(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--card", "card.md"]) == 2
    assert "card.md cannot be read" in capsys.readouterr().err
    Path("card.md").write_text("<!-- figures -->\n<!-- end of figures -->\n")
    assert main([*words, "--card", "card.md"]) == 2
    assert "clips, converged, photographs, warped is left out" in capsys.readouterr().err
    assert Path("card.md").read_text() == "<!-- figures -->\n<!-- end of figures -->\n"


def test_a_missing_data_folder_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--data", "nowhere", "--sections", "photographs"]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert "faces.zip is missing" in line


def test_an_unknown_section_is_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words[:-1], "speeds"]) == 2
    assert "no section 'speeds'" in capsys.readouterr().err
