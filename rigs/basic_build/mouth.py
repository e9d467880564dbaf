"""What shows behind the lips: two rows of teeth, the tongue and the dark cavity."""

from __future__ import annotations

import numpy as np

from . import colours as paint
from . import jaw
from .part import Array, Index, Part, Polygon, fan_faces, flipped, grid_faces
from .rings import CONTACT_RING
from .topology import SkinMesh

TEETH, COLUMNS_PER_TOOTH = 10, 4
ARCH_DEG = 86.0
ARCH_HALF_WIDTH, ARCH_DEPTH = 24.0, 31.0
ARCH_SQUARENESS = 0.78
BEHIND_LIPS_MM = 6.6
TONGUE_RINGS, TONGUE_POINTS = 9, 12
BAG_RINGS = ((1.42, 5.0, 9.0), (1.45, 7.0, 20.0), (1.15, 4.0, 38.0), (0.6, -2.0, 50.0))
"""Width relative to the mouth, millimetres up and down, millimetres back."""


def build_upper_teeth(mesh: SkinMesh) -> Part:
    """Fixed to the skull, drawn back a little where the lip rolls in."""
    rows = [
        (10.5, -1.5),
        (6.4, 0.0),
        (5.6, 0.3),
        (2.0, 0.7),
        (-1.2, 0.2),
        (-1.9, -0.9),
        (0.5, -3.5),
    ]
    points = _arch(mesh, rows, 1.0, 0.0, 1.0)
    part = _teeth("teeth_upper", points, len(rows), inside_out=False)
    retreat = np.tile([0.0, 0.6, -3.5], (len(points), 1))
    return Part(part.name, part.vertices, part.faces, part.colours, {"upper_lip_suck": retreat})


def build_lower_teeth(mesh: SkinMesh) -> Part:
    """Fixed to the jaw."""
    rows = [
        (-10.5, -1.5),
        (-7.4, 0.0),
        (-6.6, 0.3),
        (-4.0, 0.5),
        (-2.3, 0.0),
        (-1.8, -0.9),
        (-4.5, -3.0),
    ]
    points = _arch(mesh, rows, 0.96, 2.4, -1.0)
    part = _teeth("teeth_lower", points, len(rows), inside_out=True)
    offsets = _jaw_offsets(points) | {
        "lower_lip_suck": np.tile([0.0, -0.6, -3.0], (len(points), 1))
    }
    return Part(part.name, part.vertices, part.faces, part.colours, offsets)


def build_tongue(mesh: SkinMesh) -> Part:
    """A soft slab behind the lower teeth that goes with the jaw."""
    lips = _lip_middle(mesh)
    along = np.linspace(0.0, 1.0, TONGUE_RINGS)
    turn = 2 * np.pi * np.arange(TONGUE_POINTS) / TONGUE_POINTS
    swell = np.sqrt(np.clip(1 - (1 - np.minimum((1 - along) * 2.6, 1)) ** 2, 0.03, 1))
    rings = []
    for place, size in zip(along, swell, strict=True):
        x = 15.0 * size * np.cos(turn)
        groove = 1.3 * np.exp(-((x / 3.5) ** 2)) * (np.sin(turn) > 0)
        y = lips[1] - 8.5 + 4.6 * size * np.sin(turn) - groove - 3.0 * place**3
        rings.append(np.column_stack([x, y, np.full(TONGUE_POINTS, lips[2] - 46.0 + 34.0 * place)]))
    tip = rings[-1].mean(axis=0, keepdims=True) + np.array([0.0, 0.0, 0.6])
    points = np.concatenate([*rings, tip])
    last = (TONGUE_RINGS - 1) * TONGUE_POINTS
    faces: list[Polygon] = grid_faces(TONGUE_RINGS, TONGUE_POINTS, closed=True)
    faces += fan_faces(list(range(last, last + TONGUE_POINTS)), len(points) - 1)
    hue = np.tile(paint.TONGUE, (len(points), 1))
    offsets = _jaw_offsets(points) | {"lower_lip_suck": np.tile([0.0, 0.0, -3.0], (len(points), 1))}
    return Part("tongue", points, faces, hue, offsets)


