"""A model that several streams share says of each crop what it says of it alone."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from facedrive.regressors.batched import BatchedRegressor
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.stages import Estimate
from facedrive.types import CropSpec, Image

COUNT = 12


@pytest.fixture(scope="module")
def model() -> OnnxRegressor:
    return OnnxRegressor(device="cpu")


@pytest.fixture(scope="module")
def crops(model: OnnxRegressor) -> list[Image]:
    rng = np.random.default_rng(0)
    side = model.crop.size
    return [rng.integers(0, 256, (side, side), np.uint8) for _ in range(COUNT)]


def read(batched: BatchedRegressor, crops: Sequence[Image]) -> list[Estimate]:
    """Have a thread ask about each crop, all at a time."""

    def ask(crop: Image) -> Estimate:
        with batched.stream():
            return batched.estimate(crop)

    with ThreadPoolExecutor(len(crops)) as pool:
        return list(pool.map(ask, crops))


def test_every_crop_gets_what_is_said_of_it(model: OnnxRegressor, crops: list[Image]) -> None:
    for crop, said in zip(crops, read(BatchedRegressor(model, 4), crops), strict=True):
        alone = model.estimate(crop)
        assert alone.landmarks_crop_px is not None and said.landmarks_crop_px is not None
        assert np.allclose(said.aus, alone.aus, atol=1e-4)
        assert np.allclose(said.landmarks_crop_px, alone.landmarks_crop_px, atol=1e-2)
        assert said.presence == pytest.approx(alone.presence, abs=1e-4)


def test_no_value_depends_on_who_else_is_in_the_call(
    model: OnnxRegressor, crops: list[Image]
) -> None:
    batched = BatchedRegressor(model, 4)
    for crop, said in zip(crops, read(batched, crops), strict=True):
        alone = batched.estimate(crop)
        assert np.allclose(said.aus, alone.aus, rtol=0, atol=1e-5)
        assert np.allclose(said.gaze, alone.gaze, rtol=0, atol=1e-5)


def test_every_call_has_the_same_number_of_crops(
    model: OnnxRegressor, crops: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    true = OnnxRegressor.estimate_all

    def spy(self: OnnxRegressor, crops: Image) -> list[Estimate]:
        sizes.append(len(crops))
        return true(self, crops)

    monkeypatch.setattr(OnnxRegressor, "estimate_all", spy)
    batched = BatchedRegressor(model, 4)
    batched.estimate(crops[0])
    read(batched, crops[:6])
    assert set(sizes) == {4} and len(sizes) >= 3


def test_a_regressor_that_reads_one_crop_at_a_time_is_asked_so() -> None:
    class Mean:
        crop = CropSpec(4, 0.1)

        def estimate(self, crop: Image) -> Estimate:
            return Estimate(np.full(24, crop.mean(), np.float32), np.zeros((2, 2), np.float32))

    batched = BatchedRegressor(Mean(), 2)
    assert not batched.follows
    said = read(batched, [np.full((4, 4), value, np.uint8) for value in (3, 7, 9)])
    assert [each.aus[0] for each in said] == [3, 7, 9]
