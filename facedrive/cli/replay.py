"""``facedrive replay``: a recorded take to outputs, on its own clock."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("take", type=Path, metavar="TAKE", help="a .csv or .parquet that "
                        "facedrive extract or --out csv: wrote")  # fmt: skip
    parser.add_argument("--out", action="append", required=True, metavar="URL",
                        help="where it goes, such as osc://127.0.0.1:9000; repeatable")  # fmt: skip
    parser.add_argument("--speed", type=float, default=1.0, help="2 is twice as fast; default: 1")
    parser.add_argument("--loop", action="store_true", help="start again at the end")


def run(args: argparse.Namespace) -> int:
    """Send every sample when its time comes."""
    from facedrive.errors import FacedriveError
    from facedrive.pipeline import Outputs
    from facedrive.recording import read_take
    from facedrive.sinks import open_sink
    from facedrive.threads import pace

    if not 0.01 <= args.speed <= 100:
        raise FacedriveError(f"--speed {args.speed:g}: it must be from 0.01 to 100.")
    samples = read_take(args.take)
    outputs = Outputs([open_sink(url) for url in args.out])
    sent = 0
    try:
        while True:
            for sample in pace(samples, speed=args.speed):
                outputs.send(sample, None)
                sent += 1
            if not args.loop:
                break
            samples = read_take(args.take)
    except KeyboardInterrupt:
        print()
    finally:
        outputs.close()
    print(f"{args.take}: {sent} samples sent to {', '.join(args.out)}")
    return 0
