from __future__ import annotations

import numpy as np

from facedrive.training.rendered.camera import Camera


def test_subjects_left_is_on_the_right_of_the_picture() -> None:
    left_and_up = Camera(640, 480, 600.0).project(np.array([[5.0, 5.0, -60.0]]))[0]
    assert left_and_up[0] > 320
    assert left_and_up[1] < 240
