"""One glTF primitive: its accessors, skin and material, read into the rig's coordinates."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facedrive.errors import RigError
from facedrive.rig.bones import Bones
from facedrive.rig.glb import Document, Object, resource
from facedrive.rig.ktx2 import can_decode
from facedrive.rig.model import DARK, RGB, Floats, Indices, Part, check_size
from facedrive.rig.pictures import Image, PictureError, decode_picture

log = logging.getLogger(__name__)

Matrix = NDArray[np.float64]

TRIANGLES = 4
NO_SURFACE = (0, 1, 2, 3)
"""Primitive modes of points and lines: nothing to draw on a head."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What primitives are read from."""

    document: Document
    file_bytes: int
    """How large the file is, which bounds what it may claim."""
    folder: Path
    """Where the file's external resources are."""
    world: dict[int, Matrix]
    """(4, 4) float64 from each node of the scene to the rig's coordinates."""
    bones: Bones
    pictures: dict[tuple[int, bool], Image]
    """Those decoded so far, by their index and whether their alpha is kept; filled as they are
    met."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One primitive of one node, in the rig's coordinates, unused vertices left out."""

    mesh: int
    vertices: Floats
    """(n, 3) float32."""
    triangles: Indices
    """(f, 3) int32."""
    normals: Floats
    """(n, 3) float32, zero where the file gives none."""
    uv: Floats
    """(n, 2) float32, zero where the file gives none."""
    colors: Floats
    """(n, 4) float32, linear."""
    material: int | None
    """Its number in the file; None without one."""
    plain: Floats
    """(n, 4) float32: its vertices' own colours, which its material's is multiplied by."""
    owners: Indices
    """(n,) int32: the node that moves each vertex most."""
    shares: Floats
    """(roles, n) float32, 0 to 1: how far each vertex follows the bones of ``bones.ROLES``."""
    targets: tuple[str, ...]
    """Names of the t targets of its mesh."""
    offsets: Floats
    """(t, n, 3) float32."""
    part: Part


def mesh_of(node: Object) -> object:
    """Return the number of a node's mesh; None where it has none, or -1 as some exporters write."""
    number = node.get("mesh")
    return None if number == -1 else number


def read_node(scene: Scene, node: int) -> list[Piece]:
    """Read the primitives of a node's mesh, of which it may have none."""
    document = scene.document
    item = document.item("nodes", node)
    number = mesh_of(item)
    if number is None:
        return []
    mesh = document.item("meshes", number)
    pieces = []
    for primitive in document.mappings(mesh, "primitives"):
        mode = primitive.get("mode", TRIANGLES)
        if mode == TRIANGLES:
            pieces.append(_read(scene, node, item, mesh, primitive))
        elif mode not in NO_SURFACE:
            raise RigError(
                f"{document.name} has triangle strips or fans (mode {mode!r}); "
                "export its meshes as triangles."
            )
    return pieces


def _read(scene: Scene, node: int, item: Object, mesh: Object, primitive: Object) -> Piece:
    document = scene.document
    attributes = document.child(primitive, "attributes")
    positions = document.accessor(attributes.get("POSITION"), 3)
    used, triangles = _triangles(document, primitive, len(positions))
    names = _target_names(document, mesh, primitive)
    check_size(document.name, len(names), len(used), scene.file_bytes)
    owners, shares, matrices = _placed(scene, node, item, attributes, used, len(positions))
    turned = matrices[:, :3, :3]
    if np.linalg.det(turned[0]) < 0:
        triangles = triangles[:, ::-1]
    material = _material(document, primitive)
    offsets = _offsets(document, primitive, turned, used, len(positions))
    rest = _resting_weights(document, item if "weights" in item else mesh, len(offsets))
    vertices = _rotated(turned, positions[used]) + matrices[:, :3, 3].astype(np.float32)
    for target in np.flatnonzero(rest):
        vertices += rest[target] * offsets[target]
        # What is on already needs that much less to be whole.
        offsets[target] *= np.clip(1 - rest[target], 0, 1)
    return Piece(
        mesh=int(item["mesh"]),
        vertices=vertices,
        triangles=triangles,
        normals=_rotated(turned, _attribute(document, attributes, "NORMAL", 3, used)),
        uv=_uv(document, attributes, material, used),
        colors=_colors(document, attributes, material, used),
        material=_material_number(primitive),
        plain=_colors(document, attributes, {}, used),
        owners=owners,
        shares=shares,
        targets=names,
        offsets=offsets,
        part=_part(scene, material),
    )


def _triangles(document: Document, primitive: Object, count: int) -> tuple[Indices, Indices]:
    """Return the vertices that are used and the triangles among them."""
    if "indices" in primitive:
        corners = document.integers(primitive["indices"], 1)[:, 0]
    else:
        corners = np.arange(count, dtype=np.int64)
    if len(corners) % 3 or not len(corners):
        raise document.broken(f"{len(corners)} indices make no triangles")
    if corners.max() >= count:
        raise document.broken(f"a triangle is on vertex {corners.max()} of {count}")
    used, compact = np.unique(corners, return_inverse=True)
    return used.astype(np.int32), compact.reshape(-1, 3).astype(np.int32)


