"""AUs and extras on the skin: which of the lid, brow, jaw, lip, cheek and nose fields make each."""

from __future__ import annotations

import numpy as np

from . import jaw, lips
from .head_shape import BROW_Y, CHIN, MOUTH_Y, NOSE_TIP, head_distance, onto_skin
from .lids import close_field, lid_mask, raise_field, squint_field
from .part import Array, bell, mirrored_points
from .spread import Spread
from .topology import SkinMesh


def skin_poses(mesh: SkinMesh) -> dict[str, Array]:
    """AU's or extra's name to offsets (n, 3) mm at weight 1."""
    spread = Spread(mesh.vertices, mesh.faces)
    left = _left_poses(mesh, spread)
    poses = {f"left_{name}": offsets for name, offsets in left.items()}
    poses |= {f"right_{name}": mirrored_points(left[name][mesh.mirror]) for name in left}
    weights = jaw.jaw_weights(mesh, spread)
    poses["jaw_drop"] = jaw.drop(mesh.vertices, weights)
    poses["jaw_slide_left"] = jaw.slide_left(mesh.vertices, weights) + lips.lip_field(
        mesh, spread, lips.seal_slide
    )
    poses["jaw_slide_right"] = mirrored_points(poses["jaw_slide_left"][mesh.mirror])
    poses["jaw_thrust"] = jaw.thrust(mesh.vertices, weights) + _symmetrical(
        mesh, lips.lip_field(mesh, spread, lips.seal_thrust)
    )
    poses["mouth_left"] = lips.lip_field(mesh, spread, lips.shift_left, reach_mm=50.0)
    poses["mouth_right"] = mirrored_points(poses["mouth_left"][mesh.mirror])
    return poses | {
        name: _symmetrical(mesh, offsets) for name, offsets in _middle_poses(mesh, spread).items()
    }


def _left_poses(mesh: SkinMesh, spread: Spread) -> dict[str, Array]:
    smile = lips.lip_field(mesh, spread, lips.pull_left, reach_mm=50.0)
    cheek = lips.cheek_rise_left(mesh.vertices) * lid_mask(mesh)[:, None]
    return {
        "eye_close": close_field(mesh),
        "lid_raise": raise_field(mesh),
        "brow_lower": _brow_lower(mesh),
        "brow_raise": _brow_raise(mesh),
        "lip_corner_pull": smile + cheek + squint_field(mesh, 0.0, 3.5),
        "lip_corner_stretch": lips.lip_field(mesh, spread, lips.stretch_left, reach_mm=50.0),
        "mouth_frown": lips.lip_field(mesh, spread, lips.frown_left),
        "lip_press": lips.lip_field(mesh, spread, lips.press_left),
        "dimple": lips.lip_field(mesh, spread, lips.dimple_left),
    }


def _middle_poses(mesh: SkinMesh, spread: Spread) -> dict[str, Array]:
    moves = {
        "upper_lip_suck": lips.suck_upper,
        "lower_lip_suck": lips.suck_lower,
        "upper_lip_raise": lips.raise_upper,
        "lower_lip_depress": lips.depress_lower,
        "chin_raise": lips.raise_chin,
        "lip_pucker": lips.pucker,
        "cheeks_puff": lips.press,
        "lip_funnel": lips.funnel,
        "nose_wrinkle": lips.lift_upper_a_little,
    }
    poses = {name: lips.lip_field(mesh, spread, move) for name, move in moves.items()}
    poses["chin_raise"] += _chin_boss(mesh)
    poses["cheeks_puff"] += _puffed_cheeks(mesh)
    poses["nose_wrinkle"] += _wrinkled_nose(mesh)
    return poses


def _symmetrical(mesh: SkinMesh, offsets: Array) -> Array:
    """Take out the solver's rounding, so that the middle line stays in the middle."""
    return np.asarray((offsets + mirrored_points(offsets[mesh.mirror])) / 2)


def _slid(mesh: SkinMesh, offsets: Array) -> Array:
    """Let a tangential move follow the head's curve, keeping each point's height above it."""
    moved = onto_skin(mesh.vertices + offsets, head_distance(mesh.vertices))
    still = np.linalg.norm(offsets, axis=1) < 1e-3
    return np.asarray(np.where(still[:, None], 0.0, moved - mesh.vertices))


