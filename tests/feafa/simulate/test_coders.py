from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy")

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.feafa.simulate.coders import UNCERTAINTY, Coder
from facedrive.feafa.simulate.posed import PROTOCOL, pose
from facedrive.stats.icc import icc, mean_squares, rating_sums


@pytest.fixture(scope="module")
def tracks() -> list[np.ndarray]:
    return [pose(np.random.default_rng(n), n, 200).aus for n in range(len(PROTOCOL) // 6)]


@pytest.fixture(scope="module")
def ratings(tracks: list[np.ndarray]) -> np.ndarray:
    """(3, F, 24) what three coders say."""
    coders = [Coder(np.random.default_rng([7, number])) for number in range(3)]
    return np.stack([np.concatenate([coder.label(track) for track in tracks]) for coder in coders])


def test_every_au_has_its_uncertainty() -> None:
    assert tuple(UNCERTAINTY) == AU_NAMES


def test_labels_are_intensities(ratings: np.ndarray) -> None:
    assert ratings.min() >= 0
    assert ratings.max() <= 1
    assert ratings.dtype == np.float32


def test_coders_agree_as_much_as_the_papers_do(ratings: np.ndarray) -> None:
    values = icc(mean_squares(rating_sums(ratings.transpose(2, 1, 0))), "2,k").value
    assert (values > 0.65).all()
    assert (values < 0.998).all()
    assert values[AU_INDEX["left_lip_corner_stretch"]] < values[AU_INDEX["jaw_drop"]]


def test_coders_join_key_frames_by_straight_lines(tracks: list[np.ndarray]) -> None:
    said = Coder(np.random.default_rng(0)).label(tracks[0])
    bends = np.abs(np.diff(said, 2, axis=0)) > 1e-4
    assert 0 < bends.mean() < 0.3


def test_what_does_not_move_is_not_seen(ratings: np.ndarray) -> None:
    nothing = Coder(np.random.default_rng(1)).label(np.zeros((50, len(AU_NAMES)), np.float32))
    assert not nothing.any()
