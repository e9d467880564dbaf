"""Crops that are put right by what the AU model sees on them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from facedrive.trackers.align import crop_matrix, warp_crop
from facedrive.trackers.cutter import FARTHEST, CropCutter
from facedrive.trackers.patch import MEAN_SHAPE, chain, to_patch
from facedrive.types import CropSpec

SPEC = CropSpec(size=64, padding=0.3)
FACE_PX = MEAN_SHAPE * 60 + [120.0, 130.0]
COLUMNS = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
"""A picture of which every pixel says where it is; transposed, of its height."""


def misread(landmarks_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the landmarks of a tracker that takes the face for smaller, tilted and elsewhere."""
    angle = np.radians(4)
    turn = 0.9 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (landmarks_px - [120, 130]) @ turn.T + [123, 128]


def placed(cutter: CropCutter, landmarks_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find out by its pixels where a crop lies: the (2, 3) matrix from the frame to the crop."""
    inner = slice(16, 48)
    across = cutter.cut(COLUMNS, landmarks_px)[inner, inner].ravel()
    down = cutter.cut(np.ascontiguousarray(COLUMNS.T), landmarks_px)[inner, inner].ravel()
    rows, columns = np.mgrid[inner, inner]
    frame = np.column_stack([across, down, np.ones(across.size)]).astype(np.float64)
    crop = np.column_stack([columns.ravel(), rows.ravel()])
    return np.linalg.lstsq(frame, crop, rcond=None)[0].T


def farthest_px(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Say how far apart two placements put the corners of the crop."""
    corners = np.array([[0, 0], [63, 0], [0, 63], [63, 63]], float)
    inverse = np.linalg.inv(other[:, :2])
    frame = (corners - other[:, 2]) @ inverse.T
    return float(np.linalg.norm(to_patch(one, frame) - corners, axis=1).max())


def test_the_first_crop_lies_where_the_landmarks_put_it() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (256, 256), np.uint8)
    assert np.array_equal(CropCutter(SPEC).cut(noise, FACE_PX), warp_crop(noise, FACE_PX, SPEC))


def test_a_crop_that_lies_off_comes_right() -> None:
    cutter, right = CropCutter(SPEC), crop_matrix(FACE_PX, SPEC)
    off_px = [farthest_px(placed(cutter, misread(FACE_PX)), right)]
    for _ in range(20):
        cutter.learn(to_patch(placed(cutter, misread(FACE_PX)), FACE_PX).astype(np.float32))
        off_px.append(farthest_px(placed(cutter, misread(FACE_PX)), right))
    assert off_px[0] > 5
    assert off_px[5] < off_px[0] / 2
    assert off_px[20] < 0.5


def test_it_goes_with_the_face() -> None:
    cutter = CropCutter(SPEC)
    for _ in range(20):
        cutter.learn(to_patch(placed(cutter, misread(FACE_PX)), FACE_PX).astype(np.float32))
    there = FACE_PX * 0.8 + [30, 10]
    assert farthest_px(placed(cutter, misread(FACE_PX) * 0.8 + [30, 10]),
                       crop_matrix(there, SPEC)) < 0.7  # fmt: skip


@pytest.mark.parametrize("nonsense", [np.zeros((68, 2)), np.full((68, 2), 900.0),
                                      MEAN_SHAPE * -500, MEAN_SHAPE * 0.1])  # fmt: skip
def test_nonsense_moves_it_only_so_far(nonsense: NDArray[np.float64]) -> None:
    cutter = CropCutter(SPEC)
    for _ in range(200):
        cutter.learn(nonsense.astype(np.float32))
    moved_px = farthest_px(placed(cutter, FACE_PX), crop_matrix(FACE_PX, SPEC))
    assert 1 < moved_px < FARTHEST * SPEC.size + 0.5


@pytest.mark.parametrize("there", [FACE_PX + 130, FACE_PX * 1.6, FACE_PX / 1.6])
def test_landmarks_that_jump_are_of_another_face(there: NDArray[np.float64]) -> None:
    cutter = CropCutter(SPEC)
    cutter.cut(COLUMNS, FACE_PX)
    larger = np.array([[1.2, 0, 0], [0, 1.2, 0]])
    cutter.learn(to_patch(chain(larger, crop_matrix(FACE_PX, SPEC)), FACE_PX).astype(np.float32))
    assert (cutter.cut(COLUMNS, there) == warp_crop(COLUMNS, there, SPEC)).all()


def test_a_head_that_is_shaken_is_still_the_same_face() -> None:
    cutter = CropCutter(SPEC)
    cutter.cut(COLUMNS, FACE_PX)
    larger = np.array([[1.2, 0, 0], [0, 1.2, 0]])
    cutter.learn(to_patch(chain(larger, crop_matrix(FACE_PX, SPEC)), FACE_PX).astype(np.float32))
    there = FACE_PX * 1.1 + [40, 10]  # most of an eye distance further, and nearer
    assert not (cutter.cut(COLUMNS, there) == warp_crop(COLUMNS, there, SPEC)).all()


def test_another_face_starts_anew() -> None:
    cutter, right = CropCutter(SPEC), crop_matrix(FACE_PX, SPEC)
    cutter.learn(to_patch(chain(np.array([[1.2, 0, 0], [0, 1.2, 0]]), right), FACE_PX))
    assert farthest_px(placed(cutter, FACE_PX), right) > 1
    cutter.forget()
    assert farthest_px(placed(cutter, FACE_PX), right) < 0.5
