"""``facedrive outputs``: what ``--out`` can send to, with every option and an example."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facedrive.options import Option
    from facedrive.sinks import Output


TABLES = """\
Which AU moves which channel is in tables: arkit, mmd, unified, vrm0 and vrm1. To change some rows,
write them down, and give the file to facedrive live or replay as --mapping my.toml:

    extends = "arkit"
    not_driven = ["cheekPuff"]
    [weights]
    jawOpen = { jaw_drop = 1.3 }
    mouthClose = { jawOpen = 0.2, chin_raise = 0.5 }

It holds for every output whose mapping is the table that it extends. A row names AUs, the gaze
(gaze_left_up), or other channels, which stand for their rows; weights are from -2 to 2."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("scheme", nargs="*", help="only these, such as vmc; default: all")
    parser.add_argument("--json", action="store_true", help="one JSON object, nothing else")


def run(args: argparse.Namespace) -> int:
    """Describe the outputs asked for."""
    from facedrive.errors import SinkError, unknown
    from facedrive.sinks import SINKS, describe

    for scheme in args.scheme:
        if scheme not in SINKS:
            raise SinkError(unknown("sink", scheme, SINKS))
    outputs = [describe(scheme) for scheme in args.scheme or SINKS]
    if args.json:
        print(json.dumps({each.scheme: _plain(each) for each in outputs}))
    else:
        print("\n\n".join(["\n".join(_lines(each)) for each in outputs] + [TABLES]))
    return 0


def _lines(output: Output) -> Iterator[str]:
    yield f"{output.scheme}  {output.format}"
    yield f"    {output.about}"
    for option in output.options:
        yield f"    {_assignment(option):<26}{option.about}".rstrip()
    yield f"    --out {output.example}"


def _assignment(option: Option) -> str:
    from facedrive.sinks import written

    default = written(option)
    return option.name if default is None else f"{option.name}={default}"


def _plain(output: Output) -> dict[str, object]:
    from facedrive.sinks import written

    options = {
        each.name: {"default": written(each), "about": each.about} for each in output.options
    }
    return {
        "scheme": output.scheme, "format": output.format, "about": output.about,
        "example": output.example, "port": output.port, "options": options,
    }  # fmt: skip
