"""The ``facedrive`` command: finds the subcommand, loads only its file, says errors in a line."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from facedrive import __version__
from facedrive.cli.parse import Asked, Parser, UsageError, add_command, describe, parse
from facedrive.errors import FacedriveError, guess

COMMANDS = {
    "demo": "drive an avatar and OSC from the clip that ships; needs no camera or display",
    "live": "drive an avatar and outputs from a camera or a video",
    "extract": "write a video's action units to CSV or Parquet",
    "replay": "play a recorded take to outputs, on its own clock",
    "export": "write a take as Live Link Face CSV, VMD, or as an animated GLB of the rig",
    "studio": "see, tune, send and record in a browser",
    "outputs": "list what --out can send to: every format, its options, an example",
    "ctl": "ask something of a run that is going on: recentre, pause, record, set …",
    "settings": "list every option of the tree: its range, its default, what it does",
    "calibrate": "learn a person's neutral and extremes",
    "rig": "inspect a rig: its targets and the AUs that they cover",
    "synth": "render synthetic faces with known AUs, to train and to test on",
    "data": "check a folder of labelled faces; prepare it for training",
    "analyze": "agreement of coders, occurrence, intensity and correlation of AUs",
    "train": "train the AU model from a recipe, or the tables of the FEAFA+ paper",
    "model": "export a trained run, or stamp somebody's ONNX model, for live --model",
    "evaluate": "score a model on faces that it never saw",
    "bench": "measure speed and memory, beside a peer",
    "doctor": "say what works on this machine",
}
"""Command → what it does; the module of that name in this folder has its ``COMMANDS``."""

FAILED = 2
"""Exit code of an error that the user can mend."""

INTERRUPTED = 130

Actions = Mapping[str, type[Any]]
"""The dataclasses of a command by action; "" is that of no action."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    _set_up_logging(debug=debug)
    try:
        return _run(words)
    except FacedriveError as error:
        if debug:
            raise
        print(f"facedrive: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _run(words: list[str]) -> int:
    if words == ["--version"]:
        print(f"facedrive {__version__}")
        return 0
    if not words or words[0] in ("--help", "-h"):
        print(_overview())
        return 0 if words else FAILED
    name, *rest = words
    if name not in COMMANDS:
        raise UsageError(f"no command '{name}'.{guess(name, COMMANDS)} See facedrive --help.")
    actions: Actions = importlib.import_module(f"facedrive.cli.{name}").COMMANDS
    return _carry_out(_ask(name, actions, rest))


def _ask(name: str, actions: Actions, words: list[str]) -> Asked:
    """Read the command line of a command or of one of its actions."""
    if words and words[0] in actions and words[0]:
        return _read(f"facedrive {name} {words[0]}", actions[words[0]], words[1:])
    if "" in actions:
        return _read(f"facedrive {name}", actions[""], words, sorted(set(actions) - {""}))
    if words and words[0] in ("--help", "-h"):
        print(_actions(name, actions))
        raise SystemExit(0)
    asked = f"'{words[0]}' is none" if words else "none is given"
    near = guess(words[0], actions) if words else ""
    raise UsageError(f"facedrive {name} takes an action, {' or '.join(actions)}; {asked}.{near}")


def _read(
    prog: str, declaration: type[Any], words: list[str], actions: Sequence[str] = ()
) -> Asked:
    about, rest = describe(declaration)
    if actions:
        others = ", ".join(f"{prog} {action} --help" for action in actions)
        rest = f"{rest}\n\nSee also: {others}".strip()
    parser = Parser(prog, description=about, epilog=rest or None, allow_abbrev=False)
    add_command(parser, declaration, everything="--help-all" in words)
    return parse(
        parser, declaration, ["--help" if word == "--help-all" else word for word in words]
    )


def _carry_out(asked: Asked) -> int:
    """Show, save or do what was asked for."""
    if asked.layers is not None:
        from facedrive.cli.settings import print_layers
        from facedrive.settings import save_settings

        if asked.show:
            print_layers(asked.layers)
            return 0
        if asked.save is not None:
            save_settings(asked.layers.settings(), asked.save)
    return int(asked.command.run() or 0)


def _overview() -> str:
    """Return the help of the whole command."""
    lines = [f"  {name:<11}{about}" for name, about in COMMANDS.items()]
    return "\n".join(
        (
            "usage: facedrive COMMAND …",
            "",
            "A face in front of a camera drives an avatar, through the 24 FEAFA+ action units.",
            "",
            *lines,
            "",
            "facedrive COMMAND --help tells a command's options; facedrive --version the version.",
        )
    )


def _actions(name: str, actions: Actions) -> str:
    lines = [f"  {action:<11}{describe(each)[0]}" for action, each in actions.items()]
    return "\n".join((f"usage: facedrive {name} ACTION …", "", *lines))


def _set_up_logging(*, debug: bool) -> None:
    logging.basicConfig(
        level=logging.DEBUG if debug else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s" if debug else "facedrive: %(message)s",
    )
    logging.getLogger("facedrive").setLevel(logging.DEBUG if debug else logging.INFO)
