"""glTF 2.0, GLB and VRM: the meshes of the default scene merged into one rig."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facedrive.errors import RigError
from facedrive.rig.bones import ROLES, below, find_bones
from facedrive.rig.bonetargets import bone_targets
from facedrive.rig.cornea import open_corneas
from facedrive.rig.draco import unpacked
from facedrive.rig.glb import Document, Object, read_document
from facedrive.rig.model import (
    RGB,
    Bone,
    Eye,
    Eyes,
    Floats,
    Indices,
    Paint,
    Part,
    Rig,
    Rules,
    check_size,
    check_vertices,
    checked,
    sphere_center,
    weld_unit,
)
from facedrive.rig.primitive import Matrix, Piece, Scene, base_color, mesh_of, read_node
from facedrive.rig.vrm import (
    OVERRIDDEN,
    Bind,
    Expression,
    Look,
    expressions,
    eye_gain,
    is_vrm0,
    undrawn,
)
from facedrive.rotations import matrix_from_quaternion

MAX_PRIMITIVES = 4000
"""An avatar with each button a mesh of its own has some hundreds."""

MAX_BOUND = 1_000_000
"""Surfaces times binds."""

MOVES = {"matrix", "rotation", "scale", "translation"}
IDENTITY = np.eye(4)

HALF_TURN = np.diag([-1.0, 1.0, -1.0, 1.0])
"""About y, for models that face along -z."""


@dataclass(frozen=True)
class GltfReader:
    """Reads the default scene of a .gltf, .glb or .vrm file.

    Targets of one name move together, whichever mesh they are in. The expressions of a VRM
    are targets too, before the morph targets that they are made of.
    """

    path: Path

    def read(self) -> Rig:
        """Read the file.

        Raises:
            RigError: if it is broken, needs an unknown extension or has no morph targets.
        """
        return _load(self.path)


def _load(path: Path) -> Rig:
    document = unpacked(read_document(path))
    world, children = _walk(document)
    bones = find_bones(document, children)
    made = expressions(document)
    _check_count(document, world, sum(len(each.binds) for each in made))
    size = path.stat().st_size + sum(map(len, document.buffers))
    scene = Scene(document, size, path.parent, world, bones, {})
    pieces: list[Piece] = []
    names: set[str] = set()
    vertices = 0
    for node in world:
        read = read_node(scene, node)
        names.update(name for piece in read for name in piece.targets)
        vertices += sum(len(piece.vertices) for piece in read)
        check_size(document.name, len(names), vertices, size)
        pieces += read
    if not pieces:
        raise RigError(f"{path.name} has no meshes in its scene; export the head with it.")
    return open_corneas(checked(_merged(scene, pieces, children, made)))


def _check_count(document: Document, world: dict[int, Matrix], binds: int) -> None:
    """Refuse more surfaces, and more expressions on them, than can be read in seconds."""
    meshes = [mesh_of(document.item("nodes", node)) for node in world]
    counts = {
        mesh: len(document.sequence(document.item("meshes", mesh), "primitives"))
        for mesh in {each for each in meshes if type(each) is int}
    }
    primitives = sum(counts[mesh] for mesh in meshes if type(mesh) is int)
    if primitives > MAX_PRIMITIVES or primitives * binds > MAX_BOUND:
        raise RigError(
            f"{document.name} has {primitives} surfaces and {binds} binds of expressions; "
            f"facedrive takes up to {MAX_PRIMITIVES} surfaces: join its meshes."
        )


def _walk(document: Document) -> tuple[dict[int, Matrix], dict[int, list[int]]]:
    """Walk the scene; return (4, 4) float64 and the children of each node in it, depth first."""
    start = HALF_TURN if is_vrm0(document) else np.eye(4)
    stack = [(node, start) for node in reversed(_roots(document))]
    world: dict[int, Matrix] = {}
    children: dict[int, list[int]] = {}
    while stack:
        node, parent = stack.pop()
        item = document.item("nodes", node)
        if node in world:
            raise document.broken(f"nodes[{node}] is in the scene twice")
        world[node] = parent @ _local_matrix(document, item)
        children[node] = document.sequence(item, "children")
        stack += [(child, world[node]) for child in reversed(children[node])]
    return world, children


def _roots(document: Document) -> list[int]:
    if document.sequence(document.json, "scenes"):
        scene = document.item("scenes", document.json.get("scene", 0))
        return document.sequence(scene, "nodes")
    nodes = document.mappings(document.json, "nodes")
    children = {str(child) for node in nodes for child in document.sequence(node, "children")}
    return [index for index in range(len(nodes)) if str(index) not in children]


def _local_matrix(document: Document, node: Object) -> Matrix:
    if not MOVES & node.keys():
        return IDENTITY
    if "matrix" in node:
        return document.floats(node, "matrix", (0.0,) * 16).reshape(4, 4).T
    matrix = np.eye(4)
    rotation = document.floats(node, "rotation", (0.0, 0.0, 0.0, 1.0))
    turned = matrix_from_quaternion(rotation / (np.linalg.norm(rotation) or 1.0))
    matrix[:3, :3] = turned * document.floats(node, "scale", (1.0, 1.0, 1.0))
    matrix[:3, 3] = document.floats(node, "translation", (0.0, 0.0, 0.0))
    return matrix


def _merged(
    scene: Scene, pieces: list[Piece], children: dict[int, list[int]], made: list[Expression]
) -> Rig:
    document = scene.document
    starts = np.cumsum([0, *(len(piece.vertices) for piece in pieces)])
    triangles = [piece.triangles + start for piece, start in zip(pieces, starts, strict=False)]
    targets, offsets = _targets(document, pieces, made, scene.file_bytes)
    vertices = np.concatenate([piece.vertices for piece in pieces])
    check_vertices(document.name, vertices)
    parts = _parts(pieces)
    posed = bone_targets(_bones(scene, pieces), vertices)
    textured = any(part.texture is not None for part in parts)
    return Rig(
        name=document.name,
        vertices=vertices,
        triangles=np.concatenate(triangles).astype(np.int32),
        colors=np.concatenate([piece.colors for piece in pieces]),
        targets=(*targets, *posed),
        offsets=np.concatenate([offsets, np.stack(list(posed.values()))]) if posed else offsets,
        parts=parts,
        smooth=_welded(vertices, np.concatenate([piece.normals for piece in pieces])),
        uv=np.concatenate([piece.uv for piece in pieces]) if textured else None,
        eyes=_eyes(scene, pieces, vertices, children),
        head=_head(scene, pieces, offsets),
        rules=_rules(made, (*targets, *posed)),
        paints=_paints(document, pieces, made, targets),
        undrawn=undrawn(document),
    )


def _paints(
    document: Document, pieces: list[Piece], made: list[Expression], targets: tuple[str, ...]
) -> tuple[Paint, ...]:
    """Return what expressions do to the surfaces of materials."""
    rows = {name: row for row, name in enumerate(targets)}
    looking = [each for each in made if each.looks]
    paints: list[Paint] = []
    first = 0
    for part, piece in enumerate(pieces):
        vertices = slice(first, first + len(piece.vertices))
        first = vertices.stop
        paints += [Paint(rows[each.name], part, vertices, *_added(document, piece, look))
                   for each in looking for look in each.looks
                   if look.material == piece.material]  # fmt: skip
    return tuple(paints)


def _added(document: Document, piece: Piece, look: Look) -> tuple[Floats, Floats, Floats, RGB]:
    """Return what a look adds to a piece's colours, places in the texture and own light."""
    added, light = np.zeros(4, np.float32), np.zeros(3)
    if look.color is not None:
        change = np.subtract(look.color, base_color(document, look.material))
        added = (piece.plain * change).astype(np.float32)
    if look.emission is not None:
        light = np.subtract(look.emission, piece.part.emission)
    scale, offset = np.array(look.scale, np.float32), np.array(look.offset, np.float32)
    return added, scale, offset, (float(light[0]), float(light[1]), float(light[2]))


