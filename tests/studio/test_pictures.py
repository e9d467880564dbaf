"""Small pictures: no wider than asked, in the right colours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("nicegui")

from facedrive.studio.pictures import small_jpeg


@pytest.mark.parametrize(
    ("height", "width", "size"), [(720, 1280, (90, 160)), (48, 64, (48, 64)), (1, 1000, (1, 160))]
)
def test_a_picture_is_made_smaller_never_larger(
    height: int, width: int, size: tuple[int, int]
) -> None:
    image = np.full((height, width, 3), (200, 30, 30), np.uint8)
    read = cv2.imdecode(np.frombuffer(small_jpeg(image, 160, 95), np.uint8), cv2.IMREAD_COLOR)
    assert read.shape[:2] == size
    assert abs(int(read[0, 0, 2]) - 200) < 10  # OpenCV reads BGR
