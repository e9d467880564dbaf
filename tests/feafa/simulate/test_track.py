from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy")

from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.feafa.simulate import track
from facedrive.training.rendered.performance import Move


def test_a_move_rises_holds_and_falls() -> None:
    aus = track.lay_out([Move(("jaw_drop",), 1.0, 0.4, 1.0, 0.4, 0.8)], 60)
    jaw = aus[:, AU_INDEX["jaw_drop"]]
    assert jaw.max() == pytest.approx(0.8)
    assert not jaw[: track.FPS].any()
    assert not jaw[3 * track.FPS :].any()
    assert np.abs(np.diff(jaw)).max() < 0.3
    assert not np.delete(aus, AU_INDEX["jaw_drop"], axis=1).any()


def test_opposites_give_way_to_each_other() -> None:
    names = ("left_eye_close", "left_lid_raise")
    aus = track.lay_out([Move((name,), 0.5, 0.3, 1.0, 0.3) for name in names], 40)
    assert not (aus[:, AU_INDEX[names[0]]] > 0.5)[aus[:, AU_INDEX[names[1]]] > 0.0].any()


def test_gaze_rests_between_jumps() -> None:
    gaze = track.sample_gaze_track(np.random.default_rng(0), 200, 1.0)
    jumps = (np.diff(gaze, axis=0) != 0).any(axis=(1, 2)).sum()
    assert 2 < jumps < 30


def test_heads_sway_slowly() -> None:
    head = track.sample_sway(np.random.default_rng(0), 200, (3.0, 5.0, 2.0))
    assert np.degrees(np.abs(np.diff(head, axis=0)).max()) < 2
    assert np.degrees(np.abs(head).max()) < 30


def test_a_smile_takes_the_cheek_of_its_side_along() -> None:
    aus = np.zeros((1, len(AU_NAMES)), np.float32)
    aus[0, AU_INDEX["left_lip_corner_pull"]] = 1
    act = track.Track(aus, np.zeros((1, 2, 2)), np.zeros((1, 3))).performance(0)
    assert act.extras["cheekSquint_L"] > 0.2
    assert act.extras["cheekSquint_R"] == 0
