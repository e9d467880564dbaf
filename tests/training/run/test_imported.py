"""An exported model as the start of another run."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.errors import DataError  # noqa: E402
from facedrive.training.network.network import Deployed  # noqa: E402
from facedrive.training.run.imported import load_exported  # noqa: E402
from facedrive.training.run.train import Run, build_model, plain_crops  # noqa: E402

from ..noise import every_kind, faces  # noqa: E402
from .conftest import DEEP, Trained  # noqa: E402

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")


@pytest.mark.parametrize(("name", "apart"), [("whole.onnx", 1e-4), ("8.onnx", 0.15)])
def test_it_says_what_the_exported_network_says(trained: Trained, name: str, apart: float) -> None:
    (model, folder, _), again = trained, build_model(DEEP)
    crops = plain_crops(faces(), np.arange(24), DEEP)
    load_exported(again, folder / name, crops)
    model = copy.deepcopy(model)
    model.reader = again.reader  # which is not taken from the file, nor are the heads
    model.presence, model.extras = again.presence, again.extras
    model.correction = again.correction
    with torch.no_grad():
        mine, theirs = Deployed(again.eval())(crops), Deployed(model)(crops)
    for one, other, unit in zip(mine, theirs, (1, 1, DEEP.crop.size), strict=False):
        assert torch.allclose(one, other, atol=apart * unit)


def test_normalisations_know_the_crops_so_that_training_goes_on(
    trained: Trained,
) -> None:
    crops = plain_crops(faces(), np.arange(24), DEEP)
    again = build_model(DEEP)
    load_exported(again, trained.folder / "whole.onnx", crops)
    for layer in again.modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.p = 0.0
    with torch.no_grad():
        resting = again.eval()(crops).points
        training = again.train()(crops).points
    assert torch.allclose(resting, training, atol=0.02)


def test_a_run_starts_from_it(trained: Trained, tmp_path: Path) -> None:
    folder = trained.folder
    barely = replace(DEEP, epochs=1, learning_rate=1e-9, inner_rate=1e-9)
    sets, loaded = every_kind(), build_model(DEEP)
    load_exported(loaded, folder / "whole.onnx", plain_crops(faces(), np.arange(24), DEEP))
    again = Run(barely, tmp_path, CPU, folder / "whole.onnx").fit(sets, sets)
    assert torch.allclose(again.squeeze[0].weight, loaded.squeeze[0].weight, atol=1e-6)
    assert torch.allclose(again.head[-1].weight, loaded.head[-1].weight, atol=1e-6)
    # Its reader had been adjusted, and is taught again.
    taught, adjusted = trained.taught, trained.model.reader.answer.weight
    assert torch.allclose(again.reader.answer.weight, taught, atol=1e-3)
    assert not torch.allclose(adjusted, taught, atol=1e-3)


def test_a_model_of_another_network_and_what_is_no_model_are_refused(
    trained: Trained, tmp_path: Path
) -> None:
    crops = plain_crops(faces(), np.arange(24), DEEP)
    wider = build_model(replace(DEEP, features=32))
    with pytest.raises(DataError, match="this recipe's network"):
        load_exported(wider, trained.folder / "whole.onnx", crops)
    (tmp_path / "text.onnx").write_text("no model at all")
    with pytest.raises(DataError, match="no ONNX model"):
        load_exported(wider, tmp_path / "text.onnx", crops)


def test_the_whole_of_it_has_the_adjusted_reader_as_well(trained: Trained) -> None:
    (model, folder, _), again = trained, build_model(DEEP)
    crops = plain_crops(faces(), np.arange(24), DEEP)
    load_exported(again, folder / "whole.onnx", crops, whole=True)
    again.correction = model.correction
    with torch.no_grad():
        said, meant = again.eval()(crops), model.eval()(crops)
    assert torch.allclose(said.taught, meant.taught, atol=1e-4)
    assert torch.allclose(said.read, meant.read, atol=1e-4)