def _target_names(document: Document, mesh: Object, primitive: Object) -> tuple[str, ...]:
    """Name the targets as Blender, Unity and three.js do; those without a name by number."""
    count = len(document.mappings(primitive, "targets"))
    names: list[object] = []
    for holder in (mesh, primitive):
        if not names and isinstance(holder.get("extras"), dict):
            names = document.sequence(holder["extras"], "targetNames")
    stem = str(mesh.get("name", "target"))
    known = [str(name) for name in names[:count]]
    return (*known, *(f"{stem}_{number}" for number in range(len(known), count)))


def _offsets(
    document: Document, primitive: Object, turned: Matrix, used: Indices, count: int
) -> Floats:
    targets = document.mappings(primitive, "targets")
    offsets = np.zeros((len(targets), len(used), 3), dtype=np.float32)
    for row, target in enumerate(targets):
        if "POSITION" not in target:
            continue
        moved = document.accessor(target["POSITION"], 3)
        if len(moved) != count:
            raise RigError(
                f"{document.name}: target {row} has {len(moved)} vertices, its mesh has {count}; "
                "export the mesh again with its shape keys."
            )
        offsets[row] = _rotated(turned, moved[used])
    return offsets


def _resting_weights(document: Document, holder: Object, count: int) -> Floats:
    """Return how far each target is on in the resting face, (t,) float32."""
    given = document.sequence(holder, "weights")[:count]
    rest = np.zeros(count, dtype=np.float32)
    rest[: len(given)] = document.floats({"weights": given}, "weights", (0.0,) * len(given))
    return rest


def _placed(
    scene: Scene, node: int, item: Object, attributes: Object, used: Indices, count: int
) -> tuple[Indices, Floats, Matrix]:
    """Return each vertex's node (n,), its shares of the bones (roles, n) and its matrix (n, 4, 4).

    They are those of the mesh's node, or of the skin's joints.
    """
    members = scene.bones.members
    if item.get("skin", -1) == -1 or "JOINTS_0" not in attributes:
        owners = np.full(len(used), node, dtype=np.int32)
        shares = np.repeat(members[:, node, None], len(used), axis=1).astype(np.float32)
        return owners, shares, np.broadcast_to(scene.world[node], (len(used), 4, 4))
    document = scene.document
    joints, matrices = _skin(scene, item)
    numbers = document.integers(attributes["JOINTS_0"], 4)
    weights = document.accessor(attributes.get("WEIGHTS_0"), 4)
    if len(numbers) != count or len(weights) != count:
        raise document.broken(f"{len(numbers)} joints are given for {count} vertices")
    numbers, weights = numbers[used], np.abs(weights[used])
    if numbers.max() >= len(joints):
        raise document.broken(f"a vertex follows joint {numbers.max()} of {len(joints)}")
    weights[weights.sum(axis=1) == 0, 0] = 1.0
    weights /= weights.sum(axis=1, keepdims=True)
    blended = np.einsum("nj,njab->nab", weights, matrices[numbers])
    most = np.take_along_axis(numbers, weights.argmax(axis=1)[:, None], axis=1)[:, 0]
    shares = np.einsum("nj,rnj->rn", weights, members[:, joints][:, numbers])
    return joints[most], shares.astype(np.float32), blended


def _skin(scene: Scene, item: Object) -> tuple[Indices, Matrix]:
    """Return a skin's joints (j,) and what each does to a vertex in the rest pose (j, 4, 4)."""
    document = scene.document
    skin = document.item("skins", item["skin"])
    joints = document.sequence(skin, "joints")
    missing = [joint for joint in joints if type(joint) is not int or joint not in scene.world]
    if missing or not joints:
        raise document.broken(f"a skin follows the node {missing[:1]}, which is not in the scene")
    matrices = np.stack([scene.world[joint] for joint in joints])
    if "inverseBindMatrices" in skin:
        inverse = document.accessor(skin["inverseBindMatrices"], 16)
        if len(inverse) < len(joints):
            raise document.broken(f"a skin has {len(inverse)} matrices for {len(joints)} joints")
        matrices = matrices @ inverse[: len(joints)].reshape(-1, 4, 4).transpose(0, 2, 1)
    return np.array(joints, dtype=np.int32), matrices


def _rotated(turned: Matrix, vectors: Floats) -> Floats:
    rotated: Floats = np.einsum("nab,nb->na", turned, vectors).astype(np.float32)
    return rotated