def _head(scene: Scene, pieces: list[Piece], offsets: Floats) -> Bone | None:
    """Return the head's bone, if it moves the face; a hat's does not."""
    if "head" not in scene.bones.nodes:
        return None
    share = np.concatenate([piece.shares[ROLES.index("head")] for piece in pieces])
    reach = (offsets.max(axis=0, initial=0.0) - offsets.min(axis=0, initial=0.0)).max(axis=1)
    with_face = float(share @ reach) if reach.any() else float(share.max(initial=0))
    if with_face <= 0.5 * float(reach.sum()) or not share.any():
        return None
    return Bone(scene.world[scene.bones.nodes["head"]][:3, 3].astype(np.float32), share)


def _parts(pieces: list[Piece]) -> tuple[Part, ...]:
    ends = np.cumsum([len(piece.triangles) for piece in pieces])
    return tuple(
        replace(piece.part, triangles=slice(int(end) - len(piece.triangles), int(end)))
        for piece, end in zip(pieces, ends, strict=True)
    )


def _bones(scene: Scene, pieces: list[Piece]) -> dict[str, Bone]:
    """Return the bones of jaw and lids that move anything; lids turn about their eye."""
    bones = {}
    eyes = dict(zip(("left", "right"), scene.bones.eyes or (), strict=False))
    for row, role in enumerate(ROLES):
        if role == "head" or role not in scene.bones.nodes:
            continue
        node = eyes.get(role.partition("_")[0], scene.bones.nodes[role])
        pivot = scene.world.get(node, scene.world[scene.bones.nodes[role]])[:3, 3]
        share = np.concatenate([piece.shares[row] for piece in pieces])
        if share.any():
            bones[role] = Bone(pivot.astype(np.float32), share)
    return bones


