"""Checkpoints that a kill, a full disk or another recipe cannot spoil."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import torch

from facedrive.errors import DataError
from facedrive.files import write_whole


def save_checkpoint(path: Path, values: dict[str, Any]) -> None:
    """Write a checkpoint whole or not at all.

    Raises:
        DataError: if it cannot be written; what was there before is still there.
    """
    content = io.BytesIO()  # a disk that fills up while torch writes would be a RuntimeError
    torch.save(values, content)
    kept = "the one before is kept" if path.exists() else "there is none yet"
    again = "Make room and run the same command again: it goes on from there"
    write_whole(path, content.getvalue(), DataError, f"{kept}. {again}")


def load_checkpoint(path: Path, identity: dict[str, str]) -> dict[str, Any] | None:
    """Read a checkpoint; None if there is none.

    Args:
        path: Where ``save_checkpoint`` put it.
        identity: What it must have been saved with, by name: its recipe, data and fold.

    Raises:
        DataError: if it is broken or differs in one of these.
    """
    if not path.exists():
        return None
    try:
        saved = dict(torch.load(path, weights_only=True, map_location="cpu"))
    except (OSError, RuntimeError, EOFError, TypeError, pickle.UnpicklingError) as error:
        raise DataError(f"{path} is no whole checkpoint: {error}; delete it.") from error
    for name, value in identity.items():
        if saved.get(name) != value:
            raise DataError(
                f"{path} is of another {name}; name another --output, or delete the folder."
            )
    return saved
