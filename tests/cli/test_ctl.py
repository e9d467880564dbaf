"""``facedrive ctl`` prints what a run answers."""

from __future__ import annotations

import pytest

from facedrive.cli.main import main


def test_a_status_is_printed_without_gaps_or_needless_digits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = {"latency_ms": 3.12548828125, "outputs": [[1, "csv:a.csv", "sending", "", 12]]}
    monkeypatch.setattr("facedrive.remote.ctl.ask", lambda *_: answer)
    assert main(["ctl", "status"]) == 0
    assert capsys.readouterr().out == "latency_ms: 3.1\noutputs:\n  1 csv:a.csv sending 12\n"
