"""``facedrive outputs``: what ``--out`` can send to, with every option and an example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facedrive.options import Option, option

if TYPE_CHECKING:
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


@dataclass(frozen=True, kw_only=True)
class ListOutputs:
    """List what --out can send to: every format, its options, an example."""

    scheme: tuple[str, ...] = option((), positional=True)
    """Only these, such as vmc; all where left out."""
    json: bool = False
    """One JSON object, nothing else."""

    def run(self) -> int:
        """Describe the outputs asked for."""
        from facedrive.sinks import SINKS, describe

        outputs = [describe(scheme) for scheme in self.scheme or SINKS]
        if self.json:
            print(json.dumps({each.scheme: _plain(each) for each in outputs}))
        else:
            print("\n\n".join(["\n".join(_lines(each)) for each in outputs] + [TABLES]))
        return 0


COMMANDS = {"": ListOutputs}


def _lines(output: Output) -> Iterator[str]:
    yield f"{output.scheme}  {output.format}"
    yield f"    {output.about}"
    for each in output.options:
        yield f"    {_assignment(each):<26}{each.about}".rstrip()
    yield f"    --out {output.example}"
    if note := _note(output.scheme):
        yield f"    {note}"


def _note(scheme: str) -> str:
    """Return what an output has to say to this user only, such as a token."""
    from facedrive.sinks import SINKS

    tell = getattr(SINKS.find(scheme), "note", None)
    return tell() if tell else ""


def _assignment(each: Option) -> str:
    from facedrive.sinks import written

    default = written(each)
    return each.name if default is None else f"{each.name}={default}"


def _plain(output: Output) -> dict[str, object]:
    from facedrive.sinks import written

    options = {each.name: {"default": written(each), "about": each.about}
               for each in output.options}  # fmt: skip
    return {"scheme": output.scheme, "format": output.format, "about": output.about,
            "example": output.example, "port": output.port, "options": options,
            "note": _note(output.scheme)}  # fmt: skip
