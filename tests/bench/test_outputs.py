"""All outputs at once: that the measurement sees all that is sent."""

from __future__ import annotations

import json

import pytest

from facedrive.cli.main import main
from facedrive.sinks import SINKS

pytest.importorskip("websockets")
pytest.importorskip("pyarrow")


@pytest.mark.slow
def test_every_output_is_driven_and_no_frame_is_missed_on_loopback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Slowly: where other tests take the processor, the system drops what nobody takes in time.
    assert main(["bench", "outputs", "--seconds", "3", "--rate", "10", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    outputs = report["outputs"]
    assert set(outputs) == set(SINKS) - {"camera", "video"}  # those draw
    assert {each["sent"] for each in outputs.values()} == {30}
    newest_wins = ("vts", "ws")
    assert {outputs[name]["received"] for name in outputs if name not in newest_wins} == {30}
    assert all(0 < outputs[name]["received"] <= 30 for name in newest_wins)
    assert all(0 < each["median_ms"] <= each["p99_ms"] for each in outputs.values())
    assert " cores, " in report["machine"]


@pytest.mark.parametrize("words", [("--seconds", "0"), ("--rate", "-1"), ("--rate", "nan")])
def test_a_span_or_a_rate_that_is_none_is_refused(
    words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "outputs", *words]) == 2
    assert "it must be a number from 0.1 to" in capsys.readouterr().err
