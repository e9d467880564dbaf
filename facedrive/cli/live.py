"""``facedrive live``: drive an avatar and outputs from a camera or a video."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from facedrive.cli import options

if TYPE_CHECKING:
    from facedrive.controls import Controls
    from facedrive.outputs import Outputs
    from facedrive.pipeline import Pipeline
    from facedrive.render.studio import Layout, Studio
    from facedrive.sinks.window import Window
    from facedrive.stages import Source

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--rig", type=Path, metavar="FILE",
                        help="head to drive: .obj, .gltf, .glb or .vrm; default: ours")  # fmt: skip
    options.add_outputs(parser)
    parser.add_argument("--view", action=argparse.BooleanOptionalAction, default=None,
                        help="show the window; default: where there is a display")  # fmt: skip
    parser.add_argument(
        "--record", type=Path, metavar="MP4", help="record the picture from the start"
    )
    parser.add_argument("--mirror", action="store_true", help="show the view as a mirror would")
    options.add_source(parser)
    options.add_tracking(parser)


def run(args: argparse.Namespace) -> int:
    """Build everything, run until the end, Ctrl-C or q, and print the latency."""
    from facedrive.controls import Controls

    # The window before everything else: sinks/window.py says why.
    window = _open_window(args)
    source = options.build_source(args)
    controls = Controls()
    with closing(options.build_pipeline(args)) as pipeline:
        outputs = options.open_outputs(args, live=source.live)
        _stop_on_signals(controls)
        try:
            if window is not None:
                _run_in_window(args, window, source, pipeline, outputs, controls)
            else:
                _run_headless(args, source, pipeline, outputs, controls)
        finally:
            options.close_outputs(outputs)
            print("\n".join(options.latency_lines(pipeline.timing)), file=sys.stderr)
    return options.exit_code(outputs)


def default_rig() -> Path:
    """Return where our rig lies: inside an installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "rigs" / "basic.obj"
    return installed if installed.exists() else package.parent / "rigs" / "basic.obj"


def build_studio(args: argparse.Namespace, layout: Layout) -> Studio:
    """Load the rig and set up its picture."""
    from facedrive.render.studio import Studio
    from facedrive.rig import load

    return Studio(load(args.rig or default_rig()), layout, args.mirror)


def _open_window(args: argparse.Namespace) -> Window | None:
    """Open the window where there is a display and it is wanted."""
    display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    display = display or platform.system() in ("Windows", "Darwin")
    if args.view is False:
        return None
    if not display:
        log.info("no display: running without a window")
        return None
    from facedrive.sinks.window import Window

    return Window("facedrive")


def _stop_on_signals(controls: Controls) -> None:
    """Let Ctrl-C and a polite kill end the run cleanly; a second one ends it at once."""

    def stop(number: int, _: object) -> None:
        if controls.stop.is_set():
            raise KeyboardInterrupt
        controls.stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _run_in_window(
    args: argparse.Namespace, window: Window, source: Source, pipeline: Pipeline,
    outputs: Outputs, controls: Controls,
) -> None:  # fmt: skip
    """Track in a thread; the window has the main thread, as every desktop wants."""
    from facedrive.pipeline import run as drive
    from facedrive.sinks.viewer import Viewer
    from facedrive.threads import Pace, Task

    if not source.live:
        source = Pace(source)
    recording = args.record or Path("facedrive.mp4")
    viewer = Viewer(window, build_studio(args, "stage"), controls, pipeline.timing, recording,
                    record=args.record is not None)  # fmt: skip
    outputs.add(viewer, "the window")

    def track() -> None:
        try:
            drive(source, pipeline, outputs, controls)
        finally:
            viewer.close()

    tracking = Task("pipeline", track)
    try:
        viewer.loop()
    finally:
        tracking.join()


def _run_headless(args: argparse.Namespace, source: Source, pipeline: Pipeline,
                  outputs: Outputs, controls: Controls) -> None:  # fmt: skip
    from facedrive.pipeline import run as drive
    from facedrive.sinks.video import VideoSink

    if args.record:
        video = VideoSink(args.record, build_studio(args, "strip").picture)
        outputs.add(video, f"--record {args.record}")
    elif args.rig:
        build_studio(args, "strip")  # so that a bad rig is an error even where nothing is drawn
        log.warning("--rig: nothing is drawn without a window; --record FILE.mp4 would draw it")
    drive(source, pipeline, outputs, controls)
