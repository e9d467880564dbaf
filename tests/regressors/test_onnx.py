"""The model's contract: what keeps it is loaded, what breaks it is refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedrive.aus import AU_NAMES
from facedrive.errors import ModelError
from facedrive.regressors.onnx import OnnxRegressor

onnx = pytest.importorskip("onnx", reason="building models for the test needs onnx")

GOOD = {
    "facedrive.contract": "1",
    "facedrive.au_names": ",".join(AU_NAMES),
    "facedrive.crop_size": "16",
    "facedrive.crop_padding": "0.3",
}


def model(path: Path, aus: int = 24, meta: dict[str, str] = GOOD, name: str = "crops",
          landmarks: int = 0) -> Path:  # fmt: skip
    """Write a model whose every AU is the crop's mean grey, and every landmark at 3, 3 if any."""
    helper, kind = onnx.helper, onnx.TensorProto
    flat = 16 * 16
    weights = onnx.numpy_helper.from_array(np.full((flat, aus), 1 / flat / 255, np.float32), "w")
    look = onnx.numpy_helper.from_array(np.zeros((flat, 4), np.float32), "g")
    nodes = [
        helper.make_node("Cast", [name], ["f"], to=kind.FLOAT),
        helper.make_node("Flatten", ["f"], ["x"]),
        helper.make_node("MatMul", ["x", "w"], ["aus"]),
        helper.make_node("MatMul", ["x", "g"], ["gaze"]),
    ]
    outputs = [
        helper.make_tensor_value_info("aus", kind.FLOAT, ["n", aus]),
        helper.make_tensor_value_info("gaze", kind.FLOAT, ["n", 4]),
    ]
    if landmarks:
        places = np.full((1, landmarks, 2), 3, np.float32)
        nodes.append(helper.make_node(
            "Constant", [], ["landmarks"], value=onnx.numpy_helper.from_array(places)
        ))  # fmt: skip
        outputs.append(helper.make_tensor_value_info("landmarks", kind.FLOAT, ["n", landmarks, 2]))
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, kind.UINT8, ["n", 1, 16, 16])],
        outputs,
        [weights, look],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(made, meta)
    onnx.save(made, path)
    return path


def test_a_model_that_keeps_the_contract_is_run(tmp_path: Path) -> None:
    regressor = OnnxRegressor(model(tmp_path / "m.onnx"), "cpu")
    estimate = regressor.estimate(np.full((16, 16), 51, np.uint8))
    assert estimate.aus == pytest.approx(0.2, abs=1e-4)
    assert estimate.gaze.shape == (2, 2)
    assert estimate.landmarks_crop_px is None
    assert (regressor.crop.size, regressor.crop.padding) == (16, 0.3)


def test_a_model_may_say_where_it_sees_the_landmarks(tmp_path: Path) -> None:
    regressor = OnnxRegressor(model(tmp_path / "m.onnx", landmarks=68), "cpu")
    landmarks_crop_px = regressor.estimate(np.zeros((16, 16), np.uint8)).landmarks_crop_px
    assert landmarks_crop_px is not None
    assert landmarks_crop_px.shape == (68, 2)
    assert (landmarks_crop_px == 3).all()


def test_other_landmarks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"'landmarks' is \(N, 5, 2\); facedrive needs"):
        OnnxRegressor(model(tmp_path / "m.onnx", landmarks=5), "cpu")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"facedrive.contract": "7"}, "has facedrive contract 7; facedrive needs 1"),
        ({"facedrive.contract": ""}, "contract"),
        ({"facedrive.au_names": "smile,frown"}, "names other AUs"),
        ({"facedrive.crop_size": "large"}, "crop's size"),
        ({"facedrive.crop_size": "32"}, r"'crops' is \(N, 1, 16, 16\); facedrive needs"),
    ],
)
def test_metadata_that_breaks_the_contract_is_refused(
    tmp_path: Path, change: dict[str, str], says: str
) -> None:
    with pytest.raises(ModelError, match=says):
        OnnxRegressor(model(tmp_path / "m.onnx", meta=GOOD | change), "cpu")


def test_a_model_with_17_outputs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"'aus' is \(N, 17\); facedrive needs \(N, 24\)"):
        OnnxRegressor(model(tmp_path / "m.onnx", aus=17), "cpu")


def test_another_input_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'crops' is nothing"):
        OnnxRegressor(model(tmp_path / "m.onnx", name="image"), "cpu")


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\x08\x09" * 500])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be loaded"):
        OnnxRegressor(path, "cpu")


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx"):
        OnnxRegressor(tmp_path / "none.onnx")


def test_without_a_gpu_auto_runs_on_the_cpu_and_cuda_says_why(tmp_path: Path) -> None:
    path = model(tmp_path / "m.onnx")
    regressor = OnnxRegressor(path, "auto")
    if regressor.provider == "CUDAExecutionProvider":
        pytest.skip("this machine has a working CUDA")
    with pytest.raises(ModelError, match=r"device cuda: .*; use device cpu"):
        OnnxRegressor(path, "cuda")


@pytest.mark.parametrize(
    ("key", "value"),
    [("crop_padding", "nan"), ("crop_padding", "inf"), ("crop_padding", "-1"), ("crop_size", "-8")],
)
def test_crops_that_nobody_can_cut_are_refused(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(ModelError, match=r"facedrive cuts 8 to 1024, with -0\.4 to 4"):
        OnnxRegressor(model(tmp_path / "m.onnx", meta=GOOD | {f"facedrive.{key}": value}), "cpu")
