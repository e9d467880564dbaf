"""Reads NumPy's archives, whole or not at all: a damaged one can raise a dozen kinds of errors."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import FacedriveError

BROKEN = (
    OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, MemoryError, OverflowError,
    NotImplementedError, RuntimeError, SyntaxError, TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What NumPy and ``zipfile`` raise of damaged files."""

MOST_BYTES = 2**36
"""Of all arrays of an archive, unpacked."""

Arrays = dict[str, NDArray[Any]]


def read_arrays(path: Path, error: Callable[[str], FacedriveError], said: str) -> Arrays:
    """Read every array of an .npz file.

    Args:
        path: The file.
        error: What to raise if it is missing or broken.
        said: What that says, with ``{error}`` for the reason.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(each.file_size for each in archive.infolist()) > MOST_BYTES:
                raise ValueError("it unpacks to more than 64 GB")
        with np.load(path, allow_pickle=False) as table:
            return {name: _array(table[name], name) for name in table.files}
    except BROKEN as failure:
        reason = str(failure) or type(failure).__name__
        raise error(said.format(error=reason)) from failure


def _array(found: Any, name: str) -> NDArray[Any]:
    """Return an array; a member that has lost its mark is none."""
    if not isinstance(found, np.ndarray):
        raise ValueError(f"{name} is no array")
    return found
