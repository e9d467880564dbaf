"""An exported model in 8 bits."""

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.regressors.onnx import OnnxRegressor  # noqa: E402

from .conftest import Trained  # noqa: E402

pytestmark = pytest.mark.slow


def test_an_8_bit_model_says_nearly_what_the_whole_one_says(trained: Trained) -> None:
    answers = []
    for path in trained.models:
        regressor = OnnxRegressor(path, "cpu")
        answers.append(np.stack([regressor.estimate(crop).aus for crop in trained.crops]))
    apart = np.abs(answers[0] - answers[1])
    assert apart.mean() < 0.02
    assert apart.max() < 0.15


def test_all_layers_between_the_first_and_the_mesh_points_are_in_8_bits(
    trained: Trained,
) -> None:
    _, small = trained.models
    graph = onnx.load(small).graph
    rounded = {name for node in graph.node if node.op_type == "DequantizeLinear"
               for name in node.output}  # fmt: skip
    layers = [node.input[1] for node in graph.node if node.op_type in ("Conv", "Gemm")]
    parts = {kept: {name.split(".")[1] for name in layers if (name in rounded) == kept}
             for kept in (True, False)}  # fmt: skip
    assert parts[True] == {"stages", "squeeze", "features"}
    assert parts[False] == {"stem", "points", "second_look", "head", "reader", "presence", "extras",
                            "correction", "extras_correction"}  # fmt: skip
