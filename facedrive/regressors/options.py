"""What can be set about the AU model; imports no inference library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from facedrive.options import option

Device = Literal["auto", "cpu", "cuda"]


def _names() -> tuple[str, ...]:
    from facedrive.regressors import REGRESSORS

    return tuple(REGRESSORS)


@dataclass(frozen=True)
class RegressorOptions:
    """How action units are read off the face."""

    use: str = option("onnx", flag="--regressor", metavar="NAME", choices=_names)
    """What runs the AU model: onnx, or a plug-in, package.module:Class."""
    model: Path | None = option(None, flag="--model", metavar="ONNX")
    """An AU model with the contract in its metadata; ours where left out."""
    device: Device = option("auto", flag="--device")
    """auto takes CUDA where it works, else the CPU; cuda is an error where it does not."""
