"""The errors that facedrive raises; each message names the thing, what it got and the next step."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

LINE = 300
"""Characters that one line of an error or of the log may have, whatever it quotes."""

_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+(?=@)")
_SECRETS = re.compile(r"(?<=[?&])(pass|passwd|password|pwd|token)=[^&\s;,'\"]+")


class FacedriveError(Exception):
    """Base of every error that a user can mend; the CLI prints it as one line, exit code 2."""

    def __init__(self, message: str) -> None:
        """Keep the message on one line, whatever it quotes from a file."""
        super().__init__(printable(" ".join(message.split())))


class OptionError(FacedriveError):
    """An option is unknown, missing, of another type or out of range."""


class PluginError(FacedriveError):
    """A plug-in cannot be imported, lacks a method or has failed."""


class SourceError(FacedriveError):
    """A camera, video, folder or stream cannot be read."""


class ModelError(FacedriveError):
    """A model file is missing, broken or not what facedrive needs."""


class RigError(FacedriveError):
    """A rig file is broken, has no usable morph targets or does not match its targets."""


class MappingError(FacedriveError):
    """A mapping table names an unknown AU or channel, or holds a bad weight."""


class ProfileError(FacedriveError):
    """A calibration profile is missing, broken or of another version."""


class SinkError(FacedriveError):
    """An output cannot be opened or written."""


class RenderError(FacedriveError):
    """No OpenGL context, or a picture cannot be rendered."""


class DataError(FacedriveError):
    """Training or evaluation data is missing, broken or inconsistent."""


class DependencyError(FacedriveError):
    """An optional package is needed and is not installed."""


LISTED = 40
"""How many known names an error lists; of more it only guesses which was meant."""


def unknown(kind: str, name: str, known: Iterable[object]) -> str:
    """Say that ``name`` is no known ``kind``, list those there are and guess which was meant."""
    names = sorted(str(item) for item in known)
    listed = f"; there are {', '.join(names)}" if 0 < len(names) <= LISTED else ""
    return f"no {kind} '{name}'{listed}.{guess(name, names)}"


def guess(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean …?``; empty where nothing known is spelt alike."""
    names = list(known)
    last = name.rpartition(".")[2]
    near = get_close_matches(name, names, 1)
    near = near or [each for each in names if each.rpartition(".")[2] == last][:2]
    return f" Did you mean {' or '.join(near)}?" if near else ""


def one_line(text: str, limit: int = LINE) -> str:
    """Return a text as one printable line; of one that is too long the middle is left out."""
    line = printable(" ".join(text.split()))
    if len(line) < limit:
        return line
    end = limit // 3
    return f"{line[: limit - end - 4]} … {line[-end:]}"


def printable(text: str) -> str:
    """Return a text with what steers a terminal escaped, and what logs in left out."""
    if not text.isprintable():
        text = "".join(each if each.isprintable() else _escaped(each) for each in text)
    return without_credentials(text)


def without_credentials(text: str) -> str:
    """Hide the user and password of every URL in a text, and what its query logs in with."""
    return _SECRETS.sub(r"\1=…", _CREDENTIALS.sub("…", text))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
