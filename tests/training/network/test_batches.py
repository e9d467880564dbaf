"""Augmentation keeps labels true."""

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.aus import AU_INDEX  # noqa: E402
from facedrive.training.network import batches  # noqa: E402
from facedrive.training.recipe import Augment  # noqa: E402
from facedrive.types import CropSpec  # noqa: E402

NOTHING = Augment(*(0.0,) * len(dataclasses.fields(Augment)))
WIDE, CROP = CropSpec(160, 0.5), CropSpec(128, 0.3)
MIDDLE = batches.plain_cuts(1, WIDE, CROP, torch.device("cpu"))


def spot(x: int, y: int) -> torch.Tensor:
    """A black crop with a bright square around one pixel."""
    crop = torch.zeros(1, 1, WIDE.size, WIDE.size)
    crop[0, 0, y - 1 : y + 2, x - 1 : x + 2] = 255
    return crop


def centre(crop: torch.Tensor) -> np.ndarray:
    """The bright spot's place, -1 to 1."""
    ys, xs = torch.nonzero(crop[0, 0] > 60, as_tuple=True)
    size = crop.shape[-1]
    return (np.array([xs.float().mean(), ys.float().mean()]) * 2 + 1) / size - 1


def test_points_move_with_the_pixels() -> None:
    torch.manual_seed(0)
    for _ in range(10):
        crop = spot(90, 60)
        matrices, _ = batches.sampling_matrices(MIDDLE, Augment())
        warped = batches.warp(crop, matrices, CROP.size)
        point = (torch.tensor([[[90.0, 60.0]]]) * 2 + 1) / WIDE.size - 1
        expected = batches.warp_points(point, matrices)[0, 0].numpy()
        assert centre(warped) == pytest.approx(expected, abs=0.02)


def test_without_augmentation_the_middle_is_cut_pixel_for_pixel() -> None:
    crop = torch.rand(1, 1, WIDE.size, WIDE.size)
    matrices, flips = batches.sampling_matrices(MIDDLE, NOTHING)
    cut = batches.warp(crop, matrices, CROP.size)
    assert not flips.any()
    assert torch.allclose(cut, crop[..., 16:144, 16:144], atol=1e-3)


def test_a_cut_that_lies_elsewhere_is_flipped_about_its_own_middle() -> None:
    elsewhere = MIDDLE + torch.tensor([[[0, 0, 0.1], [0, 0, -0.05]]])
    crop = torch.rand(1, 1, WIDE.size, WIDE.size)
    mirror = dataclasses.replace(NOTHING, flip=1.0)
    plain, flipped = (
        batches.warp(crop, batches.sampling_matrices(elsewhere, how)[0], CROP.size)
        for how in (NOTHING, mirror)
    )
    assert torch.allclose(flipped, plain.flip(3), atol=1e-4)
    assert not torch.allclose(plain, crop[..., 16:144, 16:144], atol=1e-2)


def test_a_flip_mirrors_aus_and_gaze() -> None:
    aus = torch.zeros(2, 24)
    aus[:, AU_INDEX["left_eye_close"]] = 1
    gaze = torch.tensor([[0.1, 0.2, 0.3, 0.4]]).repeat(2, 1)
    scores = torch.cat([aus, gaze], 1)
    flipped = batches.mirror_scores(scores, torch.tensor([True, False]))
    assert flipped[0, AU_INDEX["right_eye_close"]] == 1
    assert flipped[1, AU_INDEX["left_eye_close"]] == 1
    assert flipped[0, 24:].tolist() == pytest.approx([0.3, -0.4, 0.1, -0.2])
    assert flipped[1, 24:].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_every_change_stays_in_the_grey_range() -> None:
    torch.manual_seed(0)
    crops = torch.rand(16, 1, 128, 128) * 255
    for change in (batches.relight, batches.change_detail, batches.obscure):
        changed = change(crops, Augment())
        assert changed.min() >= 0 and changed.max() <= 255
        assert not torch.equal(changed, crops)


def test_without_augmentation_nothing_is_changed() -> None:
    crops = torch.rand(16, 1, 32, 32) * 250 + 2
    for change in (batches.relight, batches.change_detail, batches.obscure):
        assert torch.allclose(change(crops, NOTHING), crops, atol=1e-3)


def test_sharpening_makes_edges_stand_out_and_leaves_flat_skin() -> None:
    torch.manual_seed(0)
    edge = torch.full((8, 1, 16, 16), 80.0)
    edge[..., 8:] = 160
    sharp = batches.change_detail(edge, dataclasses.replace(NOTHING, sharpen=1.0))
    assert (sharp[..., 8] > 160).all() and (sharp[..., 7] < 80).all()
    assert torch.allclose(sharp[..., :6], edge[..., :6], atol=1e-3)
