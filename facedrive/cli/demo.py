"""``facedrive demo``: the main job with no camera and no display, checked against the truth."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from facedrive.cli import options

if TYPE_CHECKING:
    from facedrive.types import Sample


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--output", "-o", type=Path, default=Path("demo.mp4"), metavar="MP4",
                        help="the picture: camera, AU bars, avatar; default: demo.mp4")  # fmt: skip
    parser.add_argument("--rig", type=Path, metavar="FILE", help="head to drive; default: ours")
    options.add_tracking(parser)


def run(args: argparse.Namespace) -> int:
    """Drive the rig and OSC from the clip that ships, record it, and print how it went."""
    from tqdm import tqdm

    from facedrive.cli.live import build_studio
    from facedrive.outputs import Outputs
    from facedrive.pipeline import drive
    from facedrive.sinks import open_sink
    from facedrive.sinks.video import VideoSink
    from facedrive.sources import open_source

    args.mirror = False
    pipeline = options.build_pipeline(args)
    samples: list[Sample] = []
    with _receiver() as (port, received):
        wire = Outputs([open_sink(f"osc://127.0.0.1:{port}")])
        video = VideoSink(args.output, build_studio(args, "strip").picture)
        try:
            for frame in tqdm(open_source("demo").frames(), unit="frame", disable=None):
                sample = drive(frame, pipeline, wire)
                video.send(sample, frame)
                samples.append(sample)
        finally:
            video.close()
            wire.close()
            pipeline.close()
    print("\n".join(_accuracy_lines(samples)))
    print()
    print("\n".join(options.latency_lines(pipeline.timing)))
    found = sum(sample.face for sample in samples)
    print(f"\nface found in {found} of {len(samples)} frames")
    print(f"OSC: {received['bundles']} bundles, {received['messages']} messages arrived on "
          f"127.0.0.1:{port}")  # fmt: skip
    print(f"picture: {args.output.resolve()}")
    if received["bundles"] < len(samples):
        print(f"facedrive: {len(samples) - received['bundles']} OSC bundles were lost",
              file=sys.stderr)  # fmt: skip
        return 1
    return 0


@contextmanager
def _receiver() -> Iterator[tuple[int, Counter[str]]]:
    """Run an OSC receiver on loopback that counts; yield its port and the counts."""
    from pythonosc.dispatcher import Dispatcher
    from pythonosc.osc_server import BlockingOSCUDPServer

    from facedrive.threads import Task

    received: Counter[str] = Counter()

    def count(address: str, *_: object) -> None:
        received["messages"] += 1
        received["bundles"] += address.endswith("/face")

    dispatcher = Dispatcher()
    dispatcher.set_default_handler(count)
    with BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher) as server:
        serving = Task("receiver", lambda: server.serve_forever(0.05))
        try:
            yield server.server_address[1], received
        finally:
            server.shutdown()
            serving.join()


def _accuracy_lines(samples: list[Sample]) -> list[str]:
    """Compare the tracked AUs with those the clip was rendered from."""
    import numpy as np

    from facedrive.aus import AU_NAMES
    from facedrive.sources.demo import truth
    from facedrive.stats.metrics import score

    tracked = np.stack([sample.aus for sample in samples])
    scores = score(tracked, truth()[: len(tracked)])
    lines = [f"{'tracked against known AUs':<28}{'r':>7}{'MAE':>8}{'peak':>8}"]
    for name, r, mae, peak in zip(
        AU_NAMES, scores.pearson, scores.mae, tracked.max(0), strict=True
    ):
        lines.append(f"{name:<28}{r:>7.2f}{mae:>8.3f}{peak:>8.2f}")
    lines.append(f"{'mean':<28}{np.nanmean(scores.pearson):>7.2f}{scores.mae.mean():>8.3f}")
    return lines
