"""An exported model in 8 bits."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.regressors.onnx import OnnxRegressor  # noqa: E402
from facedrive.training.engine import build_model  # noqa: E402
from facedrive.training.export import export  # noqa: E402
from facedrive.training.quantise import calibration_crops, quantise  # noqa: E402

from .noise import TINY, faces  # noqa: E402


def test_an_8_bit_model_says_nearly_what_the_whole_one_says(tmp_path: Path) -> None:
    torch.manual_seed(0)
    whole, small = tmp_path / "whole.onnx", tmp_path / "small.onnx"
    export(build_model(TINY), TINY.crop, whole)
    crops = calibration_crops([faces(40)], TINY.crop)
    quantise(whole, crops, small)
    answers = [
        np.stack([OnnxRegressor(path, "cpu").estimate(crop).aus for crop in crops])
        for path in (whole, small)
    ]
    assert answers[0] == pytest.approx(answers[1], abs=0.05)
