"""One face after the other is timed."""

import numpy as np

from facedrive.training.evaluation.speed import measure_speed


def test_every_face_is_timed_once(model) -> None:
    figures = measure_speed(model, np.zeros((30, 32, 32), np.uint8))
    assert figures["faces"] == 30
    assert 0 < figures["median_ms"] <= figures["p95_ms"]
