"""Sets of faces in files and in parts, and the middle of their crops."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.errors import DataError
from facedrive.trackers.align import TEMPLATE, warp_crop
from facedrive.trackers.landmarks import RIGID
from facedrive.training.data.faces import (
    cut_middle,
    digest_faces,
    join_faces,
    load_faces,
    save_faces,
)
from facedrive.types import CropSpec

from ..noise import faces

WIDE, NARROW = CropSpec(size=208, padding=0.54), CropSpec(size=128, padding=0.3)


def test_a_set_is_read_as_it_was_written(tmp_path: Path) -> None:
    whole = faces(24)
    whole.inside[:, :5] = False
    save_faces(whole, tmp_path / "set.npz")
    assert digest_faces(load_faces(tmp_path / "set.npz")) == digest_faces(whole)
    (tmp_path / "set.npz").write_bytes(b"something else")
    with pytest.raises(DataError, match="no set of faces"):
        load_faces(tmp_path / "set.npz")


@pytest.mark.parametrize(
    "name", ["crops", "inside", "points_px", "person", "aus", "known", "gaze", "tracked_px"]
)
def test_a_digest_changes_with_anything_that_a_set_says(name: str) -> None:
    whole = replace(faces(24), tracked_px=np.zeros((24, 68, 2), np.float32))
    before = digest_faces(whole)
    values = getattr(whole, name, None)
    values = getattr(whole.targets, name) if values is None else values
    values.reshape(-1)[-1] = 0 if values.reshape(-1)[-1] else 1
    assert digest_faces(whole) != before


def test_joined_faces_keep_everything_in_order() -> None:
    whole = faces(24)
    parts = [whole.select(np.arange(0, 7)), whole.select(np.arange(7, 24))]
    assert digest_faces(join_faces(parts)) == digest_faces(whole)


def test_the_middle_of_a_wide_crop_is_the_narrow_crop() -> None:
    rows, columns = np.mgrid[:400, :400]
    picture = (127 + 60 * np.sin(rows / 17) + 60 * np.cos(columns / 23)).astype(np.uint8)
    landmarks = np.zeros((68, 2))
    landmarks[RIGID] = TEMPLATE * 90 + 180
    wide = warp_crop(picture, landmarks, WIDE)
    direct = warp_crop(picture, landmarks, NARROW)
    assert np.abs(cut_middle(wide[None], WIDE, NARROW)[0].astype(float) - direct).mean() < 1
