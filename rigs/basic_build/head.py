"""Puts the parts together in the order in which they are written."""

from __future__ import annotations

from .brows import build_brows
from .clothes import build_clothes
from .colours import painted_skin, shaded_skin
from .ears import build_ears
from .eyes import build_eye
from .hair import build_hair
from .head_shape import skin_normal
from .lashes import build_lashes
from .mouth import build_cavity, build_lower_teeth, build_tongue, build_upper_teeth
from .part import Part, joined
from .poses import skin_poses
from .topology import build_skin_mesh


def build_head() -> list[Part]:
    """Every group of the rig."""
    mesh = build_skin_mesh()
    poses = skin_poses(mesh)
    hair = build_hair()
    normals = skin_normal(mesh.vertices)
    painted = shaded_skin(painted_skin(mesh), mesh.vertices, normals, hair.vertices)
    face = Part("skin", mesh.vertices, mesh.faces, painted, poses)
    return [
        joined("skin", [face, build_ears()]),
        build_eye("left_eye", 1.0),
        build_eye("right_eye", -1.0),
        build_upper_teeth(mesh),
        build_lower_teeth(mesh),
        build_tongue(mesh),
        build_cavity(mesh, poses),
        build_brows(mesh, poses),
        build_lashes(mesh, poses),
        hair,
        build_clothes(),
    ]
