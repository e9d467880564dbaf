"""What the studio costs is measured from outside, as a page sees it."""

from __future__ import annotations

import pytest

pytest.importorskip("nicegui")
pytest.importorskip("websockets")

from facedrive.bench import studio as measure

pytestmark = pytest.mark.slow


def test_a_studio_is_measured_from_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "ROUNDS", 1)
    with measure._running() as studio:
        start = measure._measure_start(studio)
        found = measure._measure_latency(studio, 1.5)
        held = measure._measure_memory(studio, 0.2, 2)
        process = studio.process
    assert process.returncode is not None
    assert 0 < start["first_sample_s"] < 60
    assert 0 < start["first_picture_s"] < 60
    assert found["wire_without_page_ms"] > 0
    assert found["wire_ratio"] == pytest.approx(
        found["wire_with_page_ms"] / found["wire_without_page_ms"]
    )
    assert 0 < found["pictures_of_a_core"] < 0.5
    assert 0 < found["captured_to_page_ms"] < 10_000
    assert held["memory_mb"] > 50


def test_drags_in_a_row_lose_none_and_stall_nothing() -> None:
    found = measure.measure_drags(20)
    assert found["drags_lost"] == 0
    assert found["drags_longest_gap_ms"] < 1000
