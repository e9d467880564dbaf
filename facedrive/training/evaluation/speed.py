"""How long the model takes for one face on one core."""

from __future__ import annotations

from typing import Any

from facedrive.regressors.onnx import OnnxRegressor
from facedrive.timing import Timing
from facedrive.types import Image

WARM_UP = 20
MOST = 1000


def measure_speed(regressor: OnnxRegressor, crops: Image) -> dict[str, Any]:
    """Time (N, S, S) crops one by one; ONNX Runtime is set to a single thread."""
    timing = Timing()
    for crop in crops[:WARM_UP]:
        regressor.estimate(crop)
    for crop in crops[:MOST]:
        with timing.stage("face"):
            regressor.estimate(crop)
    latency = timing.summary()["face"]
    return {
        "faces": latency.frames,
        "median_ms": round(latency.median_ms, 3),
        "p95_ms": round(latency.p95_ms, 3),
    }
