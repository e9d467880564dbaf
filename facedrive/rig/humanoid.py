"""Where a VRM's humanoid bones are, as Unity's apps have them: for receivers that place bones.

Specifications: VRM 0.x (extension ``VRM``) and VRM 1.0 (extension ``VRMC_vrm``), vrm-consortium. A
file of 0.x faces along -z and comes to Unity with z turned around; one of 1.0 faces along z and
comes with x turned around.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from facedrive.errors import RigError
from facedrive.rig.glb import Document, Object, read_document
from facedrive.rig.vrm import is_vrm0

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
    for bone, node in _bones(document, old):
        if bone and type(node) is int and node >= 0:  # exporters write -1 for a bone that is none
            x, y, z = _translation(document, document.item("nodes", node))
            found[bone[0].upper() + bone[1:]] = (x, y, -z) if old else (-x, y, z)
    if not found:
        raise RigError(f"{path.name} has no humanoid bones; give the avatar's .vrm.")
    return found


def _bones(document: Document, old: bool) -> Iterator[tuple[str, object]]:
    """Yield names, in camel case, and nodes."""
    extensions = document.child(document.json, "extensions")
    extension = document.child(extensions, "VRM" if old else "VRMC_vrm")
    humanoid = document.child(extension, "humanoid")
    if old:
        for each in document.mappings(humanoid, "humanBones"):
            yield str(each.get("bone", "")), each.get("node")
    else:
        for name, each in document.child(humanoid, "humanBones").items():
            yield name, document.mapping(each, name).get("node")


def _translation(document: Document, node: Object) -> Place:
    if "matrix" in node:
        values = document.floats(node, "matrix", (0.0,) * 16)[12:15]
    else:
        values = document.floats(node, "translation", (0.0,) * 3)
    x, y, z = values.tolist()
    return x, y, z
