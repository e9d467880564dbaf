"""The prepared cache: aligned crops on disk with their labels, read without decoding anything."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError
from facedrive.trackers.align import CropSpec
from facedrive.types import Image, Vector

CROP = CropSpec(size=256, padding=0.4143)
"""A random 224-pixel part of it is trained on (paper, section 4.2); the middle one shows what the
live crop shows, 2 outer-eye-corner distances."""

VERSION = 1
CROPS, LABELS, MANIFEST = "crops.npy", "labels.npz", "manifest.json"


@dataclass(frozen=True)
class Prepared:
    """N faces of V videos, ordered by video and frame."""

    crops: Image
    """(N, S, S) uint8 grayscale, aligned as ``spec`` says; memory-mapped, read-only."""
    aus: Vector
    """(N, 24) float32, 0 to 1, three decimals; NaN where the dataset does not label that AU."""
    video: NDArray[np.int32]
    """(N,) index into ``videos``."""
    frame: NDArray[np.int32]
    """(N,) the frame's number in its video."""
    videos: tuple[str, ...]
    """(V,) names, each once."""
    subjects: tuple[str, ...]
    """(V,) whom each video shows."""
    parts: tuple[str, ...]
    """(V,) ``posed`` or ``spontaneous``."""
    spec: CropSpec

    def __len__(self) -> int:
        return len(self.frame)


def load_prepared(folder: Path) -> Prepared:
    """Open a cache that ``facedrive data prepare`` filled.

    Raises:
        DataError: if it is missing, unfinished, broken or of another version.
    """
    manifest = read_manifest(folder)
    try:
        crops = np.load(folder / CROPS, mmap_mode="r")
        with np.load(folder / LABELS) as table:
            aus, video, frame = table["aus"], table["video"], table["frame"]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{folder} is no whole cache: {error}. Delete it and prepare.") from error
    videos, spec = manifest["videos"], CropSpec(**manifest["crop"])
    if crops.shape != (len(frame), spec.size, spec.size) or len(aus) != len(frame):
        raise DataError(
            f"{folder} holds crops {crops.shape} for {len(frame)} labels; delete it and prepare."
        )
    return Prepared(
        crops,
        aus,
        video,
        frame,
        tuple(str(each["name"]) for each in videos),
        tuple(str(each["subject"]) for each in videos),
        tuple(str(each["part"]) for each in videos),
        spec,
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read what a finished cache says about itself.

    Raises:
        DataError: if there is none, or it is of another version.
    """
    path = folder / MANIFEST
    try:
        manifest = dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise DataError(
            f"{folder} is no finished cache; make it with: facedrive data prepare DIR "
            f"--cache {folder}"
        ) from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    if manifest.get("version") != VERSION:
        raise DataError(
            f"{path} is of version {manifest.get('version')}; facedrive needs {VERSION}. "
            f"Delete {folder} and prepare it again."
        )
    return manifest
