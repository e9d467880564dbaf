"""Long videos in spans: read by several processes or machines, joined to the rows of one piece.

Each span begins ``OVERLAP_S`` early, so that what is remembered from frame to frame has come to
what it would be. Where two spans meet, the rows of the last ``PROOF_S`` of that overlap must be the
same in both: bit for bit, or but for rounding where crops were read in batches. Where they are not,
the later span is read again from further back. One that has to be read from the start is read to
the end, in place of all that follow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import av
import numpy as np

from facedrive.corpus.inputs import Clip, Span
from facedrive.corpus.manifest import Notes, Record, notes_of
from facedrive.corpus.rows import ClipRows
from facedrive.corpus.store import Store
from facedrive.errors import SourceError
from facedrive.sources.decode import Window, open_container
from facedrive.takes.parquet import pa, pc, pq

SPAN_S = 600.0
"""Seconds of a video that are one piece of work."""

OVERLAP_S = 10.0
"""What a span reads before its first row."""

PROOF_S = 1.0
"""What must be the same in two spans that meet."""

ROUNDING = 1e-4
"""How far apart values may be where spans meet that were computed in batches."""

FURTHER = 6.0
"""Times that a span begins earlier, when its overlap was too short."""


def split(clip: Clip, window: Window, span_s: float = SPAN_S) -> list[Clip]:
    """Return the spans of a long video on the disk; the clip itself where it is none."""
    place = clip.places[0]
    if clip.kind != "video" or place.member or place.remote:
        return [clip]
    start_s, end_s = max(0.0, window.start_s), min(_seconds(clip), window.end_s)
    count = int((end_s - start_s) / span_s)
    if count < 2:
        return [clip]
    edges = [start_s + index * span_s for index in range(count)]
    ends = [*edges[1:], window.end_s]
    return [
        replace(clip, span=Span(index, window.start_s if not index else first, last,
                                0.0 if not index else OVERLAP_S))
        for index, (first, last) in enumerate(zip(edges, ends, strict=True))
    ]  # fmt: skip


def _seconds(clip: Clip) -> float:
    """Return how long a video says that it is; 0 where it does not, or is none."""
    path = clip.places[0].where
    try:
        with open_container(f"file:{path}", path) as container:
            return (container.duration or 0) / av.time_base
    except SourceError:
        return 0.0


def from_further_back(spans: Sequence[Clip], wrong: Clip) -> list[Clip]:
    """Return the spans with one that reads more before its first row.

    At last it reads all that there is, and is the last of them.
    """
    at, span, last = spans.index(wrong), wrong.span, spans[-1].span
    assert span is not None and last is not None
    overlap_s = span.overlap_s * FURTHER
    if overlap_s <= span.start_s:
        again = span._replace(overlap_s=overlap_s)
        return [*spans[:at], replace(wrong, span=again), *spans[at + 1 :]]
    return [*spans[:at], replace(wrong, span=span._replace(overlap_s=math.inf, end_s=last.end_s))]


def first_difference(spans: Sequence[Clip], store: Store, *, exact: bool) -> Clip | None:
    """Return the first span whose overlap does not end as the span before it does; None: all do.

    Where they need not be ``exact``, values may be ``ROUNDING`` apart.
    """
    for before, span in pairwise(spans):
        assert span.span is not None
        start_s = span.span.start_s
        if span.span.overlap_s == math.inf:
            continue
        one, other = _proof(before, store, start_s), _proof(span, store, start_s)
        if not (_same(one, other) if exact else _alike(one, other)):
            return span
    return None


def _proof(clip: Clip, store: Store, start_s: float) -> pa.Table:
    """Return a span's rows just before a time."""
    with store.open(clip.output) as file:
        times = [("time_s", ">=", start_s - PROOF_S), ("time_s", "<", start_s)]
        return pq.read_table(file, filters=times)


def _same(one: pa.Table, other: pa.Table) -> bool:
    """Say whether rows are the same to the bit; NaN is NaN."""
    rows, others = ([{name: str(value) for name, value in row.items()} for row in each.to_pylist()]
                    for each in (one, other))  # fmt: skip
    return rows == others


def _alike(one: pa.Table, other: pa.Table) -> bool:
    """Say whether rows are the same but for rounding."""
    if len(one) != len(other):
        return False
    for name in one.column_names:
        if not pa.types.is_floating(one.schema.field(name).type):
            alike = one[name].equals(other[name])
        else:
            alike = np.allclose(one[name].to_numpy(), other[name].to_numpy(), rtol=0,
                                atol=ROUNDING, equal_nan=True)  # fmt: skip
        if not alike:
            return False
    return True


def join(clip: Clip, spans: Sequence[Clip], store: Store, columns: Sequence[str]) -> Notes:
    """Make the file of a clip of those of its spans, and take these away; return its notes.

    Raises:
        SinkError: if it cannot be written.
    """
    parts = [notes for span in spans if (notes := notes_of(store, span.output)) is not None]
    edge = _Edges()
    with store.writing(clip.output) as path:
        rows = ClipRows(path, columns)
        for span in spans:
            rows.copy(edge.seen(batch) for batch in _own_rows(span, store))
        record = _merged(clip, [part.records[0] for part in parts], edge)
        notes = Notes(parts[0].fingerprint, (record,))
        rows.note(notes)
        rows.close()
    for span in spans:
        store.remove(span.output)
    return notes


class _Edges:
    """The first and the last row of a clip."""

    def __init__(self) -> None:
        self.first: tuple[int, float] | None = None
        self.last = (0, 0.0)

    def seen(self, batch: pa.Table) -> pa.Table:
        numbers, times = batch["frame"], batch["time_s"]
        self.first = self.first or (numbers[0].as_py(), times[0].as_py())
        self.last = (numbers[-1].as_py(), times[-1].as_py())
        return batch


def _own_rows(span: Clip, store: Store) -> Iterator[pa.Table]:
    """Yield a span's rows without those of its overlap, in the memory of one group."""
    assert span.span is not None
    with store.open(span.output) as opened, pq.ParquetFile(opened) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            own = table.filter(pc.greater_equal(table["time_s"], span.span.start_s))
            if len(own):
                yield own


def _merged(clip: Clip, records: Sequence[Record], edges: _Edges) -> Record:
    frames = sum(each.frames for each in records)
    first, last = edges.first or (0, 0.0), edges.last
    seconds = last[1] - first[1]
    with_face = sum((each.face_share or 0.0) * each.frames for each in records)
    error = next((each.error for each in records if each.error), None)
    return replace(
        records[0], output=clip.output, frames=frames, faces=sum(each.faces for each in records),
        missing=sum(each.missing for each in records), seconds=seconds,
        fps=(last[0] - first[0]) / seconds if seconds > 0 else None,
        persons=max(each.persons for each in records),
        face_share=with_face / frames if frames else None, error=error,
    )  # fmt: skip
