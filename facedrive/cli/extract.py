"""``facedrive extract``: the action units of a clip, or of a whole corpus, to CSV or Parquet."""

from __future__ import annotations

import math
import os
import re
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from facedrive.errors import FacedriveError, OptionError, SinkError
from facedrive.options import option
from facedrive.settings import Settings
from facedrive.sources import IMAGE_SUFFIXES
from facedrive.sources.turned import PictureOptions

if TYPE_CHECKING:
    from facedrive.corpus.run import Engine, Report
    from facedrive.pipeline import Reader
    from facedrive.sources.decode import Window
    from facedrive.stages import Source

TAKES = (".csv", ".parquet")
"""What the name of an output ends in that is one file; another is a folder of results."""

SHOWN = 5
"""Broken files that are named at the end."""


@dataclass(frozen=True, kw_only=True)
class Extract:
    """Write the action units of a clip, or of a corpus of clips and pictures, a row a face.

    An output that ends in .csv or .parquet is one take. Any other is a folder of results: a Parquet
    file a clip and a manifest; started again, it goes on where it was.
    """

    clip: tuple[str, ...] = option(positional=True, metavar="CLIP")
    """Video file, picture, folder, zip or tar of them, list of paths, glob, fsspec URL, or demo."""
    output: str = option(flag="--output -o", metavar="FILE|FOLDER")
    """Where the rows go: a .csv or .parquet file, or a folder of results."""
    raw: bool = False
    """Leave calibration and smoothing out."""
    pictures: Literal["stills", "video"] = option("stills", flag="--as")
    """What the pictures of a folder are: unrelated, or the frames of a film."""
    fps: float | None = option(None, unit="frames a second", low=0.01, high=10_000)
    """Rate of a film's pictures; default: 30."""
    sample: str | None = option(None, metavar="RATE")
    """Read so many frames a second alone, such as 5fps."""
    start: float | None = option(None, unit="s", low=0)
    """Read from this time of each video on."""
    end: float | None = option(None, unit="s", low=0)
    """Read to this time of each video."""
    least_side: int | None = option(None, unit="pixels", low=16, high=100_000)
    """Decode pictures smaller where that is quicker, as long as the longer side keeps so many
    pixels."""
    columns: str | None = option(None, metavar="A,B,…")
    """The columns of a folder of results, beside the clip's name; all where left out."""
    jobs: int | None = option(None, low=1, high=1024)
    """Processes for a folder of results, one core each; as many as there are cores where left
    out."""
    engine: Literal["local", "ray"] = "local"
    """Where a folder of results is worked on: this computer, or a Ray cluster."""
    address: str | None = option(None, metavar="HOST:PORT")
    """Of the Ray cluster; one of this computer where left out."""
    batch: int | None = option(None, low=1, high=64)
    """Clips that a worker of the cluster reads at a time, their crops in one call of the model;
    4 where there is a GPU, else 1."""
    retry: bool = False
    """Try again what could not be read before."""
    picture: PictureOptions = option(PictureOptions())
    overwrite: bool = False
    """Replace a file that is there already; otherwise a number is added to its name."""
    settings: Settings = option(
        Settings(), sections=("tracker", "regressor", "calibration", "smoothing", "lost")
    )

    def run(self) -> int:
        """Read every frame, and write its rows."""
        if Path(self.output).suffix in TAKES:
            return self._one_take()
        if _is_file(self.output):
            raise SinkError(
                f"--output {self.output}: it must end in .csv or .parquet, or be a folder, which "
                f"is written as {Path(self.output).with_suffix('')}/."
            )
        return self._corpus()

    def _one_take(self) -> int:
        from facedrive.assembly import inputs_of, open_reader
        from facedrive.files import free_path, refuse_inputs

        output = Path(self.output)
        if self.columns or self.jobs or self.retry:
            raise OptionError("--columns, --jobs and --retry are for a folder of results.")
        inputs = [Path(each) for each in self.clip]
        refuse_inputs([output], [*inputs, *inputs_of(self.settings)])
        source, stills = self._source()
        output = free_path(output, overwrite=self.overwrite)
        with closing(open_reader(self.settings, raw=self.raw)) as pipeline:
            found, total, missing = _extract(source, pipeline, output, stills=stills)
        lost = f"; {missing} damaged or missing" if missing else ""
        print(f"{output}: {total} frames, a face in {found}{lost}")
        return 0

    def _source(self) -> tuple[Source, bool]:
        """Open what is one take: a clip, or pictures; say whether they are stills."""
        from facedrive.sources import open_source
        from facedrive.sources.turned import Turned
        from facedrive.sources.video import VideoFile

        if _are_pictures(self.clip):
            return self._open_pictures(), self.pictures == "stills"
        if len(self.clip) > 1:
            raise SinkError(f"--output {self.output} is one take, of one clip; for several give a "
                            "folder, such as -o results/.")  # fmt: skip
        source = open_source(replace(self.settings.source, what=self.clip[0], fps=self.fps))
        if source.live:
            raise FacedriveError(
                f"{self.clip[0]} is live; record it with: facedrive live --out csv:…"
            )
        if isinstance(source, VideoFile):
            source = replace(source, window=self._window())
        return Turned(source, self._picture(), self.clip[0]), False

    def _open_pictures(self) -> Source:
        from facedrive.corpus.inputs import find_clips
        from facedrive.sources.stills import Stills
        from facedrive.sources.turned import Turned

        found = find_clips(self.clip)
        videos = [clip.name for clip in found.clips if clip.kind == "video"]
        if videos or found.refused:
            named = videos[0] if videos else f"{found.refused[0].title}: {found.refused[0].reason}"
            raise SinkError(f"--output {self.output} is one take, of one clip or of pictures; with "
                            f"{named} give a folder, such as -o results/.")  # fmt: skip
        places = [place for clip in found.clips for place in clip.places]
        stills = self.pictures == "stills"
        source = Stills(places, self.least_side, None if stills else self.fps or 30.0)
        return Turned(source, self._picture(), self.clip[0], stills=stills)

    def _corpus(self) -> int:
        from facedrive.corpus.clip import FILM_FPS, Asked
        from facedrive.corpus.rows import checked_columns
        from facedrive.corpus.run import LocalEngine, extract_corpus

        columns = checked_columns(self.columns.split(",") if self.columns else ())
        asked = Asked(self.settings, self.raw, self._picture(), self.fps or FILM_FPS,
                      self._window()._replace(threads=1), columns)  # fmt: skip
        engine: Engine = LocalEngine(self.jobs or cores())
        if self.engine == "ray":
            from facedrive.corpus.onray import RayEngine

            engine = RayEngine(self.address, self.jobs, self.batch)
        elif self.address or self.batch:
            given = "--address" if self.address else "--batch"
            raise OptionError(f"{given} is for --engine ray.")
        report = extract_corpus(self.clip, self.output, asked, engine,
                                pictures=self.pictures, retry=self.retry)  # fmt: skip
        print(_told(report, self.output))
        return 0

    def _window(self) -> Window:
        from facedrive.sources.decode import Window

        start, end = self.start, math.inf if self.end is None else self.end
        if start is not None and end <= start:
            raise OptionError(f"--end {end:g} is not after --start {start:g}.")
        return Window(-math.inf if start is None else start, end, _rate(self.sample),
                      self.least_side)  # fmt: skip

    def _picture(self) -> PictureOptions:
        asked = self.settings.source.picture
        return asked if self.picture == PictureOptions() else self.picture