def _brow_raise(mesh: SkinMesh) -> Array:
    p = mesh.vertices
    whole = bell(p, (32.0, BROW_Y, 60.0), np.array([27.0, 17.0, 45.0]))
    outer = bell(p, (46.0, BROW_Y + 1.0, 50.0), np.array([18.0, 16.0, 40.0]))
    up = (8.5 * whole + 3.0 * outer) * lid_mask(mesh) * _left_side(p)
    return _slid(mesh, up[:, None] * np.array([0.0, 1.0, 0.0])) + squint_field(mesh, -3.0, 0.0)


def _brow_lower(mesh: SkinMesh) -> Array:
    p = mesh.vertices
    whole = bell(p, (30.0, BROW_Y, 60.0), np.array([26.0, 15.0, 45.0])) * _left_side(p)
    inner = bell(p, (13.0, BROW_Y - 2.0, 66.0), np.array([14.0, 14.0, 40.0])) * _left_side(p)
    mask = lid_mask(mesh)[:, None]
    slide = mask * (
        whole[:, None] * np.array([-1.8, -5.0, 0.0]) + inner[:, None] * np.array([-2.4, -4.0, 0.0])
    )
    bulge = mask * (inner + 0.5 * whole)[:, None] * np.array([0.0, 0.0, 2.4])
    return np.asarray(_slid(mesh, slide) + bulge + squint_field(mesh, 6.0, 0.0))


def _left_side(p: Array) -> Array:
    """1 on the left half, fading to 0 across the middle."""
    return np.asarray(np.clip((p[:, 0] + 6.0) / 12.0, 0.0, 1.0))


def _chin_boss(mesh: SkinMesh) -> Array:
    p = mesh.vertices
    boss = bell(p, CHIN, np.array([17.0, 11.0, 22.0]))
    dimples = np.cos(p[:, 0] / 2.6) * np.cos((p[:, 1] - CHIN[1]) / 2.4)
    lift = boss[:, None] * np.array([0.0, 3.6, 1.6])
    lift[:, 2] += 0.8 * boss**2 * dimples
    return np.asarray(lift)


def _puffed_cheeks(mesh: SkinMesh) -> Array:
    p = mesh.vertices
    puff = np.zeros_like(p)
    for side in (1.0, -1.0):
        cheek = bell(p, (side * 46.0, MOUTH_Y + 5.0, 44.0), np.array([20.0, 21.0, 30.0]))
        puff += cheek[:, None] * np.array([side * 11.0, 0.5, 9.5])
        above_lip = bell(p, (side * 14.0, MOUTH_Y + 11.0, 70.0), np.array([12.0, 7.0, 20.0]))
        puff += above_lip[:, None] * np.array([0.0, 0.0, 2.4])
    return puff * lid_mask(mesh)[:, None]


def _wrinkled_nose(mesh: SkinMesh) -> Array:
    p = mesh.vertices
    move = np.zeros_like(p)
    for side in (1.0, -1.0):
        wing = bell(p, (side * 11.0, NOSE_TIP[1] - 2.0, 72.0), np.array([8.0, 9.0, 14.0]))
        fold = bell(p, (side * 15.0, NOSE_TIP[1] + 11.0, 66.0), np.array([8.0, 10.0, 14.0]))
        brow = bell(p, (side * 14.0, BROW_Y - 1.0, 64.0), np.array([13.0, 13.0, 30.0]))
        move += wing[:, None] * np.array([side * 2.2, 5.2, -0.4])
        move += fold[:, None] * np.array([side * -0.5, 2.8, 3.0])
        move += brow[:, None] * np.array([side * -2.4, -4.2, 1.2])
    bridge = bell(p, (0.0, 2.0, 70.0), np.array([9.0, 16.0, 14.0]))
    move[:, 2] += 1.3 * bridge * np.cos((p[:, 1] - 6.0) / 1.9)
    squint = squint_field(mesh, 3.0, 5.0)
    return move * lid_mask(mesh)[:, None] + squint + mirrored_points(squint[mesh.mirror])
