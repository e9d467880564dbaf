"""A rate is counted from the first that a process tells of, so that starting it does not count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import facedrive.bench.extract as bench
from facedrive.corpus.pool import Done, Progress
from facedrive.sources.decode import decode_file
from facedrive.sources.demo import CLIP


def test_a_rate_begins_with_the_first_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 11.0, 12.0])
    monkeypatch.setattr(bench, "perf_seconds", lambda: next(clock))

    def events() -> Iterator[Progress | Done[str, int]]:
        yield Progress(10)
        yield Progress(10)
        yield Done("a", 30)
        yield Progress(10)

    assert bench.rate(events()) == pytest.approx(20 / 2)


def test_copies_are_the_same_clip_with_other_content(tmp_path: Path) -> None:
    one, other = bench._copies(CLIP, tmp_path / "in", 2)
    assert one.read_bytes() != other.read_bytes()
    first, second = (next(decode_file(path, lambda said: None)) for path in (one, other))
    assert (first.image == second.image).all()
