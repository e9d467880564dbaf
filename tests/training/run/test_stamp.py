"""Any ONNX model that keeps the contract is run once it is stamped; one that does not is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="stamping needs onnx")

from facedrive.errors import ModelError  # noqa: E402
from facedrive.regressors.onnx import OnnxRegressor  # noqa: E402
from facedrive.training.run.stamp import stamp, write_metadata  # noqa: E402


def model(path: Path, name: str = "crops", side: int | str = 16, aus: int = 24,
          kind: int = onnx.TensorProto.UINT8, gain: float = 1.0) -> Path:  # fmt: skip
    """Write somebody's model, without metadata: every AU is ``gain`` times the crop's mean grey."""
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    arrays = {
        "scale": np.full((1, aus), gain / 255, np.float32),
        "no": np.zeros((1, 4), np.float32),
    }
    nodes = [
        helper.make_node("Cast", [name], ["f"], to=floats),
        helper.make_node("ReduceMean", ["f"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["mean", "scale"], ["aus"]),
        helper.make_node("MatMul", ["mean", "no"], ["gaze"]),
    ]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info(name, kind, ["n", 1, side, side])],
        [helper.make_tensor_value_info("aus", floats, ["n", aus]),
         helper.make_tensor_value_info("gaze", floats, ["n", 4])],
        [onnx.numpy_helper.from_array(each, key) for key, each in arrays.items()],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(made, path)
    return path


def test_a_stamped_model_is_run(tmp_path: Path) -> None:
    plain, stamped = model(tmp_path / "plain.onnx"), tmp_path / "stamped.onnx"
    with pytest.raises(ModelError, match="facedrive model stamp"):
        OnnxRegressor(plain, "cpu")
    stamp(plain, stamped, 0.25)
    regressor = OnnxRegressor(stamped, "cpu")
    assert (regressor.crop.size, regressor.crop.padding) == (16, 0.25)
    assert regressor.estimate(np.full((16, 16), 51, np.uint8)).aus == pytest.approx(0.2, abs=1e-4)


def test_a_model_may_be_stamped_in_place_and_keeps_its_own_metadata(tmp_path: Path) -> None:
    path = model(tmp_path / "model.onnx")
    write_metadata(path, {"author": "Ann"}, path)
    stamp(path, path, 0.3)
    said = {each.key: each.value for each in onnx.load(path).metadata_props}
    assert said["author"] == "Ann"
    assert said["facedrive.contract"] == "1"
    assert "facedrive.landmarks" not in said


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            {"name": "image"},
            r"takes 'image' \('n', 1, 16, 16\); facedrive gives one input, 'crops'",
        ),
        ({"side": "s"}, "'crops' has no fixed side"),
        ({"aus": 17}, r"'aus' is \(N, 17\); facedrive needs \(N, 24\) in FEAFA\+ order"),
        ({"kind": onnx.TensorProto.FLOAT}, r"'crops' are tensor\(float\); facedrive gives"),
        ({"gain": 5.0}, "gives action units from .* on noise; facedrive needs 0 to 1"),
    ],
)
def test_what_is_not_suitable_is_named_and_nothing_is_written(
    fault: dict[str, object], message: str, tmp_path: Path
) -> None:
    path = model(tmp_path / "model.onnx", **fault)
    with pytest.raises(ModelError, match=rf"model\.onnx.*{message}"):
        stamp(path, tmp_path / "stamped.onnx", 0.3)
    assert [each.name for each in tmp_path.iterdir()] == ["model.onnx"]
