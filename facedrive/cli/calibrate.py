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
    from facedrive.types import Vector

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
    from facedrive.calibration import build_profile, median_neutral, save_profile
    from facedrive.pipeline import NEUTRAL_S

    source = options.build_source(args)
    pipeline = options.build_pipeline(args, raw=True)
    answers = _raw_answers(pipeline, source)
    with closing(pipeline), closing(answers):
        _say("Look into the camera and rest your face …")
        _take(answers, SETTLE_S if source.live else 0.0)
        neutral = median_neutral(_take(answers, NEUTRAL_S))
        extreme = None
        if args.extremes > 0:
            _say("Now blink, raise and lower your brows, open your mouth, smile, pout, puff …")
            extreme = _strongest(_take(answers, args.extremes), neutral)
    save_profile(build_profile(neutral, extreme), args.output)
    print(f"{args.output}: use it with --profile {args.output}")
    return 0


def _raw_answers(pipeline: Pipeline, source: Source) -> Generator[tuple[float, Vector], None, None]:
    """Yield the time and raw AUs of every frame with a face."""
    from facedrive.threads import LiveCapture, Stall

    for frame in LiveCapture(source).frames() if source.live else source.frames():
        if not isinstance(frame, Stall):
            sample = pipeline(frame)
            if sample.face is not None:
                yield sample.time, sample.aus


def _take(answers: Iterator[tuple[float, Vector]], seconds: float) -> list[Vector]:
    """Collect the answers of the next ``seconds`` in which there is a face."""
    taken: list[Vector] = []
    start: float | None = None
    if seconds <= 0:
        return taken
    for time, aus in answers:
        start = time if start is None else start
        taken.append(aus)
        if time - start >= seconds:
            break
    return taken


def _strongest(answers: list[Vector], neutral: Vector) -> Vector:
    """Return each AU's 98th percentile, so that one odd frame does not set the range."""
    import numpy as np

    if not answers:
        return neutral
    return np.percentile(np.stack(answers), 98, axis=0).astype(np.float32)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
