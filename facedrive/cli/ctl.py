"""``facedrive ctl``: ask something of a run that is going on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from facedrive.errors import without_credentials
from facedrive.options import option


@dataclass(frozen=True, kw_only=True)
class Ctl:
    """Ask something of a run that is going on: recentre, pause, record, set, add, status and more.

    Without a command it lists those there are. A run in which control.ctl is off hears nothing.
    """

    command: str | None = option(None, positional=True)
    """What to do."""
    words: tuple[str, ...] = option((), positional=True, metavar="WORD")
    """Its arguments, such as: set smoothing.aus.beta 4."""
    pid: int | None = option(None, low=1)
    """The run's process, where several run."""
    json: bool = False
    """The answer as one JSON value, nothing else."""

    def run(self) -> int:
        """Ask, and print the answer."""
        if self.command is None:
            print("\n".join(_listed()))
            return 0
        from facedrive.remote.ctl import ask

        answer = ask(self.command, self.words, self.pid)
        if self.json:
            print(json.dumps(answer))
        elif answer:
            print(without_credentials("\n".join(_lines(answer))))
        return 0


COMMANDS = {"": Ctl}


def _listed() -> Iterator[str]:
    from facedrive.live import commands

    for each in commands().values():
        yield f"{each.usage:<28}{each.about}"


def _lines(answer: Any) -> Iterator[str]:
    """Lay an answer out for people."""
    if not isinstance(answer, dict):
        yield str(answer)
        return
    for name, value in answer.items():
        if isinstance(value, list):
            yield f"{name}:"
            yield from map(_output_line, value)
        else:
            yield f"{name}: {round(value, 1) if isinstance(value, float) else value}"


def _output_line(output: dict[str, Any]) -> str:
    """Say how an output stands, such as ``1 csv:a.csv (sending, 12 samples)``."""
    number = f"{output['number']} " if output["number"] else ""
    said = (output["state"], f"{output['sent']} samples", output["trouble"], output["error"])
    return f"  {number}{output['name']} ({', '.join(each for each in said if each)})"
