"""``facedrive extract``: a video's action units, a row a frame, to CSV or Parquet."""

from __future__ import annotations

import argparse
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from facedrive.cli import options
from facedrive.errors import FacedriveError, SinkError

if TYPE_CHECKING:
    from facedrive.pipeline import Pipeline
    from facedrive.stages import Source


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("clip", metavar="CLIP", help="video file, image folder or demo")
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="FILE",
                        help="where the rows go: .csv or .parquet")  # fmt: skip
    parser.add_argument("--raw", action="store_true", help="without calibration and smoothing")
    parser.add_argument("--fps", type=float, help="rate of an image folder; default: 30")
    options.add_tracking(parser)


def run(args: argparse.Namespace) -> int:
    """Read every frame of the clip, in order, and write its row."""
    from facedrive.sources import SourceOptions, open_source

    if args.output.suffix not in (".csv", ".parquet"):
        raise SinkError(f"--output {args.output}: it must end in .csv or .parquet.")
    source = open_source(SourceOptions(args.clip, fps=args.fps))
    if source.live:
        raise FacedriveError(f"{args.clip} is live; record it with: facedrive live --out csv:…")
    with closing(options.build_pipeline(args, raw=args.raw)) as pipeline:
        found, total = _extract(source, pipeline, args.output)
    print(f"{args.output}: {total} frames, a face in {found}")
    return 0


def _extract(source: Source, pipeline: Pipeline, output: Path) -> tuple[int, int]:
    """Write every frame's row; return how many frames had a face, and how many there were."""
    from tqdm import tqdm

    from facedrive.outputs import Outputs
    from facedrive.sinks import open_sink

    frames = source.frames()
    # The first frame before the output: a broken clip must not empty an older file.
    head = list(islice(frames, 1))
    outputs = Outputs([open_sink(f"{output.suffix[1:]}:{output}")])
    found = total = 0
    progress = tqdm(chain(head, frames), total=getattr(source, "frame_count", None),
                    unit="frame", disable=None)  # fmt: skip
    try:
        for frame in progress:
            sample = pipeline(frame)
            outputs.send(sample, frame)
            total += 1
            found += sample.face
    finally:
        outputs.close()
    return found, total
