"""The middle of a wide crop is what the model would have been given."""

import numpy as np

from facedrive.trackers.align import TEMPLATE, warp_crop
from facedrive.trackers.landmarks import RIGID
from facedrive.training.evaluation.crops import cut_middle
from facedrive.types import CropSpec

WIDE, NARROW = CropSpec(size=208, padding=0.54), CropSpec(size=128, padding=0.3)


def test_the_middle_of_a_wide_crop_is_the_narrow_crop() -> None:
    rows, columns = np.mgrid[:400, :400]
    picture = (127 + 60 * np.sin(rows / 17) + 60 * np.cos(columns / 23)).astype(np.uint8)
    landmarks = np.zeros((68, 2))
    landmarks[RIGID] = TEMPLATE * 90 + 180
    wide = warp_crop(picture, landmarks, WIDE)
    direct = warp_crop(picture, landmarks, NARROW)
    assert np.abs(cut_middle(wide[None], WIDE, NARROW)[0].astype(float) - direct).mean() < 1
