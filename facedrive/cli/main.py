"""The ``facedrive`` command: finds the subcommand, loads only its file, says errors in a line."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from errno import EMFILE
from typing import Any, NoReturn

from facedrive import __version__
from facedrive.cli.log import set_up_logging
from facedrive.cli.parse import Asked, Parser, UsageError, add_command, describe, parse
from facedrive.ending import Ended, heard, leave
from facedrive.errors import LINE, FacedriveError, guess, one_line

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
    "cameras": "list cameras by name, with their formats, sizes and rates",
    "rig": "inspect a rig: its targets and the AUs that they cover",
    "synth": "render synthetic faces with known AUs, to train and to test on",
    "data": "check a folder of labelled faces; prepare it for training",
    "annotate": "label videos by key frames; agreement, checks, exports",
    "compare": "agreement of two extracts of the same clips, and of each with the truth",
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
"""Exit code of Ctrl-C."""

Actions = Mapping[str, type[Any]]
"""The dataclasses of a command by action; "" is that of no action."""


def entry() -> NoReturn:
    """Run the command of this process, and end it with its exit code."""
    leave(main())


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    _speak_to_any_terminal()
    set_up_logging(debug=debug)
    try:
        with heard():
            code = _run(words)
            if sys.stdout is not None:  # as where it was closed
                sys.stdout.flush()
        return code
    except Ended as ended:
        _tell(f"ended by {ended.name}.")
        return ended.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # who reads has enough
        return 0
    except Exception as error:  # the last there is: one line in place of a traceback
        if debug:
            raise
        _tell(_line(error))
        return FAILED


def _line(error: Exception) -> str:
    """Say what failed, and for what is nobody's mistake but ours, what to do about it."""
    if isinstance(error, FacedriveError):
        return str(error)
    if isinstance(error, MemoryError):
        return "out of memory; close other programs, or give facedrive less at a time."
    if isinstance(error, OSError):
        advice = "; close other programs, or raise ulimit -n" if error.errno == EMFILE else ""
        return f"{_named(error)}{error.strerror or error}{advice}."
    what = f"{type(error).__name__}: {one_line(str(error), 150)}"
    return f"an error that facedrive did not expect, {what}; --debug shows where. Please report it."


def _named(error: OSError) -> str:
    return f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""


def _tell(line: str) -> None:
    print(f"facedrive: {one_line(line, LINE - len('facedrive: '))}", file=sys.stderr)


def _speak_to_any_terminal() -> None:
    """Escape the letters that a terminal does not have, instead of failing on them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


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