def _rules(made: list[Expression], targets: tuple[str, ...]) -> Rules | None:
    """Return what VRM's expressions say of one another, if anything."""
    if not any(each.binary or each.overrides for each in made):
        return None
    rows = {name: row for row, name in enumerate(targets)}
    binary = np.zeros(len(targets), bool)
    held = {how: np.zeros((len(targets), len(targets)), np.float32) for how in ("block", "blend")}
    for each in made:
        binary[rows[each.name]] = each.binary
        for kind, how in each.overrides.items():
            names = [rows[name] for name in OVERRIDDEN[kind] if name in rows and name != each.name]
            held[how][rows[each.name], names] = 1
    return Rules(binary, held["block"], held["blend"])


def _targets(
    document: Document, pieces: list[Piece], made: list[Expression], file_bytes: int
) -> tuple[tuple[str, ...], Floats]:
    """Return names and (T, V, 3) offsets: expressions first, then morph targets by name."""
    names = [expression.name for expression in made]
    names += [name for piece in pieces for name in piece.targets]
    unique = tuple(dict.fromkeys(names))
    count = sum(len(piece.vertices) for piece in pieces)
    check_size(document.name, len(unique), count, file_bytes)
    rows = {name: row for row, name in enumerate(unique)}
    binds: dict[int, list[tuple[int, Bind]]] = {}
    for expression in made:
        for bind in expression.binds:
            binds.setdefault(bind.mesh, []).append((rows[expression.name], bind))
    taken = {expression.name for expression in made}
    offsets = np.zeros((len(unique), count, 3), np.float32)
    first = 0
    for piece in pieces:
        block = offsets[:, first : first + len(piece.vertices)]
        _add_offsets(block, piece, rows, taken, binds.get(piece.mesh, []))
        first += len(piece.vertices)
    return unique, offsets


def _add_offsets(
    block: Floats,
    piece: Piece,
    rows: dict[str, int],
    taken: set[str],
    binds: list[tuple[int, Bind]],
) -> None:
    """Add up a piece's (T, n, 3); ``binds`` are those to its mesh, each with its row."""
    for name, offset in zip(piece.targets, piece.offsets, strict=True):
        if name not in taken:
            block[rows[name]] += offset
    for row, bind in binds:
        # A primitive may have fewer targets than the mesh is said to have, or none.
        if bind.target < len(piece.offsets):
            block[row] += np.float32(bind.weight) * piece.offsets[bind.target]


def _welded(vertices: Floats, normals: Floats) -> Indices:
    """Give vertices at one place with one normal the same number: one point of the surface."""
    places = vertices / weld_unit(vertices) * 1e6
    keys = np.concatenate([places, normals * 1e3], axis=1, dtype=np.float64)
    if not np.isfinite(keys).all():
        return np.arange(len(vertices), dtype=np.int32)
    _, points = np.unique(np.round(keys), axis=0, return_inverse=True)
    return points.reshape(-1).astype(np.int32)


def _eyes(
    scene: Scene, pieces: list[Piece], vertices: Floats, children: dict[int, list[int]]
) -> Eyes | None:
    nodes = scene.bones.eyes
    if nodes is None or not set(nodes) <= set(scene.world):
        return None
    owners = np.concatenate([piece.owners for piece in pieces])
    left, right = (_eye(scene, node, owners, vertices, children) for node in nodes)
    if left is None or right is None:
        return None
    return Eyes(left, right, eye_gain(scene.document))


def _eye(
    scene: Scene,
    node: int,
    owners: Indices,
    vertices: Floats,
    children: dict[int, list[int]],
) -> Eye | None:
    """Take the vertices that the node or one below it moves; a bone is their pivot."""
    members = np.flatnonzero(np.isin(owners, below(children, node))).astype(np.int32)
    if not len(members):
        return None
    if "mesh" in scene.document.item("nodes", node):
        return Eye(members, sphere_center(vertices[members]))
    return Eye(members, scene.world[node][:3, 3].astype(np.float32))
