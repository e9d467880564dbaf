"""Pictures in memory and images on the disk are frames in the order given."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facedrive.errors import SourceError
from facedrive.sources.pictures import Pictures
from facedrive.stages import Source

RED = np.full((4, 6, 3), (255, 0, 0), np.uint8)


def test_arrays_and_files_are_frames_in_order(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "red.png"), RED[..., ::-1])
    source = Pictures([RED, str(tmp_path / "red.png"), tmp_path / "red.png"], fps=10)
    assert isinstance(source, Source)
    frames = list(source.frames())
    assert [(frame.index, frame.time) for frame in frames] == [(0, 0), (1, 0.1), (2, 0.2)]
    for frame in frames:
        np.testing.assert_array_equal(frame.image, RED)


@pytest.mark.parametrize(
    ("picture", "found"),
    [
        (RED.astype(np.float32), r"an array of float32 with shape \(4, 6, 3\)"),
        (RED[..., 0], r"an array of uint8 with shape \(4, 6\)"),
        (RED[:0], r"an array of uint8 with shape \(0, 6, 3\)"),
        (None, "a NoneType"),
    ],
)
def test_what_is_no_picture_is_named_with_its_place(picture: object, found: str) -> None:
    with pytest.raises(SourceError, match=rf"picture 1 is {found}; it must be \(H, W, 3\) uint8"):
        list(Pictures([RED, picture]).frames())


def test_no_pictures_at_all_are_an_error() -> None:
    with pytest.raises(SourceError, match="no pictures in what was given"):
        list(Pictures([]).frames())
