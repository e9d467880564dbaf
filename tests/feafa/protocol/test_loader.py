"""Batches: every frame once, cropped inside the picture, mirrored with its labels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.aus import MIRROR  # noqa: E402
from facedrive.errors import DataError  # noqa: E402
from facedrive.feafa.protocol.loader import (  # noqa: E402
    Draw,
    Loader,
    crop_and_flip,
    draw_epoch,
    draw_plain,
)
from facedrive.feafa.protocol.prepared import Prepared  # noqa: E402

CPU = torch.device("cpu")
Faces = Callable[..., Prepared]


@given(st.integers(1, 50), st.integers(0, 32), st.integers(0, 5), st.integers(0, 5))
def test_an_epoch_shows_every_frame_once_inside_its_crop(
    count: int, room: int, seed: int, epoch: int
) -> None:
    draw = draw_epoch(np.arange(count), room, seed, epoch)
    assert sorted(draw.rows) == list(range(count))
    assert ((draw.top >= 0) & (draw.top <= room) & (draw.left >= 0) & (draw.left <= room)).all()


def test_an_epochs_draw_depends_on_seed_and_epoch_alone() -> None:
    rows = np.arange(100)
    first, again, other = (draw_epoch(rows, 32, 0, epoch) for epoch in (3, 3, 4))
    assert (first.rows == again.rows).all() and (first.flip == again.flip).all()
    assert (first.rows != other.rows).any()


def test_cropping_and_flipping_take_the_pixels_that_slicing_takes() -> None:
    pixels = torch.randint(0, 256, (3, 2, 12, 12), dtype=torch.uint8)
    top, left = torch.tensor([0, 4, 2]), torch.tensor([1, 0, 4])
    cut = crop_and_flip(pixels, top, left, torch.tensor([False, True, False]), 8)
    assert torch.equal(cut[0], pixels[0, :, 0:8, 1:9])
    assert torch.equal(cut[1], pixels[1, :, 4:12, 0:8].flip(2))
    assert torch.equal(cut[2], pixels[2, :, 2:10, 4:12])


def test_a_mirrored_picture_has_mirrored_labels(faces: Faces) -> None:
    data, none = faces(), np.zeros(2, np.int64)
    draw = Draw(np.array([5, 5]), none, none, np.array([False, True]))
    (batch,) = Loader(data, 40, CPU).batches([draw])
    assert torch.equal(batch.crops[1], batch.crops[0].flip(2))
    assert torch.equal(batch.aus[1], batch.aus[0][torch.as_tensor(MIRROR)])


def test_batches_come_in_the_order_they_were_asked_for(faces: Faces) -> None:
    data = faces()
    loader = Loader(data, 40, CPU)
    plain = draw_plain(np.arange(len(data)), loader.room)
    batches = list(loader.batches(plain.part(s, s + 5) for s in range(0, len(data), 5)))
    shown = np.concatenate([each.crops[:, 0].numpy() for each in batches])
    assert (shown == data.crops).all()


def test_the_mean_face_of_the_video_comes_with_each_frame(faces: Faces) -> None:
    data = faces(videos=3, frames=4)
    loader = Loader(data, 40, CPU, video_mean=True)
    (batch,) = loader.batches([draw_plain(np.array([0, 5, 11]), loader.room)])
    assert batch.crops.shape == (3, 2, 40, 40)
    for row, video in enumerate((0, 1, 2)):
        mean = data.crops[data.video == video].mean(0)
        assert batch.crops[row, 1].numpy() == pytest.approx(mean, abs=0.51)


def test_a_crop_larger_than_what_was_prepared_is_refused(faces: Faces) -> None:
    with pytest.raises(DataError, match="40 pixels wide and the recipe cuts 64"):
        Loader(faces(), 64, CPU)
