"""``facedrive calibrate``: learns a person's neutral, and on request the extremes."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from facedrive.options import option
from facedrive.settings import Settings

if TYPE_CHECKING:
    from facedrive.pipeline import Pipeline
    from facedrive.stages import Source
    from facedrive.types import Reading, Vector

LEFT_OUT_S = 1.0
"""Left out at first: the camera finds its exposure and the person the right face."""

REST_S = 1.0
"""How much of the resting face is taken in."""


@dataclass(frozen=True, kw_only=True)
class Calibrate:
    """Learn a person's neutral, of AUs, gaze and head, and on request the extremes."""

    output: Path = option(Path("profile.toml"), flag="--output -o", metavar="TOML")
    """Where the profile goes."""
    extremes: float = option(0.0, unit="s", low=0, high=600, metavar="SECONDS")
    """Then watch the strongest movements this long."""
    settings: Settings = option(Settings(), sections=("source", "tracker", "regressor"))

    def run(self) -> int:
        """Watch the resting face for a second, then its extremes, and write the profile."""
        from facedrive.assembly import open_pipeline
        from facedrive.calibration import build_profile, median_reading, save_profile
        from facedrive.sources import open_turned

        source = open_turned(self.settings.source)
        with (
            open_pipeline(self.settings, raw=True) as pipeline,
            closing(_raw_answers(pipeline, source)) as answers,
        ):
            _say("Look into the camera and rest your face …")
            _take(answers, LEFT_OUT_S if source.live else 0.0)
            rest = median_reading(_take(answers, REST_S))
            extreme = None
            if self.extremes > 0:
                _say("Now blink, raise and lower your brows, open your mouth, smile, pout, puff …")
                extreme = _strongest(_take(answers, self.extremes), rest.aus)
        save_profile(build_profile(rest.aus, extreme).with_neutral(rest), self.output)
        print(f"{self.output}: use it with --profile {self.output}")
        return 0


COMMANDS = {"": Calibrate}


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
