"""Long videos in spans: nothing is read three times, or taken for a process that hangs."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from facedrive.assembly import open_reader
from facedrive.corpus.clip import Asked, extract_clip
from facedrive.corpus.inputs import Clip, Span, find_clips
from facedrive.corpus.spans import _alike, _same, from_further_back
from facedrive.corpus.store import FolderStore
from facedrive.sources.demo import open_demo
from facedrive.takes.columns import row_of
from facedrive.types import Image

from .conftest import write_video

pa = pytest.importorskip("pyarrow")


def test_a_span_that_has_to_be_read_from_the_start_is_read_to_the_end() -> None:
    clip = Clip("a.mp4", "video", (), ("a.mp4",))
    spans = [replace(clip, span=Span(index, 600.0 * index, 600.0 * (index + 1), 10.0))
             for index in range(5)]  # fmt: skip
    for overlap_s in (60.0, 360.0):
        wrong = spans[2]
        spans = from_further_back(spans, wrong)
        assert [each.span.overlap_s for each in spans if each.span] == [10, 10, overlap_s, 10, 10]
    last = from_further_back(spans, spans[2])[-1].span
    assert last == Span(2, 1200.0, 3000.0, math.inf)


@pytest.mark.slow
def test_progress_is_told_while_an_overlap_is_read(pictures: list[Image], tmp_path: Path) -> None:
    """A process that says nothing counts as one that hangs."""
    write_video(tmp_path / "in/long.mp4", pictures * 5)
    (clip,) = find_clips([str(tmp_path / "in")]).clips
    late = replace(clip, span=Span(1, 2.0, 9.0, math.inf))
    asked, told = Asked(), list[int]()
    with closing(open_reader(asked.settings, raw=asked.raw)) as reader:
        notes = extract_clip(late, asked, reader, FolderStore(tmp_path / "out"), told.append)
    assert len(told) >= 60 // 10 + 1
    assert sum(told) == notes.records[0].frames == 10


@pytest.mark.slow
def test_progress_is_told_while_pictures_are_decoded_that_nobody_wants(
    pictures: list[Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A video may have one picture alone from which one can start."""
    monkeypatch.setattr("facedrive.sources.decode.ALIVE_EVERY", 5)
    write_video(tmp_path / "in/long.mp4", pictures * 5, key_every=1000)
    (clip,) = find_clips([str(tmp_path / "in")]).clips
    late, asked, told = replace(clip, span=Span(1, 2.2, 9.0, 0.2)), Asked(), list[int]()
    with closing(open_reader(asked.settings, raw=asked.raw)) as reader:
        extract_clip(late, asked, reader, FolderStore(tmp_path / "out"), told.append)
    assert told[: 50 // 5] == [0] * (50 // 5)


@pytest.mark.slow
def test_three_seconds_after_its_first_frame_a_reader_says_what_an_earlier_one_does() -> None:
    """So the rows where two spans meet can be the same to the bit."""
    frames = list(islice(open_demo().frames(), 210))
    with closing(open_reader()) as early, closing(open_reader()) as late:
        for index, frame in enumerate(frames):
            (sample,) = early.read(frame)
            if index < 90:
                continue
            (other,) = late.read(frame)
            if index >= 180:
                assert row_of(sample) == row_of(other)


def table(**columns: list[float]) -> pa.Table:
    return pa.table(columns)


def test_rows_are_alike_but_for_rounding_and_no_further() -> None:
    one = table(frame=[1, 2], jaw_drop=[0.5, math.nan])
    assert _alike(one, table(frame=[1, 2], jaw_drop=[0.50001, math.nan]))
    assert not _same(one, table(frame=[1, 2], jaw_drop=[0.50001, math.nan]))
    assert _same(one, table(frame=[1, 2], jaw_drop=[0.5, math.nan]))
    assert not _alike(one, table(frame=[1, 2], jaw_drop=[0.501, math.nan]))
    assert not _alike(one, table(frame=[1, 3], jaw_drop=[0.5, math.nan]))
    assert not _alike(one, table(frame=[1], jaw_drop=[0.5]))
