"""The head's palette (sRGB 0 to 1) and how the skin is painted."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from .head_shape import CHEEK, EYE, MOUTH_Y, NOSE_TIP, head_distance
from .part import Array, bell
from .rings import BORDER_RING, CONTACT_RING, INNER_LID_RINGS
from .topology import SkinMesh

SKIN = np.array([0.955, 0.77, 0.655])
BLUSH = np.array([0.95, 0.51, 0.44])
SHADOW = np.array([0.66, 0.44, 0.40])
"""What shadow does to skin: a factor, so that it stays warm."""
LIP = np.array([0.84, 0.47, 0.44])
INNER_LIP = np.array([0.62, 0.25, 0.26])
LID_SHADE = np.array([0.72, 0.46, 0.40])
LASH = np.array([0.13, 0.08, 0.07])
HAIR = np.array([0.28, 0.145, 0.095])
HAIR_LIGHT = np.array([0.62, 0.365, 0.205])
BROW = np.array([0.33, 0.19, 0.125])
SCLERA = np.array([0.97, 0.965, 0.955])
IRIS_DARK = np.array([0.05, 0.20, 0.24])
IRIS = np.array([0.11, 0.47, 0.50])
IRIS_LIGHT = np.array([0.45, 0.83, 0.72])
PUPIL = np.array([0.015, 0.02, 0.025])
TOOTH = np.array([0.965, 0.95, 0.91])
GUM = np.array([0.80, 0.42, 0.42])
TONGUE = np.array([0.82, 0.38, 0.40])
CAVITY_RIM = np.array([0.50, 0.15, 0.16])
CAVITY_DEEP = np.array([0.14, 0.03, 0.04])
CLOTH = np.array([0.20, 0.36, 0.60])
CLOTH_TRIM = np.array([0.95, 0.93, 0.88])

MATERIALS = {
    "skin": SKIN,
    "left_eye": SCLERA,
    "right_eye": SCLERA,
    "teeth_upper": TOOTH,
    "teeth_lower": TOOTH,
    "tongue": TONGUE,
    "mouth_cavity": CAVITY_DEEP,
    "brows": BROW,
    "lashes": LASH,
    "hair": HAIR,
    "clothes": CLOTH,
}
"""Kd of each group for programs that read the .mtl file and no vertex colours."""


def blend(a: Array, b: Array, weight: Array | float) -> Array:
    """``a`` where weight is 0, ``b`` where it is 1."""
    w = np.asarray(weight, dtype=np.float64)[..., None]
    return np.asarray(a * (1 - w) + b * w)


def painted_skin(mesh: SkinMesh) -> Array:
    """(n, 3) colours: blush on cheeks and nose, soft lids, lips."""
    p = mesh.vertices
    sides = np.abs(p) * np.array([1.0, 0.0, 0.0]) + p * np.array([0.0, 1.0, 1.0])
    colours = np.tile(SKIN, (len(p), 1))
    cheek = bell(sides, CHEEK - [0, 2, 0], np.array([17.0, 13.0, 30.0]))
    nose = bell(p, NOSE_TIP, np.array([12.0, 9.0, 14.0]))
    socket = bell(sides, (EYE[0], EYE[1] + 16.0, 64.0), np.array([20.0, 8.0, 16.0]))
    nostril = bell(sides, (4.8, -25.5, 75.0), np.array([3.2, 2.2, 4.5]))
    colours = blend(colours, BLUSH, 0.42 * cheek + 0.25 * nose)
    colours = blend(colours, LID_SHADE, 0.12 * socket)
    colours = blend(colours, INNER_LIP * 0.6, 0.75 * nostril)
    _paint_lips(mesh, colours)
    _paint_lids(mesh, colours)
    return np.clip(colours, 0.0, 1.0)


def shaded_skin(colours: Array, points: Array, normals: Array, hair: Array) -> Array:
    """Darken what little light reaches: hollows of the head, and the skin next to the hair."""
    hollow = np.zeros(len(points))
    for reach, weight in ((3.0, 0.2), (7.0, 0.3), (14.0, 0.3), (24.0, 0.2)):
        free = head_distance(points + reach * normals)
        hollow += weight * np.clip((reach - free) / reach, 0.0, 1.0)
    sides = np.abs(points) * [1.0, 0.0, 0.0] + points * [0.0, 1.0, 1.0]
    hollow *= 1 - 0.85 * bell(sides, EYE + np.array([-2.0, 2.0, 18.0]), (27.0, 27.0, 40.0))
    from_hair, _ = cKDTree(hair).query(points)
    below_hair = 0.42 * np.exp(-((from_hair / 8.0) ** 2))
    shade = np.clip(1.15 * hollow - 0.08, 0.0, 0.55) + below_hair
    return blend(colours, SHADOW * colours, np.clip(shade, 0.0, 0.8))


def _paint_lips(mesh: SkinMesh, colours: Array) -> None:
    for ring in range(BORDER_RING + 1):
        ids = np.concatenate([mesh.mouth[ring], mesh.mirror[mesh.mouth[ring]]])
        out = (ring - CONTACT_RING) / (BORDER_RING - CONTACT_RING)
        rosy = blend(INNER_LIP, LIP, np.clip((out + 0.05) / 0.3, 0, 1))
        fade = 0.35 if ring == BORDER_RING else 1.0
        lower = mesh.vertices[ids, 1] < MOUTH_Y
        light = np.where(lower & (out > 0.1), 0.10 * np.sin(np.pi * np.clip(out, 0, 1)), 0.0)
        colours[ids] = blend(blend(colours[ids], rosy, fade), np.ones(3), light)


def _paint_lids(mesh: SkinMesh, colours: Array) -> None:
    for ring, weight in ((0, 1.0), (1, 0.9), (INNER_LID_RINGS, 0.45)):
        ids = np.concatenate([mesh.eye[ring], mesh.mirror[mesh.eye[ring]]])
        colours[ids] = blend(colours[ids], LID_SHADE, weight)
