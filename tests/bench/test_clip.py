"""What the guard around a decoder costs, as a ratio within one run."""

from __future__ import annotations

import pytest

from facedrive.bench.clip import measure_guard
from facedrive.pipeline import Pipeline

from ..trackers.conftest import TURNING


@pytest.mark.slow
def test_the_guard_is_measured_beside_its_absence() -> None:
    with Pipeline.open() as pipeline:
        found = measure_guard(pipeline, str(TURNING), 40)
        assert measure_guard(pipeline, str(TURNING.parent), 3) == {}
    assert found["guarded_rate_ratio"] > 0.2  # 0.95 and more on an idle machine
