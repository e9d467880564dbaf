"""``facedrive model``: a run's checkpoint and somebody's ONNX become models that ``live`` takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="exporting needs the train extra")

import numpy as np  # noqa: E402
import onnx  # noqa: E402

from facedrive.cli.main import main  # noqa: E402
from facedrive.regressors.onnx import OnnxRegressor, default_model  # noqa: E402
from facedrive.training.recipe import Recipe, as_text  # noqa: E402
from facedrive.training.run import export as exporting  # noqa: E402
from facedrive.training.run.checkpoint import Origin, save_checkpoint  # noqa: E402
from facedrive.training.run.train import build_model, running_average  # noqa: E402
from facedrive.types import CropSpec  # noqa: E402

SMALL = Recipe(
    name="small", widths=(4, 4, 4, 4), depths=(1, 1, 1), features=8, crop=CropSpec(32, 0.25)
)


LATER = replace(SMALL, name="later", first=SMALL)
"""Starts from what the small one ends in."""


def finished_run(folder: Path) -> Path:
    """Make a folder as a run leaves it, but for its log."""
    averaged = running_average(build_model(LATER), LATER.ema)
    origin = Origin(as_text(LATER), LATER.seed, "digest")
    save_checkpoint(
        folder / "checkpoint.pt", origin, {"parts": {"averaged": averaged.state_dict()}}
    )
    return folder


def test_a_runs_averaged_network_is_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    exported: list[tuple[torch.nn.Module, CropSpec]] = []

    def write(network: torch.nn.Module, crop: CropSpec, path: Path) -> None:
        exported.append((network, crop))  # tests of the export say what is in the file
        path.write_bytes(b"a model")

    monkeypatch.setattr(exporting, "export", write)
    run, model = finished_run(tmp_path / "run"), tmp_path / "model.onnx"
    assert main(["model", "export", str(run), "-o", str(model)]) == 0
    assert "later, crops of 32 pixels" in capsys.readouterr().out
    ((network, crop),) = exported
    assert crop == SMALL.crop
    kept = torch.load(run / "checkpoint.pt", weights_only=True)["parts"]["averaged"]
    for name, values in network.state_dict().items():
        assert torch.equal(values, kept[f"module.{name}"]), name
    assert model.read_bytes() == b"a model"


def test_a_run_of_the_papers_protocol_is_sent_to_its_own_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_checkpoint(tmp_path / "checkpoint.pt", Origin('{"network": "vgg16"}', 0, "digest"), {})
    assert main(["model", "export", str(tmp_path), "-o", str(tmp_path / "model.onnx")]) == 2
    assert "facedrive train RECIPE --data CACHE --export FOLD" in capsys.readouterr().err


def test_a_folder_without_a_run_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "export", str(tmp_path), "-o", str(tmp_path / "model.onnx")]) == 2
    assert "checkpoint.pt" in capsys.readouterr().err


def test_a_model_without_metadata_is_stamped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = onnx.load(default_model())
    del bare.metadata_props[:]
    onnx.save(bare, tmp_path / "bare.onnx")
    stamped = tmp_path / "stamped.onnx"
    assert main(["model", "stamp", str(tmp_path / "bare.onnx"), "-o", str(stamped)]) == 0
    assert f"facedrive live --model {stamped}" in capsys.readouterr().out
    crop = np.zeros((128, 128), np.uint8)
    ours, theirs = (
        OnnxRegressor(path, "cpu").estimate(crop) for path in (default_model(), stamped)
    )
    np.testing.assert_array_equal(ours.aus, theirs.aus)


def test_a_file_that_is_missing_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["model", "stamp", "no.onnx", "-o", str(tmp_path / "model.onnx")]) == 2
    assert "no model at no.onnx" in capsys.readouterr().err
