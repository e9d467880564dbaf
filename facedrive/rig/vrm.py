"""What VRM 0.x and 1.0 add to glTF: named expressions, eye bones and how far eyes turn.

Specifications: VRM 0.x (extension ``VRM``) and VRM 1.0 (extension ``VRMC_vrm``), vrm-consortium.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from facedrive.rig.glb import Document, Object

EYE_NODES = {
    "left": {"lefteye", "eyeleft", "leye", "eyel", "lefteyeball", "eyeballleft"},
    "right": {"righteye", "eyeright", "reye", "eyer", "righteyeball", "eyeballright"},
}
"""How exporters without VRM name the nodes of eyeballs, punctuation and case aside."""

PRESETS0 = {
    name.lower(): name
    for name in (
        *(
            "A",
            "I",
            "U",
            "E",
            "O",
            "Blink",
            "Blink_L",
            "Blink_R",
            "Joy",
            "Angry",
            "Sorrow",
        ),
        *("Fun", "LookUp", "LookDown", "LookLeft", "LookRight"),
    )
}
"""VRM 0.x files hold preset names in lower case; this is how receivers spell them."""


class Bind(NamedTuple):
    """One morph target's share in an expression."""

    mesh: int
    target: int
    """Index into the mesh's morph targets."""
    weight: float
    """0 to 1."""


class Expression(NamedTuple):
    """A named pose of the face, made of morph targets."""

    name: str
    binds: tuple[Bind, ...]


def is_vrm0(document: Document) -> bool:
    """Tell whether the file is VRM 0.x, whose models face along -z."""
    return bool(_vrm0(document))


def expressions(document: Document) -> list[Expression]:
    """List the expressions of either version; those that move no morph target are left out."""
    found = _expressions0(document) + _expressions1(document)
    return [expression for expression in found if expression.name and expression.binds]


def eye_nodes(document: Document) -> tuple[int, int] | None:
    """Return the nodes that turn with the left and the right eye, None without both."""
    bones = _eye_bones0(document) or _eye_bones1(document) or _eye_names(document)
    if set(bones) != {"left", "right"}:
        return None
    for node in bones.values():
        document.item("nodes", node)
    return bones["left"], bones["right"]


def eye_gain(document: Document) -> float:
    """Return how far eye bones turn for a turn of the gaze, by VRM's horizontal limits."""
    person = document.child(_vrm0(document), "firstPerson")
    limits = document.child(person, "lookAtHorizontalOuter")
    look_at = document.child(_vrm1(document), "lookAt")
    limits |= document.child(look_at, "rangeMapHorizontalOuter")
    given = document.number(limits, "inputMaxValue", document.number(limits, "xRange", 1.0))
    turned = document.number(limits, "outputScale", document.number(limits, "yRange", 1.0))
    return min(max(turned / given, 0.0), 1.0) if given > 0 else 1.0


def _vrm0(document: Document) -> Object:
    return document.child(document.child(document.json, "extensions"), "VRM")


def _vrm1(document: Document) -> Object:
    return document.child(document.child(document.json, "extensions"), "VRMC_vrm")


def _expressions0(document: Document) -> list[Expression]:
    master = document.child(_vrm0(document), "blendShapeMaster")
    found = []
    for group in document.mappings(master, "blendShapeGroups"):
        preset = str(group.get("presetName", "")).lower()
        name = PRESETS0.get(preset, str(group.get("name", "")))
        binds = [
            Bind(
                document.integer(bind, "mesh"),
                document.integer(bind, "index"),
                document.number(bind, "weight", 100.0) / 100.0,
            )
            for bind in document.mappings(group, "binds")
        ]
        found.append(Expression(name, tuple(binds)))
    return found


def _expressions1(document: Document) -> list[Expression]:
    table = document.child(_vrm1(document), "expressions")
    named = document.child(table, "preset") | document.child(table, "custom")
    return [
        Expression(str(name), _binds1(document, document.mapping(expression, f"'{name}'")))
        for name, expression in named.items()
    ]


def _binds1(document: Document, expression: Object) -> tuple[Bind, ...]:
    binds = []
    for bind in document.mappings(expression, "morphTargetBinds"):
        node = document.item("nodes", bind.get("node"))
        mesh, index = document.integer(node, "mesh"), document.integer(bind, "index")
        binds.append(Bind(mesh, index, document.number(bind, "weight", 1.0)))
    return tuple(binds)


def _eye_bones0(document: Document) -> dict[str, int]:
    vrm = _vrm0(document)
    if document.child(vrm, "firstPerson").get("lookAtTypeName", "Bone") != "Bone":
        return {}
    bones = document.mappings(document.child(vrm, "humanoid"), "humanBones")
    return {
        bone["bone"].removesuffix("Eye"): document.integer(bone, "node")
        for bone in bones
        if bone.get("bone") in ("leftEye", "rightEye")
    }


def _eye_bones1(document: Document) -> dict[str, int]:
    vrm = _vrm1(document)
    if document.child(vrm, "lookAt").get("type", "bone") != "bone":
        return {}
    bones = document.child(document.child(vrm, "humanoid"), "humanBones")
    return {
        side: document.integer(document.child(bones, f"{side}Eye"), "node")
        for side in ("left", "right")
        if f"{side}Eye" in bones
    }


def _eye_names(document: Document) -> dict[str, int]:
    """Find eyes by the names of nodes, in files that are not VRM."""
    if _vrm0(document) or _vrm1(document):
        return {}
    found: dict[str, int] = {}
    for index, node in enumerate(document.mappings(document.json, "nodes")):
        name = re.sub(r"[^a-z]", "", str(node.get("name", "")).lower())
        for side, names in EYE_NODES.items():
            if name in names:
                found.setdefault(side, index)
    return found
