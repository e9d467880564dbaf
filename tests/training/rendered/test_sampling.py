from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy")

from facedrive.aus import AU_INDEX, MIRROR
from facedrive.training.rendered import sampling
from facedrive.training.rendered.face import DISTRACTORS


def test_every_au_is_often_active() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([sampling.sample_aus(rng) for _ in range(3000)])
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    assert ((drawn > 0.3).mean(axis=0) > 0.13).all()


def test_exclusive_aus_never_meet() -> None:
    rng = np.random.default_rng(1)
    drawn = np.array([sampling.sample_aus(rng) for _ in range(500)])
    for first, second in sampling.EXCLUSIVE:
        assert not (drawn[:, AU_INDEX[first]] * drawn[:, AU_INDEX[second]]).any()


def test_left_and_right_move_together_more_often_than_not() -> None:
    rng = np.random.default_rng(2)
    drawn = np.array([sampling.sample_aus(rng) for _ in range(2000)])
    smile = AU_INDEX["left_lip_corner_pull"]
    assert 0.4 < np.corrcoef(drawn[:, smile], drawn[:, MIRROR[smile]])[0, 1] < 0.95


def test_some_faces_make_few_movements_and_some_many() -> None:
    rng = np.random.default_rng(3)
    moving = [(sampling.sample_aus(rng) > 0.25).sum() for _ in range(500)]
    assert np.mean(np.array(moving) <= 3) > 0.2
    assert max(moving) >= 8


def test_expressions_without_an_au_stay_below_their_limit() -> None:
    rng = np.random.default_rng(4)
    for _ in range(200):
        act = sampling.sample_performance(rng)
        for name in ("mouthFunnel", "mouthShrugUpper", "mouthLeft"):
            assert act.extras.get(name, 0) <= DISTRACTORS[name]
