"""What a command needs beside facedrive itself; an error names the extra that is missing."""

from __future__ import annotations

import importlib.util

from facedrive.errors import DependencyError


def need_train() -> None:
    """Raise a DependencyError unless the train extra is installed."""
    for package in ("torch", "torchvision", "onnxscript", "tensorboard"):
        _need(package, "training", "train")


def need_onnx() -> None:
    """Raise a DependencyError unless the package that writes ONNX files is installed."""
    _need("onnx", "stamping", "train")


def need_analyze(package: str) -> None:
    """Raise a DependencyError unless a package of the analyze extra is installed."""
    _need(package, "analysing", "analyze")


def need_studio() -> None:
    """Raise a DependencyError unless the package that the studio's page is made of is installed."""
    _need("nicegui", "the studio", "studio")


def _need(package: str, what: str, extra: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise DependencyError(
            f"{package} is not installed; {what} needs: pip install 'facedrive[{extra}]'."
        )
