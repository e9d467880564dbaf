"""What the panel asks for; saved with the scene."""

# Blender's properties are annotations that are no types, so that annotations are not postponed.

import bpy

DEFAULT_PORT = 9000


def _can_be_face(_settings: "FacedriveSettings", thing: bpy.types.Object) -> bool:
    """Accept meshes with shape keys of this file, and what meshes can hang under."""
    if thing.type == "MESH":
        return thing.data.shape_keys is not None and thing.data.library is None
    return thing.type in {"ARMATURE", "EMPTY"}


class FacedriveSettings(bpy.types.PropertyGroup):
    """Where to listen and what to move."""

    host: bpy.props.StringProperty(
        name="Address",
        description="Listen to this address: 127.0.0.1 is this computer only, 0.0.0.0 any",
        default="127.0.0.1",
    )
    port: bpy.props.IntProperty(
        name="Port",
        description="UDP port that facedrive sends to",
        default=DEFAULT_PORT,
        min=1,
        max=65535,
    )
    prefix: bpy.props.StringProperty(
        name="Prefix",
        description="What every OSC address begins with",
        default="/facedrive",
    )
    face: bpy.props.PointerProperty(
        name="Face",
        description="Mesh with shape keys named after AUs (jaw_drop), extras (left_mouth_frown) or "
        "ARKit (jawOpen), or an armature or empty above such meshes",
        type=bpy.types.Object,
        poll=_can_be_face,
    )
    head: bpy.props.PointerProperty(
        name="Head",
        description="Armature or object that turns with the head; leave empty for none",
        type=bpy.types.Object,
    )
    head_bone: bpy.props.StringProperty(
        name="Bone",
        description="Bone of the armature that turns with the head",
    )
