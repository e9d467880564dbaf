from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy")

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.training.rendered import performance

pytestmark = pytest.mark.slow


def test_performance_starts_and_ends_at_rest() -> None:
    for time in (0.0, 0.25, 0.5, performance.DURATION - 0.5, performance.DURATION):
        act = performance.perform(time)
        assert not act.aus.any()
        assert not act.gaze.any()
        np.testing.assert_allclose(performance.head_at(time), 0, atol=1e-6)


@pytest.mark.parametrize("name", AU_NAMES)
def test_performance_holds_every_au_in_full(name: str) -> None:
    times = np.arange(0, performance.DURATION, 1 / 30)
    track = np.array([performance.perform(time).aus for time in times])
    alone = track[:, AU_INDEX[name]] * (np.delete(track, AU_INDEX[name], axis=1).max(axis=1) < 0.1)
    assert (alone > 0.99).sum() >= 4
