"""PyTorch's older exporter in place of the newer, for tests of what is around an export.

It takes a tenth of the time. Tests of exports use the newer, as facedrive does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnxruntime
import pytest
import torch


def export_quickly(patch: pytest.MonkeyPatch) -> None:
    """Have networks exported for one crop at a time, by the older exporter."""
    export = torch.onnx.export

    def quickly(
        network: torch.nn.Module, example: tuple[torch.Tensor], path: str, *,
        input_names: Sequence[str], output_names: Sequence[str], **_: Any,
    ) -> None:  # fmt: skip
        export(
            network, (example[0][:1],), path, dynamo=False,
            input_names=input_names, output_names=output_names,
        )  # fmt: skip
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = path  # shapes become numbers, which quantising needs
        onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])

    patch.setattr(torch.onnx, "export", quickly)
