"""GLB: a rig whose face, head and eyes move as in a take, as three.js and Blender play it.

One mesh of all parts, with the rig's targets by name in ``extras.targetNames``. Its skin has up
to four joints: ``body``, ``head`` on the neck's pivot, and ``left_eye`` and ``right_eye`` where
the rig has eyeballs. The neck bends as in facedrive's own picture, and the file is a rig again.

Specification: Khronos glTF 2.0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.export.animation import Animation, animate
from facedrive.export.glb import INDICES, VERTICES, Glb
from facedrive.files import whole_file
from facedrive.mappings.table import Mapping
from facedrive.render.morph import smooth_normals
from facedrive.render.pose import neck_of
from facedrive.rig.glb import Object
from facedrive.rig.model import Floats, Part, Rig
from facedrive.types import Sample


class Bones(NamedTuple):
    """A rig's joints and who follows them."""

    names: tuple[str, ...]
    """The j joints; each is under the one before, but both eyes are under the head."""
    pivots: Floats
    """(j, 3) float32 metres, in the rig's coordinates."""
    joints: NDArray[np.uint8]
    """(V, 4) uint8, index of the joint; 0 where the weight is 0."""
    weights: Floats
    """(V, 4) float32, each row adds up to 1."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """The rig's arrays that primitives take their share of."""

    rig: Rig
    bones: Bones
    normals: Floats
    """(V, 3) float32 unit, of the neutral face."""


def write_gltf(samples: Iterable[Sample], path: Path, rig: Rig, mapping: Mapping) -> int:
    """Write the rig, moved by ``mapping`` (whose channels are its targets); return the keys.

    Only the keys are held in memory.

    Raises:
        SinkError: if the file cannot be written, or is larger than a GLB can be.
        DataError: if there are no samples.
    """
    with whole_file(path) as file:
        animation = animate(samples, mapping, rig.eyes.gain if rig.eyes else 1.0)
        glb = Glb()
        bones = find_bones(rig)
        body = _add_joints(glb, bones)
        skin = _add_skin(glb, bones)
        face = {"name": Path(rig.name).stem, "mesh": _add_mesh(glb, rig, bones), "skin": skin}
        glb.json |= {"scene": 0, "scenes": [{"nodes": [body, glb.add("nodes", face)]}]}
        _add_animation(glb, animation, bones, path.stem)
        glb.write(file)
    return len(animation.times)


def find_bones(rig: Rig) -> Bones:
    """Place the joints, and weigh each vertex as the renderer bends it."""
    neck = neck_of(rig)
    joints = np.zeros((len(rig.vertices), 4), np.uint8)
    weights = np.zeros((len(rig.vertices), 4), np.float32)
    weights[:, 0], weights[:, 1] = 1 - neck.share, neck.share
    joints[:, 1] = neck.share > 0
    names, pivots = ["body", "head"], [np.zeros(3, np.float32), neck.pivot]
    eyes = (("left_eye", rig.eyes.left), ("right_eye", rig.eyes.right)) if rig.eyes else ()
    for name, eye in eyes:
        joints[eye.vertices] = (len(names), 0, 0, 0)
        weights[eye.vertices] = (1, 0, 0, 0)
        names.append(name)
        pivots.append(eye.pivot)
    return Bones(tuple(names), np.stack(pivots), joints, weights)


def _add_joints(glb: Glb, bones: Bones) -> int:
    """Add a node for each joint, the first nodes of the file; return the root's."""
    body, head, *eyes = range(len(bones.names))
    below = {body: [head], head: eyes}
    parent = {child: above for above, children in below.items() for child in children}
    for number, name in enumerate(bones.names):
        node: Object = {"name": name}
        if number in parent:
            arm = bones.pivots[number] - bones.pivots[parent[number]]
            node["translation"] = arm.tolist()
        if below.get(number):
            node["children"] = below[number]
        glb.add("nodes", node)
    return body


def _add_skin(glb: Glb, bones: Bones) -> int:
    inverse = np.tile(np.eye(4, dtype=np.float32), (len(bones.names), 1, 1))
    inverse[:, 3, :3] = -bones.pivots  # glTF's matrices are stored column by column
    return glb.add(
        "skins",
        {
            "joints": list(range(len(bones.names))),
            "inverseBindMatrices": glb.add_accessor(inverse),
        },
    )


