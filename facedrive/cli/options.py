"""Options that several commands share, and what is built from them."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facedrive.outputs import Outputs
    from facedrive.pipeline import Pipeline
    from facedrive.stages import Source, Tracker
    from facedrive.timing import Timing

log = logging.getLogger(__name__)

TRACKERS = ("dlib", "mediapipe")

SOME_FAILED = 3
"""Exit code of a run that went through although some of its outputs failed."""


def add_outputs(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Add where samples go, and the user's own tables for it."""
    parser.add_argument("--out", action="append", default=[], required=required, metavar="URL",
                        help="such as osc://127.0.0.1:9000 or csv:take.csv; several; "
                        "facedrive outputs lists them all")  # fmt: skip
    parser.add_argument("--mapping", action="append", default=[], type=Path, metavar="TOML",
                        help="your own rows in place of those of a table that the outputs use; "
                        "several, one a table; facedrive outputs tells how")  # fmt: skip


def open_outputs(args: argparse.Namespace, *, live: bool = False) -> Outputs:
    """Open every ``--out``, with the tables of every ``--mapping``, for a live source or not."""
    from facedrive.outputs import Outputs
    from facedrive.sinks import open_sinks

    return Outputs(open_sinks(args.out, args.mapping), args.out, live=live)


def close_outputs(outputs: Outputs) -> None:
    """Close the outputs; one that fails to is logged, and counted by ``exit_code``."""
    from facedrive.errors import FacedriveError

    try:
        outputs.close()
    except FacedriveError as error:
        log.error("%s", error)


def exit_code(outputs: Outputs) -> int:
    """Name the outputs that failed, in one line, and return what the command shall end with."""
    from facedrive.outputs import describe

    if not outputs.failures:
        return 0
    failed = f"{len(outputs.failures)} of {outputs.count} outputs failed"
    print(f"facedrive: {failed}: {describe(outputs.failures)}", file=sys.stderr)
    return SOME_FAILED


def add_tracking(parser: argparse.ArgumentParser) -> None:
    """Add what decides how a face becomes AUs."""
    group = parser.add_argument_group("tracking")
    group.add_argument("--tracker", choices=TRACKERS, default="dlib", help="default: dlib")
    group.add_argument("--tracker-model", type=Path, metavar="FILE",
                       help="landmark model in place of the tracker's own")  # fmt: skip
    group.add_argument("--model", type=Path, metavar="ONNX", help="AU model; default: ours")
    group.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    group.add_argument("--profile", type=Path, metavar="TOML",
                       help="a person's calibration, made by facedrive calibrate")  # fmt: skip


def add_labels(parser: argparse.ArgumentParser) -> None:
    """Add how a folder of labelled faces is to be read."""
    parser.add_argument("--left", choices=("subject", "camera"), default="subject",
                        help="whose left the FEAFA+ labels mean; default: subject")  # fmt: skip
    parser.add_argument("--part", choices=("posed", "spontaneous"), default="posed",
                        help="of videos whose path does not say; default: posed")  # fmt: skip


def add_source(parser: argparse.ArgumentParser, default: str = "0") -> None:
    """Add where the frames come from."""
    group = parser.add_argument_group("source")
    group.add_argument("--source", default=default, metavar="WHAT",
                       help="camera index, /dev/video…, video file, image folder, stream URL, "
                       f"or demo; default: {default}")  # fmt: skip
    group.add_argument("--fourcc", metavar="CODE", help="camera pixel format, such as MJPG")
    group.add_argument("--fps", type=_positive, metavar="N", help="camera or image rate")
    group.add_argument("--size", type=size, metavar="WxH", help="camera frame size")


def build_source(args: argparse.Namespace) -> Source:
    """Open what ``--source`` names."""
    from facedrive.options import Size
    from facedrive.sources import SourceOptions, open_source

    size = Size(*args.size) if args.size else None
    return open_source(SourceOptions(args.source, args.fourcc, args.fps, size))


def build_tracker(args: argparse.Namespace) -> Tracker:
    """Build the tracker asked for."""
    if args.tracker == "mediapipe":
        from facedrive.trackers.mediapipe import MediaPipeTracker

        return MediaPipeTracker(args.tracker_model)
    from facedrive.trackers.dlib import DlibTracker

    return DlibTracker(args.tracker_model)


def build_pipeline(args: argparse.Namespace, *, raw: bool = False) -> Pipeline:
    """Build tracker, regressor, calibration and smoothing; ``raw`` leaves the last two out."""
    from facedrive.calibration import default_profile, load_profile
    from facedrive.pipeline import Pipeline
    from facedrive.regressors.onnx import OnnxRegressor
    from facedrive.smoothing import no_smoothing

    regressor = OnnxRegressor(args.model, args.device)
    tracker = build_tracker(args)
    if raw:
        return Pipeline(tracker, regressor, profile=None, smoothing=no_smoothing())
    profile = load_profile(args.profile) if args.profile else default_profile()
    return Pipeline(tracker, regressor, profile=profile)


def latency_lines(timing: Timing) -> list[str]:
    """Return a small table of stage times for people."""
    lines = [f"{'stage':<18}{'median ms':>10}{'p95 ms':>10}{'frames':>9}"]
    for name, each in timing.summary().items():
        lines.append(f"{name:<18}{each.median_ms:>10.2f}{each.p95_ms:>10.2f}{each.frames:>9}")
    return lines


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 10_000:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def size(text: str) -> tuple[int, int]:
    """Parse WxH."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"'{text}' is no size; write it as 640x480")
    return int(width), int(height)


def need_train() -> None:
    """Raise a DependencyError unless the train extra is installed."""
    import importlib.util

    from facedrive.errors import DependencyError

    for package in ("torch", "torchvision", "onnxscript", "tensorboard"):
        if importlib.util.find_spec(package) is None:
            raise DependencyError(
                f"{package} is not installed; training needs: pip install 'facedrive[train]'."
            )
