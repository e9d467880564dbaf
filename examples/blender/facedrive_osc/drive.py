"""Move what is in Blender's scene: shape keys, and the head as a bone or an object."""

from __future__ import annotations

import math

import bpy
from mathutils import Quaternion

from .names import eye_bones, looks, match, mix

ROTATION_PATHS = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
"""Where a rotation mode keeps its numbers; all other modes are Euler angles."""


def shape_keys(face: bpy.types.Object) -> list[bpy.types.Key]:
    """Return the shape keys of a mesh, or of every mesh below an armature or empty."""
    objects = [face] if face.type == "MESH" else face.children_recursive
    datas = {each.data for each in objects if each.type == "MESH"}
    return [data.shape_keys for data in datas if data.shape_keys and not data.library]


def drive_face(face: bpy.types.Object, inputs: dict[str, float]) -> list[bpy.types.ShapeKey]:
    """Set the shape keys that the inputs move, and return them."""
    driven = []
    for keys in shape_keys(face):
        blocks = keys.key_blocks
        for name, weights in match(tuple(blocks.keys()[1:])).items():  # the first is the basis
            blocks[name].value = mix(weights, inputs)
            driven.append(blocks[name])
    return driven


def head_turn(rotation: tuple[float, float, float, float]) -> Quaternion:
    """Bring x, y, z, w from glTF's axes to Blender's, where a face looks along -y and z is up."""
    x, y, z, w = rotation
    return Quaternion((w, x, -z, y))


def eye_turn(pitch: float, yaw: float) -> Quaternion:
    """Return an eye's turn in Blender's axes; pitch is up, yaw to the subject's left, radians."""
    sx, cx = math.sin(-pitch / 2), math.cos(pitch / 2)
    sy, cy = math.sin(yaw / 2), math.cos(yaw / 2)
    return head_turn((cy * sx, sy * cx, -sy * sx, cy * cx))


def find_eyes(
    face: bpy.types.Object | None, head: bpy.types.Object | None
) -> dict[str, bpy.types.PoseBone]:
    """Return the bones of the eyes, by side, where no shape key of the face follows the gaze."""
    if face is not None and any(looks(tuple(k.key_blocks.keys()[1:])) for k in shape_keys(face)):
        return {}
    armatures = [head, face, face.find_armature() if face is not None else None]
    for armature in armatures:
        if armature is not None and armature.pose is not None:
            bones = armature.pose.bones
            return {side: bones[name] for side, name in eye_bones(bones.keys()).items()}
    return {}


def turn_bone(bone: bpy.types.PoseBone, turn: Quaternion) -> None:
    """Turn a bone in its armature's axes, from its rest."""
    rest = bone.bone.matrix_local.to_quaternion()
    set_rotation(bone, rest.inverted() @ turn @ rest)


def get_rotation(thing: bpy.types.Object) -> Quaternion:
    """Return an object's own rotation, whatever its rotation mode."""
    return thing.matrix_basis.to_quaternion()


def set_rotation(thing: bpy.types.Object | bpy.types.PoseBone, turn: Quaternion) -> None:
    """Set a rotation in the thing's own mode, without a jump to an equal one."""
    if thing.rotation_mode == "QUATERNION":
        turn.make_compatible(thing.rotation_quaternion)
        thing.rotation_quaternion = turn
    elif thing.rotation_mode == "AXIS_ANGLE":
        axis, angle = turn.to_axis_angle()
        thing.rotation_axis_angle = (angle, *axis)
    else:
        thing.rotation_euler = turn.to_euler(thing.rotation_mode, thing.rotation_euler)


def key_face(driven: list[bpy.types.ShapeKey], frame: int) -> None:
    """Set a key frame for every driven shape key."""
    for block in driven:
        block.keyframe_insert("value", frame=frame)


def key_rotation(thing: bpy.types.Object | bpy.types.PoseBone, frame: int) -> None:
    """Set a key frame for a rotation."""
    path = ROTATION_PATHS.get(thing.rotation_mode, "rotation_euler")
    thing.keyframe_insert(path, frame=frame)
