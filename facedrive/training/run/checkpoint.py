"""Checkpoints that a kill, a full disk or another recipe cannot spoil: one format for every run.

A checkpoint is a file of ``torch.save`` that is only read with ``weights_only=True``. Beside what a
run keeps, it holds ``format``, ``version`` (of facedrive) and the fields of its ``Origin``.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from facedrive import __version__
from facedrive.errors import DataError
from facedrive.files import whole_file

FORMAT = 1
"""Of the file; one of another number is refused."""


@dataclass(frozen=True)
class Origin:
    """What the files of a run belong to."""

    recipe: str
    """The whole recipe as a JSON object."""
    seed: int
    data: str
    """Digest of the data set."""
    fold: str = ""
    """Digest of the rows that are trained on, where a run is one fold of several."""

    def check(self, saved: Mapping[str, Any], path: Path) -> None:
        """Refuse what a run of another origin saved in ``path``.

        Raises:
            DataError: if a field differs; of recipes it names the first setting that does.
        """
        for name, value in asdict(self).items():
            if saved.get(name) != value:
                thing = "data set" if name == "data" else name
                where = _difference(str(saved.get(name)), self.recipe) if name == "recipe" else ""
                raise DataError(
                    f"{path} is of another {thing}{where}; name another output, or delete it."
                )


def _difference(saved: str, now: str) -> str:
    """Say in which setting two recipes differ first; nothing where they are no JSON objects."""
    try:
        theirs, ours = dict(json.loads(saved)), dict(json.loads(now))
    except (TypeError, ValueError):
        return ""
    for name in sorted({*theirs, *ours}):
        if theirs.get(name) != ours.get(name):
            return f" ({name} is {theirs.get(name)!r} there and {ours.get(name)!r} here)"
    return ""


def save_checkpoint(path: Path, origin: Origin, values: Mapping[str, Any]) -> None:
    """Write a checkpoint whole or not at all, and wait until the disk has it.

    Args:
        path: Where; its folder is made.
        origin: What it belongs to.
        values: Tensors, numbers, texts, and lists and dictionaries of them.

    Raises:
        DataError: if it cannot be written; what was there before is still there.
    """
    whole = {"format": FORMAT, "version": __version__, **asdict(origin), **values}
    kept = "the one before is kept" if path.exists() else "there is none yet"
    advice = f"{kept}. Make room and run the same command again: it goes on from there"
    try:
        with whole_file(path, DataError, advice) as file:
            torch.save(whole, file)
    except RuntimeError as error:  # PyTorch's, where the disk does not take all of it
        raise DataError(f"{path} cannot be written whole; {advice}.") from error


def load_checkpoint(path: Path, origin: Origin) -> dict[str, Any] | None:
    """Read the checkpoint of a run; None if there is none.

    Raises:
        DataError: if it is broken, of another format or of another origin.
    """
    if not path.exists():
        return None
    saved = read_checkpoint(path)
    origin.check(saved, path)
    return saved


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint of any run, tensors on the CPU.

    Raises:
        DataError: if there is none, or it is broken or of another format.
    """
    try:
        saved = torch.load(path, weights_only=True, map_location="cpu")
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"{path} is no whole checkpoint: {reason}; delete it.") from error
    if not isinstance(saved, dict) or saved.get("format") != FORMAT:
        raise DataError(
            f"{path} is no checkpoint of format {FORMAT}; name another output, or delete it."
        )
    return saved
