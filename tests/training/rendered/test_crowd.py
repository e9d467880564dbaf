"""How well people are told apart is counted as it should be."""

from __future__ import annotations

import numpy as np

from facedrive.training.rendered.crowd import Shown, tally


def at(x: float, visible: float = 1.0) -> Shown:
    return Shown(np.array([x, 100], np.float32), 40.0, visible)


def face(number: int, x: float) -> tuple[int, np.ndarray]:
    return number, np.array([x, 101], np.float32)


def test_a_number_that_changes_is_a_switch_and_a_hidden_face_need_not_be_found() -> None:
    truth = [(at(100), at(300)), (at(110), at(290, 0.2)), (at(120), at(280))]
    seen = [[face(1, 100), face(2, 300)], [face(1, 110)], [face(2, 120), face(1, 280)]]
    found = tally(truth, seen)
    assert (found.found, found.switches, found.numbers) == (1.0, 2, 2)


def test_what_lies_elsewhere_is_not_found() -> None:
    found = tally([(at(100), at(300))], [[face(1, 100), face(2, 350)]])
    assert (found.found, found.switches) == (0.5, 0)
