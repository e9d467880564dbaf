from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy")

from facedrive.aus import AU_NAMES
from facedrive.feafa.simulate.posed import MOVEMENTS_A_VIDEO, PROTOCOL, pose


def posed(videos: int) -> np.ndarray:
    return np.stack([pose(np.random.default_rng(n), n, 200).aus for n in range(videos)])


def test_the_protocol_asks_for_every_au_alone_or_with_its_mirror_image() -> None:
    asked = {name for movement in PROTOCOL if len(movement) == 1 for name in movement}
    assert asked == set(AU_NAMES)


def test_videos_that_go_through_the_protocol_show_every_au_strongly() -> None:
    aus = posed(-(-len(PROTOCOL) // MOVEMENTS_A_VIDEO))
    assert (aus.max(axis=(0, 1)) > 0.5).all()


def test_posed_faces_rest_in_between() -> None:
    aus = posed(4)
    still = (aus < 0.05).all(axis=2).mean()
    assert 0.05 < still < 0.6


def test_posed_values_lie_at_both_ends() -> None:
    aus = posed(10)
    active = aus[aus > 0.01]
    assert (active > 0.8).mean() > 0.1
    assert (active < 0.2).mean() > 0.15
