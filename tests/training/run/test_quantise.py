"""An exported model in 8 bits."""

from pathlib import Path

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.regressors.onnx import OnnxRegressor  # noqa: E402
from facedrive.training.run.export import export  # noqa: E402
from facedrive.training.run.quantise import calibration_crops, quantise  # noqa: E402
from facedrive.training.run.train import build_model  # noqa: E402

from ..noise import TINY, faces  # noqa: E402

pytestmark = pytest.mark.slow


CROPS = calibration_crops([faces(40)], TINY.crop)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model as it was exported, and in 8 bits."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models")
    whole, small = folder / "whole.onnx", folder / "small.onnx"
    export(build_model(TINY), TINY.crop, whole)
    quantise(whole, CROPS, small)
    return whole, small


def test_an_8_bit_model_says_nearly_what_the_whole_one_says(models: tuple[Path, Path]) -> None:
    answers = []
    for path in models:
        regressor = OnnxRegressor(path, "cpu")
        answers.append(np.stack([regressor.estimate(crop).aus for crop in CROPS]))
    assert answers[0] == pytest.approx(answers[1], abs=0.05)


def test_all_layers_between_the_first_and_the_mesh_points_are_in_8_bits(
    models: tuple[Path, Path],
) -> None:
    _, small = models
    graph = onnx.load(small).graph
    rounded = {name for node in graph.node if node.op_type == "DequantizeLinear"
               for name in node.output}  # fmt: skip
    layers = [node.input[1] for node in graph.node if node.op_type in ("Conv", "Gemm")]
    parts = {kept: {name.split(".")[1] for name in layers if (name in rounded) == kept}
             for kept in (True, False)}  # fmt: skip
    assert parts[True] == {"stages", "squeeze", "features"}
    assert parts[False] == {"stem", "points", "second_look", "head", "reader", "presence", "extras",
                            "correction", "extras_correction"}  # fmt: skip
