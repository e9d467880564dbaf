"""``facedrive calibrate``: learns a person's neutral, and on request the extremes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from facedrive.cli import options

if TYPE_CHECKING:
    from facedrive.pipeline import Pipeline
    from facedrive.stages import Source
    from facedrive.types import Reading, Vector

REST_S = 1.0
"""How much of the resting face is watched."""

SETTLE_S = 1.0
"""Left out at first: the camera finds its exposure and the person the right face."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--output", "-o", type=Path, default=Path("profile.toml"), metavar="TOML",
                        help="where the profile goes; default: profile.toml")  # fmt: skip
    parser.add_argument("--extremes", type=float, default=0.0, metavar="SECONDS",
                        help="then watch the strongest movements this long")  # fmt: skip
    options.add_source(parser)
    options.add_tracking(parser)


def run(args: argparse.Namespace) -> int:
    """Watch the resting face for a second, then its extremes, and write the profile."""
    from facedrive.calibration import build_profile, median_reading, save_profile

    source = options.build_source(args)
    with (
        options.build_pipeline(args, raw=True) as pipeline,
        closing(_raw_answers(pipeline, source)) as answers,
    ):
        _say("Look into the camera and rest your face …")
        _take(answers, SETTLE_S if source.live else 0.0)
        rest = median_reading(_take(answers, REST_S))
        extreme = None
        if args.extremes > 0:
            _say("Now blink, raise and lower your brows, open your mouth, smile, pout, puff …")
            extreme = _strongest(_take(answers, args.extremes), rest.aus)
    save_profile(build_profile(rest.aus, extreme).with_neutral(rest), args.output)
    print(f"{args.output}: use it with --profile {args.output}")
    return 0


def _raw_answers(
    pipeline: Pipeline, source: Source
) -> Generator[tuple[float, Reading], None, None]:
    """Yield the time and raw reading of every frame with a face."""
    from facedrive.threads import Stall, read_frames
    from facedrive.types import Reading

    with read_frames(source) as frames:
        for frame in frames:
            if not isinstance(frame, Stall) and (sample := pipeline(frame)).face:
                yield sample.time, Reading(sample.aus, sample.gaze, sample.head)


def _take(answers: Iterator[tuple[float, Reading]], seconds: float) -> list[Reading]:
    """Collect the answers of the next ``seconds`` in which there is a face."""
    taken: list[Reading] = []
    start: float | None = None
    if seconds <= 0:
        return taken
    for time, reading in answers:
        start = time if start is None else start
        taken.append(reading)
        if time - start >= seconds:
            break
    return taken


def _strongest(answers: list[Reading], neutral: Vector) -> Vector:
    """Return each AU's 98th percentile, so that one odd frame does not set the range."""
    import numpy as np

    if not answers:
        return neutral
    return np.percentile(np.stack([each.aus for each in answers]), 98, axis=0).astype(np.float32)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
