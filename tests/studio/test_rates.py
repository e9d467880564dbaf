"""The rate of each output, told from counts."""

from __future__ import annotations

from itertools import count

import pytest

pytest.importorskip("nicegui")

from facedrive.outputs import OutputState
from facedrive.studio.rates import Rates


def state(number: int, sent: int) -> OutputState:
    return OutputState(number, f"osc://{number}", "sending", "", sent=sent)


def test_a_rate_is_what_was_sent_over_a_second_or_more(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [10.0]
    monkeypatch.setattr("facedrive.studio.rates.now", lambda: clock[0])
    rates = Rates()
    assert rates.look([state(1, 0)]) == {}
    clock[0] += 1
    assert rates.look([state(1, 30)]) == {}  # it is new
    clock[0] += 0.4
    assert rates.look([state(1, 42)]) == {}
    clock[0] += 1.6
    assert rates.look([state(1, 90), state(2, 5)]) == {1: 30.0}
    clock[0] += 2
    assert rates.look([state(2, 65)]) == {2: 30.0}


def test_one_that_failed_has_no_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count()
    monkeypatch.setattr("facedrive.studio.rates.now", lambda: float(next(clock)))
    rates = Rates()
    for _ in range(3):
        assert rates.look([OutputState(0, "osc://", "failed", "gone")]) == {}