COMMANDS = {"": Extract}


def _is_file(output: str) -> bool:
    """Say whether an output is a file, or is called like one."""
    path = Path(output)
    named = bool(path.suffix) and not output.endswith(("/", os.sep)) and "://" not in output
    return path.is_file() or (named and not path.is_dir())


def _are_pictures(given: tuple[str, ...]) -> bool:
    """Say whether what is given are pictures, or what holds files: a folder, archive or list."""
    from facedrive.corpus.inputs import LISTS
    from facedrive.sources.places import is_archive

    ends = IMAGE_SUFFIXES | set(LISTS)
    return all(
        Path(each).is_dir()
        or is_archive(each)
        or Path(each.partition("?")[0]).suffix.lower() in ends
        or ("*" in each and not Path(each).exists())
        for each in given
    )


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _rate(text: str | None) -> float | None:
    """Read a rate such as 5fps."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:fps)?", text)
    if not found or not float(found[1]):
        raise OptionError(f"--sample is {text!r}; it must be a rate above 0, such as 5fps.")
    return float(found[1])


def _extract(
    source: Source, pipeline: Reader, output: Path, *, stills: bool
) -> tuple[int, int, int]:
    """Write every frame's row; return how many had a face, how many there were and are missing."""
    from facedrive.pipeline import rows_of
    from facedrive.progress import track_frames
    from facedrive.sinks.csv import TakeSink

    sink = TakeSink(output, overwrite=True)
    whole = False
    found = total = 0
    first = last = -1
    try:
        for frame in track_frames(source.frames(), source):
            if stills:
                pipeline.reset()
            samples = pipeline.read(frame)
            for sample in rows_of(samples):
                sink.send(sample, frame)
            total += 1
            first, last = (frame.index if first < 0 else first), frame.index
            found += any(sample.face for sample in samples)
        whole = True
    finally:
        if whole:
            sink.close()
        elif place := sink.break_off():
            count = getattr(source, "frame_count", None)
            of = f" of {count}" if count else ""
            kept = "" if place == output else f"; {output} is as it was"
            print(f"facedrive: {place} is partial: {total}{of} frames{kept}", file=sys.stderr)
    return found, total, last - first + 1 - total


def _told(report: Report, output: str) -> str:
    """Say what became of a corpus, in a few lines."""
    pictures = sum(each.frames for each in report.records)
    rate = f", {report.frames / report.seconds:.0f} frames/s" if report.frames else ""
    faces = sum(each.faces for each in report.records)
    lines = [f"{output}: {len(report.records)} files, {pictures} frames, {faces} faces; "
             f"{report.kept} files were done before; {report.seconds:.1f} s{rate}"]  # fmt: skip
    if report.left_out:
        lines.append(f"{report.left_out} files are neither videos nor pictures")
    if broken := report.broken:
        lines.append(f"{len(broken)} could not be read, or not to their end (manifest.parquet "
                     "has them all):")  # fmt: skip
        lines += [f"  {each.path}: {each.error}" for each in broken[:SHOWN]]
    return "\n".join(lines)
