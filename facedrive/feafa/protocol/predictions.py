"""What a trained fold says of its test videos, kept in a file with the labels."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from facedrive.arrays import read_arrays
from facedrive.errors import DataError
from facedrive.feafa.protocol.prepared import Prepared, Rows
from facedrive.files import whole_file
from facedrive.training.run.checkpoint import Origin
from facedrive.types import Vector


class Predictions(NamedTuple):
    """Answers of a network that never saw the videos, and of the constant predictor."""

    rows: Rows
    """(n,) of the prepared dataset."""
    predicted: Vector
    """(n, 24) float32, 0 to 1."""
    constant: Vector
    """(24,) float32 mean of the training labels; 0 where none is known."""


def write_predictions(path: Path, found: Predictions, data: Prepared, origin: Origin) -> None:
    """Keep predictions with their labels, and the videos and frames that they are of.

    Raises:
        DataError: if the file cannot be written.
    """
    names = np.array(data.videos)
    arrays: dict[str, Any] = {
        **found._asdict(),
        "labels": data.aus[found.rows],
        "video": names[data.video[found.rows]],
        "frame": data.frame[found.rows],
        "origin": np.array(json.dumps(asdict(origin))),
    }
    with whole_file(path, DataError, "make room and run the same command again") as file:
        np.savez_compressed(file, **arrays)


def read_predictions(path: Path, origin: Origin) -> Predictions | None:
    """Read what ``write_predictions`` kept; None if there is nothing.

    Raises:
        DataError: if the file is broken, or of another recipe, data set or fold.
    """
    if not path.exists():
        return None
    table = read_arrays(path, DataError, f"{path} is broken: {{error}}; delete its folder.")
    try:
        saved = json.loads(str(table["origin"]))
        found = Predictions(table["rows"], table["predicted"], table["constant"])
    except (KeyError, ValueError) as error:
        raise DataError(f"{path} is broken: {error}; delete its folder.") from error
    origin.check(saved, path)
    return found


def mean_labels(aus: Vector) -> Vector:
    """Return the (24,) mean over frames of the labels that are known."""
    known = np.isfinite(aus)
    total = np.where(known, aus, 0.0).sum(0)
    return np.asarray(total / np.maximum(known.sum(0), 1), dtype=np.float32)
