"""Lets the iris be seen through eyeballs of two shells without textures, as ICT-FaceKit's.

The outer shell is the white of the eye and the cornea in one. Drawn without the texture that
makes its cornea transparent, it hides the iris; so it is opened there, and what is behind the
hole in the iris is painted black.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from facedrive.rig.model import Floats, Part, Rig, sphere_center

IRIS_RAD = math.radians(24.0)
"""Half the angle of an iris, 12 mm wide, as seen from the middle of an eyeball."""
PUPIL_RAD = math.radians(8.5)
BLACK = (0.004, 0.004, 0.005)
"""Linear RGB."""


def open_corneas(rig: Rig) -> Rig:
    """Return the rig with every untextured sclera opened in front of its iris."""
    pairs = [(sclera, _iris(rig, sclera)) for sclera in rig.parts if sclera.texture is None]
    found = [(sclera, iris) for sclera, iris in pairs if iris is not None]
    if not found:
        return rig
    triangles, colors = rig.triangles.copy(), rig.colors.copy()
    for sclera, iris in found:
        corners = triangles[sclera.triangles]
        outer = rig.vertices[np.unique(corners)]
        center, axis = _center_and_axis(outer)
        front = (_angles(rig.vertices[corners], center, axis) < IRIS_RAD).any(axis=1)
        # Left without area, so that the rows of the other parts stay where they are.
        corners[front] = corners[front, :1]
        inner = np.unique(triangles[iris.triangles])
        angles = _angles(rig.vertices[inner], center, axis)
        colors[inner[(angles < PUPIL_RAD) | (angles > 2 * IRIS_RAD)], :3] = BLACK
    seen_inside = [iris.name for _, iris in found]
    parts = (replace(p, double_sided=p.double_sided or p.name in seen_inside) for p in rig.parts)
    return replace(rig, triangles=triangles, colors=colors, parts=tuple(parts))


def _iris(rig: Rig, sclera: Part) -> Part | None:
    """Find the part named as the sclera is, but iris; none if it has a texture."""
    name = sclera.name.lower()
    if "sclera" not in name:
        return None
    wanted = name.replace("sclera", "iris")
    irises = (part for part in rig.parts if part.name.lower() == wanted and part.texture is None)
    return next(irises, None)


def _center_and_axis(eyeball: Floats) -> tuple[Floats, Floats]:
    """Return the middle of an eyeball and where it looks: to the bulge of its cornea."""
    center = sphere_center(eyeball)
    arms = eyeball - center
    radii = np.linalg.norm(arms, axis=1)
    bulge = arms[radii >= np.quantile(radii, 0.96)].mean(axis=0)
    length = np.linalg.norm(bulge)
    # An eyeball without a bulge, or without size, looks forward.
    return center, bulge / length if length > 0 else np.array([0, 0, 1], np.float32)


def _angles(vertices: Floats, center: Floats, axis: Floats) -> NDArray[np.float32]:
    """Return each vertex's angle from the axis, radians."""
    arms = vertices - center
    along = arms @ axis
    across = np.linalg.norm(arms - along[..., None] * axis, axis=-1)
    angles: NDArray[np.float32] = np.arctan2(across, along)
    return angles
