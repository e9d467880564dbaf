"""What VRM 0.x and 1.0 add to glTF: named expressions, eye bones and how far eyes turn.

Specifications: VRM 0.x (extension ``VRM``) and VRM 1.0 (extension ``VRMC_vrm``), vrm-consortium.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from facedrive.errors import RigError
from facedrive.rig.glb import Document, Object

EYE_NODES = {
    "left": {
        "leye", "eyel", "ccbaseleye", "bipleye", "lefteyeball", "eyeballleft",
        "defeyel", "facialleye", "左目",
    },
    "right": {
        "reye", "eyer", "ccbasereye", "bipreye", "righteyeball", "eyeballright",
        "defeyer", "facialreye", "右目",
    },
}  # fmt: skip
"""How exporters without VRM name the nodes of eyeballs, punctuation and case aside; a name that
ends in LeftEye or EyeLeft is one too."""

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

OVERRIDDEN = {
    "Blink": ("blink", "blinkLeft", "blinkRight"),
    "LookAt": ("lookUp", "lookDown", "lookLeft", "lookRight"),
    "Mouth": ("aa", "ih", "ou", "ee", "oh"),
}
"""The expressions that another may hold back, by VRM 1.0's name for that."""


MAX_BINDS = 20_000
"""Of expressions to morph targets; avatars have some hundreds."""


class Bind(NamedTuple):
    """One morph target's share in an expression."""

    mesh: int
    target: int
    """Index into the mesh's morph targets."""
    weight: float
    """0 to 1."""


class Look(NamedTuple):
    """What an expression does to a material."""

    material: int
    color: tuple[float, ...] | None = None
    """Linear RGB and alpha that it gets; None leaves it."""
    emission: tuple[float, ...] | None = None
    """Linear RGB of the light of its own that it gets; None leaves it."""
    scale: tuple[float, ...] = (1.0, 1.0)
    offset: tuple[float, ...] = (0.0, 0.0)
    """What its texture coordinates are multiplied by, and what is then added, v down."""


ColorBind = tuple[int, str, tuple[float, ...]]
"""A material, which colour of it, by VRM 1.0's name, and its four numbers."""


class Expression(NamedTuple):
    """A named pose of the face, made of morph targets, colours and places in textures."""

    name: str
    binds: tuple[Bind, ...]
    binary: bool = False
    """Whether it is either off or on, on above a half."""
    overrides: dict[str, str] = {}  # noqa: RUF012
    """Of ``OVERRIDDEN``, what it holds back: ``block``, or ``blend`` for as much as it is on."""
    looks: tuple[Look, ...] = ()


def is_vrm0(document: Document) -> bool:
    """Tell whether the file is VRM 0.x, whose models face along -z."""
    return bool(_vrm0(document))


def expressions(document: Document) -> list[Expression]:
    """List the expressions of either version; those that change nothing are left out."""
    _check_binds(document)
    found = _expressions0(document) + _expressions1(document)
    return [each for each in found if each.name and (each.binds or each.looks)]


def human_bones(document: Document) -> dict[str, int]:
    """Return the nodes of VRM's humanoid bones, such as ``head``, that are in the file."""
    humanoid0 = document.child(_vrm0(document), "humanoid")
    bones = [
        (str(bone.get("bone")), bone.get("node"))
        for bone in document.mappings(humanoid0, "humanBones")
    ]
    humanoid1 = document.child(_vrm1(document), "humanoid")
    for name, bone in document.child(humanoid1, "humanBones").items():
        if isinstance(bone, dict):
            bones.append((name, bone.get("node")))
    count = len(document.sequence(document.json, "nodes"))
    return {name: node for name, node in bones if type(node) is int and 0 <= node < count}


def eye_nodes(document: Document) -> tuple[int, int] | None:
    """Return the nodes that turn with the left and the right eye, None without both."""
    if _vrm0(document) or _vrm1(document):
        human = human_bones(document) if _turns_bones(document) else {}
        found = {side: human[f"{side}Eye"] for side in EYE_NODES if f"{side}Eye" in human}
    else:
        found = _eye_names(document)
    if set(found) != {"left", "right"}:
        return None
    return found["left"], found["right"]


