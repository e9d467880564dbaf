"""Heads that are turned and tilted are found, and nothing is found where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from facedrive.regressors.onnx import OnnxRegressor, default_model
from facedrive.training.data.faceless import paint_nothing
from facedrive.training.evaluation.finding import Outcome, _summary, score_empty, watch
from facedrive.training.rendered.studio import Studio
from facedrive.training.rendered.turned import Placing, Turned, stand, turn_person
from facedrive.types import Image

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def regressor() -> OnnxRegressor:
    return OnnxRegressor(default_model(), "cpu")


@pytest.fixture(scope="module")
def heads(face_studio: Studio) -> dict[float, Turned]:
    """One head in the skin of a test person, by yaw."""
    yaws = (0.0, 60.0, -60.0, 40.0)
    return dict(zip(yaws, turn_person(face_studio, np.random.default_rng(4), yaws), strict=True))


@pytest.fixture(scope="module")
def ground() -> Image:
    return np.ascontiguousarray(paint_nothing(640, np.random.default_rng(2))[:480])


@pytest.mark.parametrize(("yaw", "tilt"), [(0, 45), (60, 0), (-60, 0), (40, -45), (60, 30)])
def test_a_turned_or_tilted_head_is_found_and_held(
    regressor: OnnxRegressor, heads: dict[float, Turned], ground: Image, yaw: float, tilt: float
) -> None:
    outcome = watch(regressor, stand(heads[yaw], ground, Placing(160.0, tilt, (330.0, 250.0))))
    assert outcome.frame is not None
    assert outcome.held


def test_no_face_is_seen_on_a_wall_and_the_model_is_hardly_asked(
    regressor: OnnxRegressor, ground: Image
) -> None:
    figures = score_empty(regressor, [ground])
    assert figures["seen"] == 0
    assert figures["network_runs"] < 0.5


def test_what_was_found_and_lost_again_is_not_held() -> None:
    seen = [Outcome(0, held=True), Outcome(4, held=False), Outcome(None, held=False),
            Outcome(8, held=True)]  # fmt: skip
    assert _summary(seen) == {"heads": 4, "found": 0.75, "held": 0.5, "frame": 4.0}
