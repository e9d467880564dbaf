"""A trained network as ONNX."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.regressors.onnx import OnnxRegressor  # noqa: E402
from facedrive.training.engine import build_model  # noqa: E402
from facedrive.training.export import export  # noqa: E402

from .noise import TINY  # noqa: E402


def test_an_exported_model_keeps_the_contract_and_says_what_torch_says(tmp_path: Path) -> None:
    torch.manual_seed(0)
    export(build_model(TINY), TINY.crop, tmp_path / "tiny.onnx")
    regressor = OnnxRegressor(tmp_path / "tiny.onnx", "cpu")
    assert regressor.crop == TINY.crop
    assert regressor.estimate(np.zeros((32, 32), np.uint8)).aus.shape == (24,)