def _turns_bones(document: Document) -> bool:
    """Tell whether the gaze turns bones; it may move targets instead."""
    person = document.child(_vrm0(document), "firstPerson")
    look_at = document.child(_vrm1(document), "lookAt")
    kinds = person.get("lookAtTypeName", "Bone"), look_at.get("type", "bone")
    return kinds == ("Bone", "bone")


def _check_binds(document: Document) -> None:
    """Refuse more binds than can be read in a second."""
    table = document.child(_vrm1(document), "expressions")
    named = document.child(table, "preset") | document.child(table, "custom")
    groups = _objects(document.child(_vrm0(document), "blendShapeMaster"), "blendShapeGroups")
    lists = [group.get(kind) for group in groups for kind in ("binds", "materialValues")]
    kinds = ("morphTargetBinds", "materialColorBinds", "textureTransformBinds")
    lists += [each.get(kind) for each in named.values() if isinstance(each, dict)
              for kind in kinds]  # fmt: skip
    count = sum(len(binds) for binds in lists if isinstance(binds, list))
    if count > MAX_BINDS:
        raise RigError(
            f"{document.name} has {count} binds of expressions; facedrive takes up to {MAX_BINDS}."
        )


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
    for group in _objects(master, "blendShapeGroups"):
        preset = str(group.get("presetName", "")).lower()
        name = PRESETS0.get(preset, str(group.get("name") or preset))
        binds = (
            _bind(document, bind.get("mesh"), bind.get("index"), bind.get("weight", 100.0), 100.0)
            for bind in _objects(group, "binds")
        )
        known = tuple(bind for bind in binds if bind is not None)
        binary = bool(group.get("isBinary", False))
        found.append(Expression(name, known, binary, looks=_looks0(document, group)))
    return found


def _expressions1(document: Document) -> list[Expression]:
    table = document.child(_vrm1(document), "expressions")
    named = document.child(table, "preset") | document.child(table, "custom")
    found = []
    for name, expression in named.items():
        if not isinstance(expression, dict):
            continue
        overrides = {
            kind: str(expression.get(f"override{kind}"))
            for kind in OVERRIDDEN
            if expression.get(f"override{kind}") in ("block", "blend")
        }
        binary = bool(expression.get("isBinary", False))
        binds, looks = _binds1(document, expression), _looks1(document, expression)
        found.append(Expression(str(name), binds, binary, overrides, looks))
    return found


def _binds1(document: Document, expression: Object) -> tuple[Bind, ...]:
    nodes = document.sequence(document.json, "nodes")
    binds = []
    for bind in _objects(expression, "morphTargetBinds"):
        number = bind.get("node")
        node = nodes[number] if type(number) is int and 0 <= number < len(nodes) else None
        mesh = node.get("mesh") if isinstance(node, dict) else None
        binds.append(_bind(document, mesh, bind.get("index"), bind.get("weight", 1.0), 1.0))
    return tuple(bind for bind in binds if bind is not None)


def _looks1(document: Document, expression: Object) -> tuple[Look, ...]:
    """Return what an expression of VRM 1.0 does to materials that facedrive draws."""
    count = len(document.sequence(document.json, "materials"))
    looks = _drawn(document, _colors1(document, expression))
    for bind in _objects(expression, "textureTransformBinds"):
        if _is_row(bind.get("material"), count):
            scale = _numbers(bind.get("scale"), 2) or (1.0, 1.0)
            offset = _numbers(bind.get("offset"), 2) or (0.0, 0.0)
            looks.append(Look(bind["material"], scale=scale, offset=offset))
    return tuple(looks)


def _colors1(document: Document, expression: Object) -> Iterator[ColorBind]:
    count = len(document.sequence(document.json, "materials"))
    for bind in _objects(expression, "materialColorBinds"):
        color = _numbers(bind.get("targetValue"), 4)
        if color and _is_row(bind.get("material"), count):
            yield bind["material"], str(bind.get("type")), color


def _looks0(document: Document, group: Object) -> tuple[Look, ...]:
    """Return what an expression of VRM 0.x does to materials that facedrive draws."""
    values = list(_values0(document, group))
    looks = _drawn(document, _colors0(values))
    looks += [Look(row, None, None, *_unity_place(kind, place)) for row, kind, place in values
              if kind.startswith(PLACE0)]  # fmt: skip
    return tuple(looks)


