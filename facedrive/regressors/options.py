"""What can be set about the AU model; imports no inference library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True)
class OnnxOptions:
    """Which AU model runs, and where."""

    model: Path | None = None
    """An ONNX file with the contract in its metadata; None for the one that ships."""
    device: Device = "auto"
    """``auto`` takes CUDA where it works, else the CPU; ``cuda`` is an error where it does not."""