def build_cavity(mesh: SkinMesh, poses: dict[str, Array]) -> Part:
    """A bag sewn to the innermost lip ring, seen from inside."""
    loop = _inner_loop(mesh)
    rim = mesh.vertices[loop]
    middle = rim.mean(axis=0)
    rings = [rim]
    for width, rise, back in BAG_RINGS:
        away = np.clip((rim[:, 1] - middle[1]) / 9.0, -1, 1)
        ring = np.column_stack([rim[:, 0] * width, rim[:, 1] + rise * away, rim[:, 2] - back])
        ring[:, 2] += 0.6 * (middle[2] - rim[:, 2])
        rings.append(ring)
    points = np.concatenate([*rings, [rings[-1].mean(axis=0)]])
    faces: list[Polygon] = flipped(grid_faces(len(rings), len(loop), closed=True))
    last = (len(rings) - 1) * len(loop)
    faces += flipped(fan_faces(list(range(last, last + len(loop))), len(points) - 1))
    depth = np.append(np.repeat(np.arange(len(rings)), len(loop)), len(rings)) / len(rings)
    hue = paint.blend(np.tile(paint.CAVITY_RIM, (len(points), 1)), paint.CAVITY_DEEP, depth**0.5)
    return Part("mouth_cavity", points, faces, hue, _bag_offsets(poses, loop, len(rings)))


def _bag_offsets(poses: dict[str, Array], loop: Index, rings: int) -> dict[str, Array]:
    """The rim goes with the lips, the jaw takes the whole bag along, the rest fades inside."""
    offsets = {}
    for name, pose in poses.items():
        rim = pose[loop]
        if np.abs(rim).max() < 0.01:
            continue
        fade = 0.12 if name.startswith("jaw") else 0.6
        layers = [rim * (1 - fade) ** ring for ring in range(rings)]
        offsets[name] = np.concatenate([*layers, [layers[-1].mean(axis=0)]])
    return offsets


def _inner_loop(mesh: SkinMesh) -> Index:
    """The innermost ring of the whole mouth, once around."""
    left = mesh.mouth[0]
    return np.concatenate([left, mesh.mirror[left[-2:0:-1]]])


def _jaw_offsets(points: Array) -> dict[str, Array]:
    whole = np.ones(len(points))
    slide = jaw.slide_left(points, whole)
    return {
        "jaw_drop": jaw.drop(points, whole),
        "jaw_slide_left": slide,
        "jaw_slide_right": slide * np.array([-1.0, 1.0, 1.0]),
        "jaw_thrust": jaw.thrust(points, whole),
    }


def _lip_middle(mesh: SkinMesh) -> Array:
    return np.asarray(mesh.vertices[mesh.mouth[CONTACT_RING, 0]])


def _arch(
    mesh: SkinMesh,
    rows: list[tuple[float, float]],
    size: float,
    behind: float,
    up: float,
) -> Array:
    """Rows of points along a dental arch, gum first; ``up`` is 1 for the upper teeth."""
    lips = _lip_middle(mesh)
    columns = TEETH * COLUMNS_PER_TOOTH + 1
    turn = np.radians(np.linspace(-ARCH_DEG, ARCH_DEG, columns))
    place = np.arange(columns) % COLUMNS_PER_TOOTH / COLUMNS_PER_TOOTH
    bulge = np.sin(np.pi * place) ** 0.5 - 1.0  # 0 on a tooth, -1 between two
    layers = []
    for height, forward in rows:
        biting = np.clip(1 - abs(height + 1.5) / 9.0, 0, 1)
        reach = size + (forward + 0.75 * bulge * (0.4 + 0.6 * biting)) / ARCH_HALF_WIDTH
        x = ARCH_HALF_WIDTH * reach * np.sign(turn) * np.abs(np.sin(turn)) ** ARCH_SQUARENESS
        z = lips[2] - BEHIND_LIPS_MM - behind - ARCH_DEPTH * (1 - reach * np.cos(turn))
        z += ARCH_DEPTH * (1 - size)
        edge = 0.55 * (1 + bulge) - 0.55 if height * up < 0 and forward > -2 else 0.0 * bulge
        layers.append(np.column_stack([x, lips[1] + height - up * edge, z]))
    return np.concatenate(layers)


def _teeth(name: str, points: Array, rows: int, *, inside_out: bool) -> Part:
    columns = len(points) // rows
    faces = grid_faces(rows, columns)
    row = np.repeat(np.arange(rows), columns)
    hue = np.where((row < 2)[:, None], paint.GUM, paint.TOOTH)
    hue = np.where((row == rows - 1)[:, None], 0.75 * paint.TOOTH, hue)
    return Part(name, points, faces if inside_out else flipped(faces), hue)
