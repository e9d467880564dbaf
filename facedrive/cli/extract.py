"""``facedrive extract``: a video's action units, a row a frame, to CSV or Parquet."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from facedrive.errors import FacedriveError, SinkError
from facedrive.options import option
from facedrive.settings import Settings
from facedrive.sources.turned import PictureOptions

if TYPE_CHECKING:
    from facedrive.pipeline import Pipeline
    from facedrive.stages import Source


@dataclass(frozen=True, kw_only=True)
class Extract:
    """Write a video's action units to CSV or Parquet, a row a frame."""

    clip: str = option(positional=True)
    """Video file, image folder or demo."""
    output: Path = option(flag="--output -o", metavar="FILE")
    """Where the rows go: .csv or .parquet."""
    raw: bool = False
    """Leave calibration and smoothing out."""
    fps: float | None = option(None, unit="frames a second", low=0.01, high=10_000)
    """Rate of an image folder; default: 30."""
    picture: PictureOptions = option(PictureOptions())
    overwrite: bool = False
    """Replace a file that is there already; otherwise a number is added to its name."""
    settings: Settings = option(
        Settings(), sections=("tracker", "regressor", "calibration", "smoothing", "lost")
    )

    def run(self) -> int:
        """Read every frame of the clip, in order, and write its row."""
        from facedrive.assembly import inputs_of, open_pipeline
        from facedrive.files import free_path, refuse_inputs
        from facedrive.sources import open_turned

        if self.output.suffix not in (".csv", ".parquet"):
            raise SinkError(f"--output {self.output}: it must end in .csv or .parquet.")
        asked = self.settings.source
        picture = asked.picture if self.picture == PictureOptions() else self.picture
        source = open_turned(replace(asked, what=self.clip, fps=self.fps, picture=picture))
        if source.live:
            raise FacedriveError(f"{self.clip} is live; record it with: facedrive live --out csv:…")
        refuse_inputs([self.output], [Path(self.clip), *inputs_of(self.settings)])
        output = free_path(self.output, overwrite=self.overwrite)
        with closing(open_pipeline(self.settings, raw=self.raw)) as pipeline:
            found, total, missing = _extract(source, pipeline, output)
        lost = f"; {missing} damaged or missing" if missing else ""
        print(f"{output}: {total} frames, a face in {found}{lost}")
        return 0


COMMANDS = {"": Extract}


def _extract(source: Source, pipeline: Pipeline, output: Path) -> tuple[int, int, int]:
    """Write every frame's row; return how many had a face, how many there were and are missing."""
    from facedrive.assembly import open_outputs
    from facedrive.progress import track_frames

    outputs = open_outputs([f"{output.suffix[1:]}:{output}?overwrite=yes"])
    found = total = numbers = 0
    try:
        for frame in track_frames(source.frames(), source):
            sample = pipeline(frame)
            outputs.send(sample, frame)
            total += 1
            numbers = frame.index + 1
            found += sample.face
    except KeyboardInterrupt:
        if total:
            count = getattr(source, "frame_count", None)
            of = f" of {count}" if count else ""
            print(f"facedrive: {output} is partial: {total}{of} frames", file=sys.stderr)
        raise
    finally:
        outputs.close()
    return found, total, numbers - total
