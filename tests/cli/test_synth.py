from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("tensorboard")

from facedrive.cli.main import FAILED, main
from facedrive.feafa.simulate import render as feafa
from facedrive.training.rendered import dataset


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["faces", "--output", "faces.txt"], "must end in .npz"),
        (["faces", "--output", "faces.npz", "--videos", "3"], "no option --videos"),
        (["feafa", "--output", "set", "--count", "3"], "no option --count"),
        (["feafa", "--output", "set", "--subjects", "1"], "2 subjects or more"),
    ],
)
def test_what_cannot_be_meant_is_one_line(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["synth", options[0], "--data", "nowhere", *options[1:]]) == FAILED
    error = capsys.readouterr().err.strip()
    assert said in error
    assert "\n" not in error


def test_data_that_is_absent_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = str(tmp_path / "faces.npz")
    asked = ["synth", "faces", "--data", str(tmp_path), "--output", output, "--count", "1",
             "--workers", "1"]  # fmt: skip
    assert main(asked) == FAILED
    assert "ict_facekit.npz" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["0", "-3", "many"])
def test_numbers_are_checked(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "faces", "--data", "d", "--output", "f.npz", "--count", word]) == FAILED
    assert "--count" in capsys.readouterr().err


def test_options_reach_the_renderer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[object, ...]] = []

    def render(*args: object) -> None:
        asked.append(args[:-1])

    monkeypatch.setattr(dataset, "render_dataset", render)
    monkeypatch.setattr(feafa, "render_feafa", render)
    output = tmp_path / "faces.npz"
    common = ["--data", "d", "--seed", "4", "--people", "test", "--workers", "3"]
    assert main(["synth", "faces", *common, "--output", str(output), "--count", "9"]) == 0
    assert main(["synth", "feafa", *common, "--output", "set", "--frames", "50"]) == 0
    plan = feafa.FeafaPlan(frames=50, seed=4, people="test")
    assert asked == [(Path("d"), output, 9, 4, "test", 3), (Path("d"), Path("set"), plan, 3)]
    assert "facedrive data check set" in capsys.readouterr().out
