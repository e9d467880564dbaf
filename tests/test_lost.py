"""A face that is gone."""

import numpy as np
import pytest

from facedrive.lost import LostFace, LostFaceOptions
from facedrive.types import IDENTITY_HEAD, Sample

LAST = Sample(1.0, 30, np.ones(24, np.float32), np.ones((2, 2), np.float32), IDENTITY_HEAD, True)


@pytest.mark.parametrize(("hold_s", "ease_s"), [(0.2, 0.3), (1.0, 0.1), (0.0, 2.0)])
def test_values_hold_then_ease_for_as_long_as_asked(hold_s: float, ease_s: float) -> None:
    lost = LostFace(LostFaceOptions(hold_s, ease_s))
    lost.seen(LAST)
    shares = [0.0, 0.25, 0.5, 0.75, 1.0]
    eased = [float(lost.at(1 + hold_s + share * ease_s, 31).aus[0]) for share in shares]
    assert float(lost.at(1 + hold_s, 31).aus[0]) == 1
    assert eased == sorted(eased, reverse=True)
    assert eased[2] == pytest.approx(0.5, abs=1e-3)
    assert eased[-1] == pytest.approx(0, abs=1e-6)


def test_after_reset_there_is_nothing_to_hold() -> None:
    lost = LostFace()
    lost.seen(LAST)
    lost.reset()
    sample = lost.at(1.1, 31)
    assert not sample.face
    assert (sample.aus == 0).all()
