from __future__ import annotations

import numpy as np
import pytest

from facedrive.training.rendered import capture


@pytest.mark.parametrize("seed", range(12))
def test_a_captured_picture_is_gray_and_of_the_same_size(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform(30, 90, (68, 2)).astype(np.float32)
    face, mask = np.full((2, 128, 128), 0.5, np.float32)
    background = np.full((50, 70), 90, np.uint8)
    picture = capture.capture(rng, face * 255, mask * 2, background, points)
    assert picture.shape == (128, 128)
    assert picture.dtype == np.uint8
