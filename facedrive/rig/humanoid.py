"""Where a VRM's humanoid bones are, as Unity's apps have them: for receivers that place bones.

Specifications: VRM 0.x (extension ``VRM``) and VRM 1.0 (extension ``VRMC_vrm``), vrm-consortium. A
file of 0.x faces along -z and comes to Unity with z turned around; one of 1.0 faces along z and
comes with x turned around.
"""

from __future__ import annotations

from pathlib import Path

from facedrive.errors import RigError
from facedrive.rig.glb import Document, Object, read_document
from facedrive.rig.vrm import human_bones, is_vrm0

Place = tuple[float, float, float]
"""Metres below the parent, in Unity's axes: x right, y up, z forward."""


def bone_places(path: Path) -> dict[str, Place]:
    """Return the local places of a VRM's bones at rest, by Unity's names such as ``Head``.

    Raises:
        RigError: if the file is missing or broken, or is no avatar with humanoid bones.
    """
    document = read_document(path)
    old = is_vrm0(document)
    found = {}
    for bone, node in human_bones(document).items():
        x, y, z = _translation(document, document.item("nodes", node))
        found[bone[:1].upper() + bone[1:]] = (x, y, -z) if old else (-x, y, z)
    if not found:
        raise RigError(f"{path.name} has no humanoid bones; give the avatar's .vrm.")
    return found


def _translation(document: Document, node: Object) -> Place:
    if "matrix" in node:
        values = document.floats(node, "matrix", (0.0,) * 16)[12:15]
    else:
        values = document.floats(node, "translation", (0.0,) * 3)
    x, y, z = values.tolist()
    return x, y, z
