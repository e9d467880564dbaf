"""``facedrive demo``: all of it without a camera or a display, checked against known AUs."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from facedrive.cli.tables import table
from facedrive.options import option
from facedrive.settings import Settings

if TYPE_CHECKING:
    from facedrive.pipeline import Pipeline
    from facedrive.types import Sample


@dataclass(frozen=True, kw_only=True)
class Demo:
    """Drive the rig and OSC from the clip that ships, record it, and print how it went."""

    output: Path = option(Path("demo.mp4"), flag="--output -o", metavar="MP4")
    """The picture: camera, AU bars, avatar."""
    rig: str | None = option(None, metavar="FILE")
    """Head to drive; ours where left out."""
    overwrite: bool = False
    """Replace a picture that is there already; otherwise a number is added to its name."""
    settings: Settings = option(
        Settings(), sections=("tracker", "regressor", "calibration", "smoothing", "lost")
    )

    def run(self) -> int:
        """Drive, record, and print how close the tracked AUs come to the known ones."""
        from facedrive.assembly import open_pipeline
        from facedrive.cli.outcome import latency
        from facedrive.files import free_path, refuse_inputs

        refuse_inputs([self.output], [Path(self.rig or "")])
        with open_pipeline(self.settings) as pipeline, _receiver() as (port, received):
            output = free_path(self.output, overwrite=self.overwrite)
            samples = self._drive(pipeline, port, output)
        print(_accuracy(samples))
        print()
        print(latency(pipeline.timing))
        found = sum(sample.face for sample in samples)
        print(f"\nface found in {found} of {len(samples)} frames")
        print(f"OSC: {received['bundles']} bundles, {received['messages']} messages arrived on "
              f"127.0.0.1:{port}")  # fmt: skip
        print(f"picture: {output.resolve()}")
        lost = len(samples) - received["bundles"]
        if lost > 0:
            print(f"facedrive: {lost} OSC bundles were lost", file=sys.stderr)
        return int(lost > 0)

    def _drive(self, pipeline: Pipeline, port: int, output: Path) -> list[Sample]:
        from facedrive.assembly import load_rig, open_outputs
        from facedrive.pipeline import drive
        from facedrive.progress import track
        from facedrive.render.studio import Studio
        from facedrive.sinks.video import VideoSink
        from facedrive.sources import open_source

        video = VideoSink(output, Studio(load_rig(self.rig), "strip").picture, overwrite=True)
        samples: list[Sample] = []
        with open_outputs([f"osc://127.0.0.1:{port}"]) as wire:
            try:
                for frame in track(open_source("demo").frames(), "frame"):
                    sample = drive(frame, pipeline, wire)
                    video.send(sample, frame)
                    samples.append(sample)
            finally:
                video.close()
        return samples


COMMANDS = {"": Demo}


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


def _accuracy(samples: list[Sample]) -> str:
    """Compare the tracked AUs with those the clip was rendered from."""
    import numpy as np

    from facedrive.aus import AU_NAMES
    from facedrive.sources.demo import truth
    from facedrive.stats.metrics import mean_of_known, score

    tracked = np.stack([sample.aus for sample in samples])
    scores = score(tracked, truth()[: len(tracked)])
    figures = np.column_stack([scores.pearson, scores.mae, tracked.max(axis=0)])
    rows = [(name, *row) for name, row in zip(AU_NAMES, figures.tolist(), strict=True)]
    mean = ("mean", mean_of_known(scores.pearson), float(scores.mae.mean()), None)
    return table(("<tracked against known AUs", "r", "MAE", "peak"), [*rows, mean])
