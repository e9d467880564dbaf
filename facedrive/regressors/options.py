"""What can be set about the AU model; imports the inference library only to load it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from facedrive.regressors.onnx import OnnxRegressor

Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True)
class OnnxOptions:
    """Which AU model runs, and where."""

    model: Path | None = None
    """An ONNX file with the contract in its metadata; None for the one that ships."""
    device: Device = "auto"
    """``auto`` takes CUDA where it works, else the CPU; ``cuda`` is an error where it does not."""

    def regressor(self) -> OnnxRegressor:
        """Load the model.

        Raises:
            ModelError: as ``OnnxRegressor``.
        """
        from facedrive.regressors.onnx import OnnxRegressor

        return OnnxRegressor(self.model, self.device)
