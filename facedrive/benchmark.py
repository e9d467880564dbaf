"""What ``facedrive bench`` measures: frames in memory to weights on the wire, memory, drawing.

Run as a module it measures start-up or memory, in a process that does nothing else.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from facedrive.errors import SourceError
from facedrive.outputs import Outputs
from facedrive.pipeline import Pipeline, drive
from facedrive.sinks import open_sink
from facedrive.sources import open_source
from facedrive.threads import wall_clock
from facedrive.timing import perf_seconds
from facedrive.types import IDENTITY_HEAD, Frame, Image

ROUNDS = 3
"""Times that ours and the peer run over the frames, in turn."""

WARM_UP = 20

WIRE = "osc://127.0.0.1:39999"
"""A loopback port that nobody listens on: sending costs the same."""

STRAIGHT = np.zeros((2, 2), np.float32)

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
    answer: dict[str, Any] = _percentiles(ours_s, "") | {"face_share": float(np.mean(found))}
    answer["stages_median_ms"] = {
        name: each.median_ms for name, each in pipeline.timing.summary().items()
    }
    if peer is not None:
        answer |= _percentiles(peer_s, "peer_")
        answer["ratio"] = answer["median_ms"] / answer["peer_median_ms"]
    return answer


def _times(step: Step, frames: list[Frame]) -> list[float]:
    """Return the seconds each frame took, without the first few."""
    times = []
    for frame in frames:
        start = perf_seconds()
        step(frame)
        times.append(perf_seconds() - start)
    return times[min(WARM_UP, len(times) // 2) :]


def _percentiles(seconds: list[float], prefix: str) -> dict[str, float]:
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


def measure_rig(path: str) -> dict[str, Any]:
    """Time weights to vertices, and an off-screen frame of 512 by 512."""
    from facedrive.render.morph import Morpher
    from facedrive.render.scene import AvatarRenderer
    from facedrive.rig import load

    rig = load(path)
    morpher = Morpher(rig)
    random = np.random.default_rng(0)
    weights = random.random((200, len(rig.targets)), dtype=np.float32)
    morph_s, draw_s = [], []
    for row in weights:
        start = perf_seconds()
        morpher.vertices(row)
        morph_s.append(perf_seconds() - start)
    with AvatarRenderer(rig, size=(512, 512)) as renderer:
        for row in weights[:60]:
            start = perf_seconds()
            renderer.render(row, STRAIGHT, IDENTITY_HEAD.rotation)
            draw_s.append(perf_seconds() - start)
    return (
        {"rig_vertices": len(rig.vertices)}
        | _percentiles(morph_s, "morph_")
        | _percentiles(draw_s[5:], "draw_512_")
    )


def measure_jitter(pipeline: Pipeline, frame: Frame, seconds: float = 10.0) -> dict[str, float]:
    """Hold one picture still under sensor noise of deviation 6 at 30 fps.

    Returns:
        jitter_raw and jitter: mean absolute change a frame over the AUs, before and after
        calibration and smoothing.
    """
    random = np.random.default_rng(0)
    raw, smooth = [], []
    start = frame.time + 1
    for index in range(round(seconds * 30)):
        noise = random.normal(0, 6, frame.image.shape)
        noisy = np.clip(frame.image + noise, 0, 255).astype(np.uint8)
        sample = pipeline(Frame(noisy, start + index / 30, index))
        if pipeline.raw is not None and index >= 30:
            raw.append(pipeline.raw.aus)
            smooth.append(sample.aus)
    return {
        "jitter_raw": float(np.abs(np.diff(raw, axis=0)).mean()),
        "jitter": float(np.abs(np.diff(smooth, axis=0)).mean()),
    }


def measure_start(clip: str, begun: float) -> dict[str, float]:
    """Return the seconds from ``begun`` to the first AUs (start_s).

    Args:
        clip: Its first frame is read.
        begun: When the process was begun, in seconds of the wall clock. What the system says of
            that may be wrong by most of a second: it counts from a boot in whole seconds.
    """
    pipeline = Pipeline.open()
    pipeline(next(iter(open_source(clip).frames())))
    return {"start_s": wall_clock() - begun}


def measure_memory(clip: str, count: int) -> dict[str, float]:
    """Run ``count`` frames, the clip again and again, and read the resident memory.

    Returns:
        rss_mb at the end, and rss_growth_mb since frame 500.
    """
    import psutil

    pipeline = Pipeline.open()
    outputs = Outputs([open_sink(WIRE)])
    process = psutil.Process()
    source = open_source(clip)
    rss: list[float] = []
    rounds = chain.from_iterable(source.frames() for _ in repeat(None))
    for index, frame in enumerate(islice(rounds, count)):
        outputs.send(pipeline(Frame(frame.image, index / 30, index)), frame)
        if index % 500 == 499:
            rss.append(process.memory_info().rss / 2**20)
    outputs.close()
    end = process.memory_info().rss / 2**20
    return {
        "rss_mb": end,
        "rss_growth_mb": end - (rss[0] if rss else end),
        "rss_frames": count,
    }


if __name__ == "__main__":
    if sys.argv[1] == "start":
        print(json.dumps(measure_start(sys.argv[2], float(sys.argv[3]))))
    else:
        print(json.dumps(measure_memory(sys.argv[2], int(sys.argv[3]))))
