from __future__ import annotations

import numpy as np

from facedrive.training.rendered.camera import Camera, rotation_matrix
from facedrive.types import Head


def test_rotation_has_the_signs_of_the_heads_angles() -> None:
    angles = (12.0, -25.0, 8.0)
    matrix = rotation_matrix(*np.radians(angles))
    w = np.sqrt(1 + np.trace(matrix)) / 2
    axis = matrix[[2, 0, 1], [1, 2, 0]] - matrix[[1, 2, 0], [2, 0, 1]]
    head = Head(np.array([*(axis / (4 * w)), w], np.float32), np.zeros(3, np.float32))
    np.testing.assert_allclose(head.euler, angles, atol=1e-3)


def test_subjects_left_is_on_the_right_of_the_picture() -> None:
    left_and_up = Camera(640, 480, 600.0).project(np.array([[5.0, 5.0, -60.0]]))[0]
    assert left_and_up[0] > 320
    assert left_and_up[1] < 240
