from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy")

from facedrive.aus import AU_INDEX
from facedrive.feafa.simulate.spontaneous import EVENTS, happen


@pytest.fixture(scope="module")
def aus() -> np.ndarray:
    return np.concatenate([happen(np.random.default_rng(seed), 300).aus for seed in range(30)])


def share(aus: np.ndarray, name: str) -> float:
    return float((aus[:, AU_INDEX[name]] > 0.01).mean())


def test_smiles_and_bared_teeth_are_common_and_some_aus_rare(aus: np.ndarray) -> None:
    for name in ("left_lip_corner_pull", "upper_lip_raise", "lower_lip_depress"):
        assert share(aus, name) > 0.2
    for name in ("jaw_slide_left", "jaw_slide_right", "jaw_thrust", "cheeks_puff"):
        assert 0 < share(aus, name) < 0.05


def test_values_are_mostly_low(aus: np.ndarray) -> None:
    active = aus[aus > 0.01]
    assert (active < 0.4).mean() > 0.75
    assert aus[:, AU_INDEX["left_lip_corner_stretch"]].max() <= 0.75


def test_aus_that_belong_together_go_together(aus: np.ndarray) -> None:
    def r(first: str, second: str) -> float:
        return float(np.corrcoef(aus[:, AU_INDEX[first]], aus[:, AU_INDEX[second]])[0, 1])

    assert r("left_lip_corner_pull", "right_lip_corner_pull") > 0.8
    assert r("left_brow_raise", "left_lid_raise") > 0.3
    assert r("left_lip_corner_pull", "upper_lip_raise") > 0.3
    assert r("left_eye_close", "left_lid_raise") < 0


def test_nothing_jumps(aus: np.ndarray) -> None:
    eyes = [AU_INDEX["left_eye_close"], AU_INDEX["right_eye_close"]]
    calm = np.delete(aus.reshape(30, 300, -1), eyes, axis=2)
    assert np.abs(np.diff(calm, axis=1)).max() < 0.45


def test_no_event_is_stronger_than_a_face_can_do() -> None:
    assert all(0 < event.most <= 1 for event in EVENTS)
    assert all(0 < share <= 1 for event in EVENTS for share in event.shares.values())