def _add_mesh(glb: Glb, rig: Rig, bones: Bones) -> int:
    shape = _Shape(rig, bones, smooth_normals(rig, rig.vertices))
    textures: dict[int, int] = {}
    primitives = [_add_primitive(glb, shape, rig.parts[each], textures) for each in drawn(rig)]
    return glb.add(
        "meshes",
        {
            "name": Path(rig.name).stem,
            "primitives": primitives,
            "extras": {"targetNames": list(rig.targets)},
        },
    )


def drawn(rig: Rig) -> list[int]:
    """Return the numbers of the parts that the mesh's primitives are, in their order."""
    return [each for each, part in enumerate(rig.parts) if len(rig.triangles[part.triangles])]


def _add_primitive(glb: Glb, shape: _Shape, part: Part, textures: dict[int, int]) -> Object:
    """Add one part, with only its own vertices."""
    rig, bones = shape.rig, shape.bones
    used, corners = np.unique(rig.triangles[part.triangles], return_inverse=True)
    attributes = {
        "POSITION": glb.add_accessor(rig.vertices[used], VERTICES, bounds=True),
        "NORMAL": glb.add_accessor(shape.normals[used], VERTICES),
        "COLOR_0": glb.add_accessor(rig.colors[used], VERTICES),
        "JOINTS_0": glb.add_accessor(bones.joints[used], VERTICES),
        "WEIGHTS_0": glb.add_accessor(bones.weights[used], VERTICES),
    }
    if rig.uv is not None and part.texture is not None:
        attributes["TEXCOORD_0"] = glb.add_accessor(rig.uv[used], VERTICES)
    # No normals: those of single targets, added up, are dark streaks at the corners of a mouth
    # that opens and smiles.
    targets = [
        {"POSITION": glb.add_accessor(moved[used], VERTICES, bounds=True, hollow=True)}
        for moved in rig.offsets
    ]
    return {
        "attributes": attributes,
        "indices": glb.add_accessor(corners.ravel().astype(np.uint32), INDICES),
        "material": _add_material(glb, part, textures),
        "targets": targets,
    }


def _add_material(glb: Glb, part: Part, textures: dict[int, int]) -> int:
    surface: Object = {"metallicFactor": 0.0, "roughnessFactor": part.roughness}
    if part.texture is not None:
        picture = id(part.texture)  # parts share their pictures
        if picture not in textures:
            textures[picture] = _add_texture(glb, part.texture)
        surface["baseColorTexture"] = {"index": textures[picture]}
    material: Object = {"name": part.name, "pbrMetallicRoughness": surface}
    if any(part.emission):
        material["emissiveFactor"] = np.clip(part.emission, 0, 1).tolist()
    if part.double_sided:
        material["doubleSided"] = True
    if part.transparent:
        material["alphaMode"] = "BLEND"
    return glb.add("materials", material)


def _add_texture(glb: Glb, texture: NDArray[np.uint8]) -> int:
    _, png = cv2.imencode(".png", cv2.cvtColor(texture, cv2.COLOR_RGBA2BGRA))
    image = {"bufferView": glb.add_view(png.tobytes()), "mimeType": "image/png"}
    return glb.add("textures", {"source": glb.add("images", image)})


def _add_animation(glb: Glb, animation: Animation, bones: Bones, name: str) -> None:
    times = glb.add_accessor(animation.times, bounds=True)
    turns = {
        "head": animation.head,
        "left_eye": animation.left_eye,
        "right_eye": animation.right_eye,
    }
    moved = [(bones.names.index(each), turns[each]) for each in bones.names if each in turns]
    weights = animation.weights
    streamed = glb.add_streamed(len(weights) * weights.width, weights.blocks())
    outputs = [(len(bones.names), "weights", streamed)]
    outputs += [(node, "rotation", glb.add_accessor(turn)) for node, turn in moved]
    samplers: list[dict[str, int]] = []
    channels: list[dict[str, Any]] = []
    for number, (node, path, output) in enumerate(outputs):
        samplers.append({"input": times, "output": output})
        channels.append({"sampler": number, "target": {"node": node, "path": path}})
    glb.add("animations", {"name": name, "samplers": samplers, "channels": channels})
