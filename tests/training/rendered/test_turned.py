"""Heads stand where they are put, and the truth goes with them."""

from __future__ import annotations

import numpy as np
import pytest

from facedrive.trackers.patch import MEAN_SHAPE
from facedrive.training.rendered.turned import Placing, Turned, stand


@pytest.fixture
def head() -> Turned:
    """A white square on the right of a black one, around landmarks in its middle."""
    picture = np.zeros((200, 200), np.float32)
    picture[90:110, 140:160] = 255.0
    return Turned(picture, np.ones((200, 200), np.float32), MEAN_SHAPE * 60 + 99.5, 60.0)


@pytest.mark.parametrize(("tilt", "place"), [(0, (250, 150)), (90, (200, 200)), (-90, (200, 100))])
def test_a_head_is_tilted_clockwise_about_its_landmarks(
    head: Turned, tilt: float, place: tuple[int, int]
) -> None:
    placing = Placing(163.0 * 60 / 100, tilt, (200.0, 150.0))
    standing = stand(head, np.zeros((300, 400), np.uint8), placing)
    assert np.allclose(standing.landmarks_px.mean(axis=0), (200, 150))
    assert standing.unit_px == pytest.approx(60)
    rows, columns = np.nonzero(standing.picture > 128)
    assert (columns.mean(), rows.mean()) == pytest.approx(place, abs=1)


def test_a_smaller_head_is_smaller_with_its_landmarks(head: Turned) -> None:
    ground = np.full((300, 400), 40, np.uint8)
    standing = stand(head, ground, Placing(163.0 * 30 / 100, 0.0, (200.0, 150.0)))
    assert np.ptp(standing.landmarks_px, axis=0) == pytest.approx(np.ptp(MEAN_SHAPE * 30, axis=0))
    assert (standing.picture[:, :130] == 40).all() and (standing.picture[150, 160:190] == 0).all()