def _values0(document: Document, group: Object) -> Iterator[ColorBind]:
    """Yield what a group of VRM 0.x gives materials, under Unity's names."""
    materials = document.mappings(document.json, "materials")
    for bind in _objects(group, "materialValues"):
        values = _numbers(bind.get("targetValue"), 4)
        for row, each in enumerate(materials):
            if values and each.get("name") == bind.get("materialName"):
                yield row, str(bind.get("propertyName")), values


def _colors0(values: Iterable[ColorBind]) -> Iterator[ColorBind]:
    """Leave places in textures out, and name colours as VRM 1.0 does: ``_RimColor`` is rimColor."""
    for row, kind, color in values:
        if not kind.startswith(PLACE0):
            plain = kind.removeprefix("_")
            yield row, plain[:1].lower() + plain[1:], color


def _drawn(document: Document, binds: Iterable[ColorBind]) -> list[Look]:
    looks = (_look(document, *bind) for bind in binds)
    return [look for look in looks if look is not None]


def _look(document: Document, material: int, kind: str, color: tuple[float, ...]) -> Look | None:
    """Return what a bind of a colour does; None where facedrive does not draw it."""
    if kind == "color":
        return Look(material, color)
    if kind == "emissionColor" and "emissiveTexture" not in document.item("materials", material):
        return Look(material, emission=color[:3])
    return None


def undrawn(document: Document) -> tuple[str, ...]:
    """Name what expressions change and facedrive does not draw: colours of toon shaders."""
    master = document.child(_vrm0(document), "blendShapeMaster")
    table = document.child(_vrm1(document), "expressions")
    named = document.child(table, "preset") | document.child(table, "custom")
    binds = [
        *(bind for group in _objects(master, "blendShapeGroups")
          for bind in _colors0(_values0(document, group))),
        *(bind for each in named.values() if isinstance(each, dict)
          for bind in _colors1(document, each)),
    ]  # fmt: skip
    return tuple(sorted({bind[1] for bind in binds if _look(document, *bind) is None}))


def _unity_place(kind: str, values: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
    """Return scale and offset, v down, of Unity's, which has v up, or of one axis of them."""
    across, down = not kind.endswith("_T"), not kind.endswith("_S")
    scale = (values[0] if across else 1.0, values[1] if down else 1.0)
    offset = (values[2] if across else 0.0, values[3] if down else 0.0)
    return scale, (offset[0], 1.0 - scale[1] - offset[1])


def _is_row(number: object, count: int) -> bool:
    return type(number) is int and 0 <= number < count


def _numbers(values: object, count: int) -> tuple[float, ...] | None:
    """Return so many finite numbers; None for anything else."""
    if not isinstance(values, list) or len(values) != count:
        return None
    if not all(type(each) in (int, float) and abs(each) < LIMIT for each in values):
        return None
    return tuple(float(each) for each in values)


PLACE0 = "_MainTex_ST"
"""What Unity calls the place in a texture, whole or one axis of it."""

LIMIT = 1e6
"""Of a colour, or of a place in a texture."""


def _bind(
    document: Document, mesh: object, target: object, weight: object, full: float
) -> Bind | None:
    """Return a bind, or None for one that binds nothing: exporters write -1 and null."""
    meshes = len(document.sequence(document.json, "meshes"))
    if type(mesh) is not int or type(target) is not int or not 0 <= mesh < meshes or target < 0:
        return None
    return Bind(mesh, target, document.number({"weight": weight}, "weight", full) / full)


def _objects(parent: Object, key: str) -> list[Object]:
    """List the objects under ``key``, leaving out what is none: exporters write null."""
    values = parent.get(key)
    return (
        [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
    )


def _eye_names(document: Document) -> dict[str, int]:
    """Find eyes by the names of nodes, in files that are not VRM."""
    found: dict[str, int] = {}
    for index, node in enumerate(document.mappings(document.json, "nodes")):
        name = re.sub(r"[\W\d_]", "", str(node.get("name", "")).lower())
        for side, names in EYE_NODES.items():
            if name in names or name.endswith((f"{side}eye", f"eye{side}")):
                found.setdefault(side, index)
    return found
