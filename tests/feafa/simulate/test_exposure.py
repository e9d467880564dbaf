from __future__ import annotations

import numpy as np

from facedrive.feafa.simulate.exposure import Exposure

FACE = np.tile(np.linspace(0, 255, 64, dtype=np.float32), (64, 1))
MASK = np.zeros((64, 64), np.float32)
MASK[16:48, 16:48] = 1


def exposure(seed: int) -> Exposure:
    return Exposure(np.random.default_rng(seed), np.full((40, 50), 120, np.uint8), 64)


def test_frames_of_a_video_differ_by_grain_only() -> None:
    camera = exposure(0)
    first, second = camera.take(FACE, MASK), camera.take(FACE, MASK)
    assert first.shape == (64, 64)
    assert first.dtype == np.uint8
    difference = first.astype(float) - second
    assert 0 < np.abs(difference).mean() < 8
    assert abs(difference.mean()) < 1


def test_the_same_seed_gives_the_same_pictures() -> None:
    np.testing.assert_array_equal(exposure(3).take(FACE, MASK), exposure(3).take(FACE, MASK))


def test_the_first_frame_sets_the_exposure() -> None:
    camera = exposure(1)
    dark = camera.take(0.2 * FACE, MASK)
    assert camera.take(FACE, MASK)[20:44, 20:44].mean() > dark[20:44, 20:44].mean() + 20
