"""The ``facedrive`` command: finds the subcommand, loads only its file, says errors in a line."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from collections.abc import Sequence

from facedrive import __version__
from facedrive.errors import FacedriveError

COMMANDS = {
    "demo": "drive an avatar and OSC from the clip that ships; needs no camera or display",
    "live": "drive an avatar and outputs from a camera or a video",
    "extract": "write a video's action units to CSV or Parquet",
    "replay": "play a recorded take to outputs, on its own clock",
    "export": "write a take as Live Link Face CSV, or as an animated GLB of the rig",
    "outputs": "list what --out can send to: every format, its options, an example",
    "calibrate": "learn a person's neutral and extremes",
    "rig": "inspect a rig: its targets and the AUs that they cover",
    "synth": "render synthetic faces with exact AUs, to train and to test on",
    "data": "check a folder of labelled faces; prepare it for training",
    "analyze": "agreement of coders, occurrence, intensity and correlation of AUs",
    "train": "train the AU model from a recipe, or the tables of the FEAFA+ paper",
    "evaluate": "score a model on faces that it never saw",
    "bench": "measure speed and memory, beside a peer",
    "doctor": "say what works on this machine",
}
"""Command → what it does; the module of that name in this folder has the rest."""

FAILED = 2
"""Exit code of an error that the user can mend."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="facedrive",
        description="A face in front of a camera drives an avatar, through the 24 FEAFA+ "
        "action units.",
        epilog="facedrive COMMAND --help tells each command's options.",
    )
    parser.add_argument("--version", action="version", version=f"facedrive {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    asked = next((word for word in arguments if word in COMMANDS), None)
    for name, help_ in COMMANDS.items():
        sentence = f"{help_[0].upper()}{help_[1:]}."
        command = commands.add_parser(name, help=help_, description=sentence)
        command.add_argument("--debug", action="store_true", help="show tracebacks and more log")
        if name == asked:
            importlib.import_module(f"facedrive.cli.{name}").add_arguments(command)
    args = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if args.debug else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s" if args.debug else "facedrive: %(message)s",
    )
    logging.getLogger("facedrive").setLevel(logging.DEBUG if args.debug else logging.INFO)
    try:
        return int(importlib.import_module(f"facedrive.cli.{args.command}").run(args) or 0)
    except FacedriveError as error:
        if args.debug:
            raise
        print(f"facedrive: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
