"""Samples at an even rate, each between the two of the take that are around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from facedrive.errors import DataError
from facedrive.rotations import blend_rotations
from facedrive.takes.timecode import exact_rate
from facedrive.types import Head, Sample, Vector

TIME_STEP_S = 1e-6
"""What a take's times are rounded to."""

MAX_GAP_S = 3600.0
"""A longer pause is two takes, and would be filled with rows that nobody made."""


def resample(samples: Iterable[Sample], fps: float | Fraction) -> Iterator[Sample]:
    """Yield samples at 0, 1 / fps, 2 / fps … seconds from the first, in constant memory.

    29.97 and its like are exact (30000 / 1001), so that keys stay on their time. Each sample has
    the clock of the first and its own time added.

    Raises:
        DataError: if the take pauses for more than ``MAX_GAP_S``.
    """
    first: Sample | None = None
    before: Sample | None = None
    rate, index = exact_rate(fps), 0
    for sample in samples:
        first, before = first or sample, before or sample
        _check_gap(before, sample)
        while (time := float(index / rate)) <= sample.time - first.time + TIME_STEP_S:
            made = _between(before, sample, first.time + time, time, index)
            yield replace(made, clock=first.clock.after(time))
            index += 1
        before = sample


def _between(before: Sample, after: Sample, at: float, time: float, index: int) -> Sample:
    """Blend two samples for the take's time ``at``; call it ``time``."""
    apart = after.time - before.time
    share = min(max((at - before.time) / apart, 0.0), 1.0) if apart > 0 else 1.0
    blend = np.float32(share)
    nearer = after if share >= 0.5 else before
    place = _part_way(before.head.translation, after.head.translation, blend)
    return Sample(
        time=time,
        index=index,
        aus=_part_way(before.aus, after.aus, blend),
        gaze=_part_way(before.gaze, after.gaze, blend),
        head=Head(blend_rotations(before.head.rotation, after.head.rotation, share), place),
        face=nearer.face,
        score=nearer.score,
        extras=_blend(before.extras, after.extras, blend),
    )


def _blend(before: Vector | None, after: Vector | None, share: np.float32) -> Vector | None:
    """Return what lies between two samples' extras, if both have them."""
    if before is None or after is None:
        return None
    return np.asarray(_part_way(before, after, share), np.float32)


def _part_way(before: Vector, after: Vector, share: np.float32) -> Vector:
    step: Vector = share * (after - before)
    return before + step


def _check_gap(before: Sample, after: Sample) -> None:
    if after.time - before.time > MAX_GAP_S:
        raise DataError(
            f"the take pauses for {after.time - before.time:.0f} s before frame {after.index}; "
            f"export takes up to {MAX_GAP_S:.0f} s: cut the take there."
        )
