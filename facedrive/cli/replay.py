"""``facedrive replay``: a recorded take to outputs, on its own clock."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from facedrive.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facedrive.types import Sample


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("take", type=Path, metavar="TAKE", help="a .csv or .parquet that "
                        "facedrive extract or --out csv: wrote")  # fmt: skip
    options.add_outputs(parser, required=True)
    parser.add_argument("--speed", type=float, default=1.0, help="2 is twice as fast; default: 1")
    parser.add_argument("--loop", action="store_true", help="start again at the end")


def run(args: argparse.Namespace) -> int:
    """Send every sample when its time comes."""
    from facedrive.errors import FacedriveError

    if not 0.01 <= args.speed <= 100:
        raise FacedriveError(f"--speed {args.speed:g}: it must be from 0.01 to 100.")
    samples = _samples(args)
    outputs = options.open_outputs(args)
    sent = 0
    try:
        for sample in samples:
            outputs.send(sample, None)
            sent += 1
    except KeyboardInterrupt:
        print()
    finally:
        options.close_outputs(outputs)
    print(f"{args.take}: {sent} samples sent to {', '.join(args.out)}")
    return options.exit_code(outputs)


def _samples(args: argparse.Namespace) -> Iterator[Sample]:
    """Open the take now; then yield each sample at its time, again and again if asked."""
    from facedrive.takes.read import read_take
    from facedrive.threads import pace

    first = read_take(args.take)

    def paced() -> Iterator[Sample]:
        yield from pace(first, speed=args.speed)
        while args.loop:
            yield from pace(read_take(args.take), speed=args.speed)

    return paced()
