"""Finds the bones of a face: by the roles that VRM gives them, else by their names."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facedrive.mappings.names import SIDES, WORDS
from facedrive.rig.glb import Document
from facedrive.rig.vrm import eye_nodes, human_bones

HEAD = re.compile(r"(?<!fore)(?<!over)head$|^kopf$|^頭$")
JAW = re.compile(r"^(?!.*(upper|end|top|tip)).*(jaw|mandible|^あご$|^顎$)")
LID = re.compile(r"eyelid|(?<!so)lid[tb]?$|lid(top|bottom|upper|lower|up|low)")
LOWER = re.compile(r"low|bottom|bot|lidb")
LIDS = tuple(f"{side}_{which}_lid" for side in ("left", "right") for which in ("upper", "lower"))
ROLES = ("head", "jaw", *LIDS)


class Bones(NamedTuple):
    """Nodes with a part in a face, by role; those of ``ROLES`` that a rig has, and its eyes."""

    nodes: dict[str, int]
    """The node of each role, the highest where several are named alike."""
    members: NDArray[np.bool_]
    """(roles, nodes): whether a node is that of the role or below it; roles as in ``ROLES``."""
    eyes: tuple[int, int] | None
    """Nodes of the left and the right eye."""


def find_bones(document: Document, children: dict[int, list[int]]) -> Bones:
    """Find the bones among the nodes of the scene, given each node's children, parents first."""
    named = _by_name(document, children)
    for role, node in human_bones(document).items():
        if role in ("head", "jaw") and node in children:
            named[role] = node
    count = len(document.sequence(document.json, "nodes"))
    members = np.zeros((len(ROLES), count), dtype=bool)
    for row, role in enumerate(ROLES):
        if role in named:
            members[row, below(children, named[role])] = True
    return Bones(named, members, eye_nodes(document))


def below(children: dict[int, list[int]], node: int) -> list[int]:
    """List a node and all under it."""
    found = [node]
    for parent in found:
        found += children[parent]
    return found


def _by_name(document: Document, children: dict[int, list[int]]) -> dict[str, int]:
    """Return the first node of the walk with each role; parents come before children."""
    joints = {
        joint
        for skin in document.mappings(document.json, "skins")
        for joint in document.sequence(skin, "joints")
        if type(joint) is int
    }
    found: dict[str, int] = {}
    for node in children:
        item = document.item("nodes", node)
        if "mesh" in item or (node not in joints and not children[node]):
            continue
        role = role_of(str(item.get("name", "")))
        if role is not None:
            found.setdefault(role, node)
    return found


def role_of(name: str) -> str | None:
    """Tell a bone's role by its name, such as ``mixamorig:Head`` or ``lid.T.L``."""
    plain = re.sub(r"[\W\d_]", "", name.lower())
    if HEAD.search(plain):
        return "head"
    if JAW.search(plain):
        return "jaw"
    side = _side(name)
    if side is None or not LID.search(re.sub(r"(left|right)", "", _without_side(plain, name))):
        return None
    which = "lower" if LOWER.search(_without_side(plain, name)) else "upper"
    return f"{side}_{which}_lid"


def _side(name: str) -> str | None:
    sides = [SIDES[word.lower()] for word in WORDS.findall(name) if word.lower() in SIDES]
    return sides[-1] if sides else None


def _without_side(plain: str, name: str) -> str:
    """Drop a lone letter for the side from the end: the l of ``lid.T.L``."""
    lone = re.search(r"[\W_]([lLrR])(?:[\W_]*\d+)?$|[a-z]([LR])$", name)
    return plain[:-1] if lone else plain
