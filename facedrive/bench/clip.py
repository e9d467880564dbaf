"""Frames of a clip in memory to weights on the wire, beside a peer in the same run; jitter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from facedrive.errors import SourceError
from facedrive.outputs import Outputs
from facedrive.pipeline import Pipeline, drive
from facedrive.sinks import open_sink
from facedrive.sources import open_source
from facedrive.sources.video import VideoFile
from facedrive.timing import perf_seconds
from facedrive.types import Frame, Image, Vector

ROUNDS = 3
"""Times that ours and the peer run over the frames, in turn."""

WARM_UP = 20

STILL_S = 10.0
"""How long a picture is held still, for its jitter."""

WIRE = "osc://127.0.0.1:39999"
"""A loopback port that nobody listens on: sending costs the same."""

Step = Callable[[Frame], object]


def decode(clip: str, size: tuple[int, int], count: int) -> list[Frame]:
    """Decode the first ``count`` frames of a clip and fit them into ``size``.

    Raises:
        SourceError: if the clip cannot be read or has no frames.
    """
    frames = [fit(frame, size) for frame in islice(open_source(clip).frames(), count)]
    if not frames:
        raise SourceError(f"{clip} has no frames to measure on.")
    return frames


def fit(frame: Frame, size: tuple[int, int]) -> Frame:
    """Scale a frame into (width, height), with grey where its shape differs."""
    height, width = frame.image.shape[:2]
    if (width, height) == size:
        return frame
    scale = min(size[0] / width, size[1] / height)
    inner = cv2.resize(frame.image, (round(width * scale), round(height * scale)))
    picture: Image = np.full((size[1], size[0], 3), 127, np.uint8)
    top, left = (size[1] - inner.shape[0]) // 2, (size[0] - inner.shape[1]) // 2
    picture[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return Frame(picture, frame.time, frame.index)


def measure(pipeline: Pipeline, frames: list[Frame], peer: Step | None) -> dict[str, Any]:
    """Time ours, and the peer's, over the same frames in turn.

    Returns:
        median_ms, p95_ms, face_share and stages of ours; with a peer also peer_median_ms,
        peer_p95_ms and ratio.
    """
    outputs = Outputs([open_sink(WIRE)])
    found: list[bool] = []

    def ours(frame: Frame) -> None:
        found.append(drive(frame, pipeline, outputs).face)

    span = frames[-1].time + 1
    ours_s: list[float] = []
    peer_s: list[float] = []
    for turn in range(ROUNDS):
        shifted = [
            Frame(f.image, f.time + turn * span, f.index + turn * len(frames)) for f in frames
        ]
        ours_s += _times(ours, shifted)
        if peer is not None:
            peer_s += _times(peer, shifted)
    outputs.close()
    answer: dict[str, Any] = percentiles(ours_s, "") | {"face_share": float(np.mean(found))}
    answer["stages_median_ms"] = {
        name: each.median_ms for name, each in pipeline.timing.summary().items()
    }
    if peer is not None:
        answer |= percentiles(peer_s, "peer_")
        answer["ratio"] = answer["median_ms"] / answer["peer_median_ms"]
    return answer


def measure_guard(pipeline: Pipeline, clip: str, count: int) -> dict[str, float]:
    """Run a video through decoder and pipeline, decoded here and in the guarded child, in turn.

    Returns:
        guarded_rate_ratio: frames a second with the guard, of those without; empty for what is no
        video file.
    """
    source = open_source(clip)
    if not isinstance(source, VideoFile):
        return {}
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(2 * ROUNDS):
        guarded = turn % 2 == 0
        with closing(VideoFile(source.path, guarded=guarded).frames()) as frames:
            pipeline.reset()
            pipeline(next(frames))  # the child has started
            start = perf_seconds()
            for frame in islice(frames, count):
                pipeline(frame)
            seconds[guarded].append(perf_seconds() - start)
    return {"guarded_rate_ratio": min(seconds[False]) / min(seconds[True])}


def _times(step: Step, frames: list[Frame]) -> list[float]:
    """Return the seconds each frame took, without the first few."""
    times = []
    for frame in frames:
        start = perf_seconds()
        step(frame)
        times.append(perf_seconds() - start)
    return times[min(WARM_UP, len(times) // 2) :]


def percentiles(seconds: list[float], prefix: str) -> dict[str, float]:
    """Return ``median_ms`` and ``p95_ms``, with something before their names."""
    median, p95 = np.percentile(np.array(seconds) * 1000, [50, 95])
    return {f"{prefix}median_ms": float(median), f"{prefix}p95_ms": float(p95)}


@contextmanager
def open_peer(name: str | None, model: Path | None) -> Iterator[Step | None]:
    """Open a peer's face landmarks and blendshapes in its video mode; None for no peer."""
    if name is None:
        yield None
        return
    from facedrive.training.data.teacher import Teacher

    with closing(Teacher(model)) as peer:
        yield peer.score


def measure_jitter(pipeline: Pipeline, frame: Frame) -> dict[str, float]:
    """Hold one picture still for ``STILL_S``, under sensor noise of deviation 6 at 30 fps.

    Returns:
        jitter_raw and jitter: mean absolute change a frame over the AUs, before and after
        calibration and smoothing.
    """
    random = np.random.default_rng(0)
    raw: list[Vector] = []
    smooth: list[Vector] = []
    start = frame.time + 1
    for index in range(round(STILL_S * 30)):
        noise = 6 * random.standard_normal(frame.image.shape, np.float32)
        noisy = np.clip(frame.image + noise, 0, 255).astype(np.uint8)
        sample = pipeline(Frame(noisy, start + index / 30, index))
        if pipeline.raw is not None and index >= 30:
            raw.append(pipeline.raw.aus)
            smooth.append(sample.aus)
    return {
        "jitter_raw": float(np.abs(np.diff(raw, axis=0)).mean()),
        "jitter": float(np.abs(np.diff(smooth, axis=0)).mean()),
    }
