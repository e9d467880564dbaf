"""Takes, sliders and test waves move the face as they say."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest

pytest.importorskip("nicegui")

from facedrive.aus import AU_INDEX
from facedrive.extras import EXTRA_INDEX
from facedrive.mappings import load_mapping
from facedrive.studio.acts import Hand, Player, Wave, posed
from facedrive.types import Sample


def take(count: int = 31) -> list[Sample]:
    samples = []
    for index in range(count):
        aus = np.full(24, index / (count - 1), np.float32)
        samples.append(replace(posed(aus, index), time=100 + index / 30))
    return samples


def test_a_take_is_shown_at_any_time_of_it() -> None:
    player = Player(take(), "a")
    assert player.duration == pytest.approx(1.0)
    assert player.at(0.5).index == 15
    player.seek(9)
    assert player.position == player.duration
    player.seek(-1)
    assert player.position == 0


def test_a_take_loops_within_the_part_that_is_played() -> None:
    player = Player(take(), "a")
    player.low, player.high = 0.2, 0.3
    positions = []
    for _ in islice(player.samples(threading.Event()), 30):
        positions.append(player.position)
    assert min(positions[1:]) >= 0.2
    assert max(positions) <= 0.3 + 1e-9
    assert any(after < before for before, after in pairwise(positions))


def test_without_a_loop_a_take_stops_at_its_end() -> None:
    player = Player(take(), "a")
    player.loop = False
    player.seek(0.99)
    for _ in islice(player.samples(threading.Event()), 4):
        pass
    assert not player.playing
    assert player.position == player.high


def test_a_slider_moves_its_action_unit_alone() -> None:
    hand = Hand()
    hand.set(jaw_drop=0.7)
    sample = next(iter(hand.samples(threading.Event())))
    assert sample.aus[AU_INDEX["jaw_drop"]] == pytest.approx(0.7)
    assert sample.aus.sum() == pytest.approx(0.7)


def test_a_slider_moves_an_extra_and_what_goes_along_with_an_action_unit_stays() -> None:
    hand = Hand()
    hand.set(left_dimple=0.5, chin_raise=1.0)
    sample = next(iter(hand.samples(threading.Event())))
    assert sample.extras is not None
    assert sample.extras[EXTRA_INDEX["left_dimple"]] == pytest.approx(0.5)
    assert sample.extras[EXTRA_INDEX["upper_lip_shrug"]] == pytest.approx(0.4)


def test_a_wave_moves_every_channel_that_is_driven(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(np.arange(0, 100, 0.1))
    monkeypatch.setattr("facedrive.studio.acts.now", lambda: float(next(clock)))
    monkeypatch.setattr("facedrive.studio.acts.STEP_S", 0.0)
    table = load_mapping("arkit")
    most = np.max([table.apply(each.aus, each.gaze, each.extras)
                   for each in Wave().samples(threading.Event())], axis=0)  # fmt: skip
    still = {name for name, level in zip(table.channels, most, strict=True) if level < 0.3}
    looks = {name for name in table.channels if name.startswith("eyeLook")}
    assert still == {"tongueOut", *looks}
