"""A finished model's presence, fitted anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import onnx

from facedrive.errors import RenderError
from facedrive.regressors.onnx import default_model
from facedrive.training.rendered.turned import HeadCounts
from facedrive.training.run import presence

pytestmark = pytest.mark.slow

FEW = {"HEADS": HeadCounts(people=1, acts=0), "PHOTOGRAPHS": 6, "FACELESS": 6, "CLUTTER": 1,
       "PICTURES": 1, "EPOCHS": 2}  # fmt: skip


def arrays(path: Path) -> dict[str, np.ndarray]:
    return {each.name: onnx.numpy_helper.to_array(each)
            for each in onnx.load(path).graph.initializer}  # fmt: skip


def test_presence_alone_changes(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, few in FEW.items():
        monkeypatch.setattr(presence, name, few)
    try:
        presence.refit_presence(shared / "data", default_model(), tmp_path / "other.onnx")
    except RenderError as error:
        pytest.skip(f"no OpenGL context: {error}")
    before, after = arrays(default_model()), arrays(tmp_path / "other.onnx")
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    layers = ("hidden.weight", "hidden.bias", "answer.weight", "answer.bias")
    assert changed == {f"model.presence.{layer}" for layer in layers}
    assert before.keys() == after.keys()
