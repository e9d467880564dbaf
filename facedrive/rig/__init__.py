"""Rigs: files with a neutral head and morph targets, read into one ``Rig``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facedrive.errors import RigError, unknown
from facedrive.rig.gltf import load_gltf
from facedrive.rig.model import Eye, Eyes, Part, Rig
from facedrive.rig.obj import load_obj

__all__ = ["SUFFIXES", "Eye", "Eyes", "Part", "Rig", "load"]

SUFFIXES = (".glb", ".gltf", ".obj", ".vrm")


def load(path: str | Path, targets: str | Path | None = None) -> Rig:
    """Read a rig from an OBJ, glTF, GLB or VRM file.

    ``targets`` is the folder of an OBJ's target OBJs; without it, the folder beside the file
    that has its name without the suffix.

    Raises:
        RigError: if the file is missing, broken or has no morph targets.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise RigError(f"{path}: {unknown('rig format', suffix, SUFFIXES)}")
    if not path.is_file():
        raise RigError(f"{path} is no file; give the path of an OBJ, glTF, GLB or VRM rig.")
    # Numbers too large for float32 become infinite, and those are refused by name.
    with np.errstate(over="ignore", invalid="ignore"):
        if suffix == ".obj":
            return load_obj(path, Path(targets) if targets else path.with_suffix(""))
        return load_gltf(path)