def _attribute(
    document: Document, attributes: Object, name: str, width: int, used: Indices
) -> Floats:
    if name not in attributes:
        return np.zeros((len(used), width), dtype=np.float32)
    values = document.accessor(attributes[name], width)
    if used[-1] >= len(values):
        raise document.broken(f"{name} has {len(values)} elements, vertex {used[-1]} needs one")
    return values[used]


def _material_number(primitive: Object) -> int | None:
    number = primitive.get("material")
    return number if isinstance(number, int) else None


def _material(document: Document, primitive: Object) -> Object:
    return document.item("materials", primitive["material"]) if "material" in primitive else {}


def base_color(document: Document, material: int) -> Floats:
    """Return a material's colour, (4,) linear RGB and alpha."""
    surface = document.child(document.item("materials", material), "pbrMetallicRoughness")
    return document.floats(surface, "baseColorFactor", (1.0, 1.0, 1.0, 1.0)).astype(np.float32)


def _colors(document: Document, attributes: Object, material: Object, used: Indices) -> Floats:
    surface = document.child(material, "pbrMetallicRoughness")
    factor = document.floats(surface, "baseColorFactor", (1.0, 1.0, 1.0, 1.0))
    colors = np.tile(factor.astype(np.float32), (len(used), 1))
    if "COLOR_0" in attributes:
        kind = document.item("accessors", attributes["COLOR_0"]).get("type")
        width = 3 if kind == "VEC3" else 4
        colors[:, :width] *= _attribute(document, attributes, "COLOR_0", width, used)
    return np.clip(np.nan_to_num(colors), 0.0, 1.0)


def _uv(document: Document, attributes: Object, material: Object, used: Indices) -> Floats:
    texture = _base_texture(document, material)
    moved = document.child(document.child(texture, "extensions"), "KHR_texture_transform")
    channel = document.integer(moved, "texCoord", document.integer(texture, "texCoord"))
    uv = _attribute(document, attributes, f"TEXCOORD_{channel}", 2, used)
    angle = document.number(moved, "rotation", 0.0)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    scaled = uv * document.floats(moved, "scale", (1.0, 1.0))
    offset = document.floats(moved, "offset", (0.0, 0.0))
    moved_uv: Floats = (scaled @ turn.T + offset).astype(np.float32)
    return moved_uv


def _base_texture(document: Document, material: Object) -> Object:
    surface = document.child(material, "pbrMetallicRoughness")
    return document.child(surface, "baseColorTexture")


def _part(scene: Scene, material: Object) -> Part:
    document = scene.document
    surface = document.child(material, "pbrMetallicRoughness")
    transparent = material.get("alphaMode") in ("BLEND", "MASK")
    return Part(
        name=str(material.get("name", "")),
        triangles=slice(0, 0),
        roughness=min(max(document.number(surface, "roughnessFactor", 1.0), 0.0), 1.0),
        double_sided=bool(material.get("doubleSided", False)),
        transparent=transparent,
        texture=_texture(scene, material, transparent),
        emission=_emission(document, material),
    )


def _emission(document: Document, material: Object) -> RGB:
    """Return a surface's own light; that of a texture is not drawn."""
    if "emissiveTexture" in material:
        return DARK
    red, green, blue = document.floats(material, "emissiveFactor", DARK)
    return float(red), float(green), float(blue)


def _texture(scene: Scene, material: Object, transparent: bool) -> Image | None:
    """Decode the base colour's picture: (h, w, 4) uint8, its alpha kept where it is used."""
    reference = _base_texture(scene.document, material)
    if "index" not in reference:
        return None
    source = _picture(scene.document, scene.document.item("textures", reference["index"]))
    if source is None:
        return None
    if (source, transparent) not in scene.pictures:
        image = _image(scene, source)
        if not transparent:
            image[..., 3] = 255
        scene.pictures[source, transparent] = image
    return scene.pictures[source, transparent]


def _picture(document: Document, texture: Object) -> int | None:
    """Return which image a texture shows, in a format that is read; None if there is none."""
    extensions = document.child(texture, "extensions")
    webp = document.child(extensions, "EXT_texture_webp")
    basisu = document.child(extensions, "KHR_texture_basisu")
    for holder in (webp, texture, basisu if can_decode() else {}):
        if "source" in holder:
            return document.integer(holder, "source")
    if basisu:
        log.warning(
            "%s: a texture is KTX2, which is drawn grey; pip install 'facedrive[ktx2]', or export "
            "it with PNG, JPEG or WebP textures",
            document.name,
        )
    return None


def _image(scene: Scene, index: int) -> Image:
    document = scene.document
    image = document.item("images", index)
    if "bufferView" in image:
        data: bytes | memoryview = document.view(image["bufferView"])
    else:
        data = resource(document, scene.folder, image.get("uri"))
    try:
        return decode_picture(bytes(data))
    except PictureError as error:
        raise RigError(f"{document.name}: images[{index}] {error}.") from error
