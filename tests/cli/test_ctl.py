"""``facedrive ctl`` prints what a run answers."""

from __future__ import annotations

import pytest

from facedrive.cli.main import main
from facedrive.outputs import OutputState


def test_a_status_is_printed_without_gaps_or_needless_digits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = [OutputState(1, "csv:a.csv", "sending", "", sent=12),
               OutputState(2, "ws:", "sending", "", "nobody has connected yet", 12),
               OutputState(0, "osc:", "failed", "it broke.")]  # fmt: skip
    answer = {"latency_ms": 3.12548828125, "outputs": [each._asdict() for each in outputs]}
    monkeypatch.setattr("facedrive.remote.ctl.ask", lambda *_: answer)
    assert main(["ctl", "status"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "latency_ms: 3.1", "outputs:", "  1 csv:a.csv (sending, 12 samples)",
        "  2 ws: (sending, 12 samples, nobody has connected yet)",
        "  osc: (failed, 0 samples, it broke.)",
    ]  # fmt: skip
