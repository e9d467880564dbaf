"""Reading action units off aligned crops."""

from __future__ import annotations

from facedrive.errors import ModelError
from facedrive.registry import Registry
from facedrive.stages import Regressor

__all__ = ["REGRESSORS"]

REGRESSORS: Registry[Regressor] = Registry(
    "regressor",
    {"onnx": "facedrive.regressors.onnx:OnnxRegressor"},
    ("estimate",),
    ModelError,
    ("crop",),
)
