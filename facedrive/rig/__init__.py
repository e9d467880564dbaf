"""Rigs: files with a neutral head and morph targets, read into one ``Rig``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facedrive.errors import RigError, unknown
from facedrive.files import is_file
from facedrive.registry import Registry, is_dotted
from facedrive.rig.model import Eye, Eyes, Part, Rig, RigReader

__all__ = ["RIG_READERS", "SUFFIXES", "Eye", "Eyes", "Part", "Rig", "default_rig", "load"]

RIG_READERS: Registry[RigReader] = Registry(
    "rig reader",
    {
        ".glb": "facedrive.rig.gltf:GltfReader",
        ".gltf": "facedrive.rig.gltf:GltfReader",
        ".obj": "facedrive.rig.obj:ObjReader",
        ".vrm": "facedrive.rig.gltf:GltfReader",
    },
    ("read",),
    RigError,
)
"""Suffix of a file → what reads it."""

SUFFIXES = tuple(RIG_READERS)


def load(path: str | Path, targets: str | Path | None = None) -> Rig:
    """Read a rig from an OBJ, glTF, GLB or VRM file, or by a plug-in.

    Args:
        path: a file, or ``package.module:Class?option=value``.
        targets: the folder of an OBJ's target OBJs; without it, the folder beside the file
            that has its name without the suffix.

    Raises:
        RigError: if the file is missing, broken or has no morph targets.
    """
    reader = _open_reader(str(path), None if targets is None else Path(targets))
    # Numbers too large for float32 become infinite, and those are refused by name.
    with np.errstate(over="ignore", invalid="ignore"):
        return reader.read()


def _open_reader(name: str, targets: Path | None) -> RigReader:
    if is_dotted(name.partition("?")[0]):
        return RIG_READERS.open(name)
    path = Path(name)
    suffix = path.suffix.lower()
    if suffix not in RIG_READERS:
        raise RigError(f"{path}: {unknown('rig format', suffix, RIG_READERS)}")
    if not is_file(path):
        raise RigError(f"{path} is no file; give the path of an OBJ, glTF, GLB or VRM rig.")
    return RIG_READERS.open(suffix, path=path, targets=targets)


def default_rig() -> Path:
    """Return where our rig lies: inside an installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "rigs" / "basic.obj"
    return installed if installed.exists() else package.parent / "rigs" / "basic.obj"
