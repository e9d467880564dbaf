"""An exported model in 8 bits."""

from pathlib import Path

import numpy as np
import onnx
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


def test_all_layers_between_the_first_and_the_mesh_points_are_in_8_bits(tmp_path: Path) -> None:
    whole, small = tmp_path / "whole.onnx", tmp_path / "small.onnx"
    export(build_model(TINY), TINY.crop, whole)
    quantise(whole, calibration_crops([faces(40)], TINY.crop), small)
    graph = onnx.load(small).graph
    rounded = {name for node in graph.node if node.op_type == "DequantizeLinear"
               for name in node.output}  # fmt: skip
    layers = [node for node in graph.node if node.op_type in ("Conv", "Gemm")]
    in_8_bits = [node.input[1] in rounded for node in layers]
    map_and_behind = len(layers) - 4  # mesh points and the two layers of the head come after
    assert in_8_bits == [False, *[True] * map_and_behind, *[False] * 3]
