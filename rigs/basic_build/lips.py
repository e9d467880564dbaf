"""How the lips move; each pose moves the lip rings and the skin around follows smoothly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .head_shape import CHEEK, EYE, MOUTH_HALF_WIDTH, MOUTH_Y, front_surface
from .jaw import SLIDE_MM
from .part import Array, Index, Mask, bell
from .rings import BORDER_RING, CONTACT_RING, CORNER_STATION, MOUTH_STATIONS, contact_height
from .spread import Spread
from .topology import SkinMesh

REACH_SHAPE = np.array([1.3, 0.95, 2.2])
"""The lips' poses reach further around the face than up and down it."""
STILL_LID_RINGS = 6
"""Rings of the eye that the lips never move."""


@dataclass(frozen=True)
class LipPoints:
    """The lip vertices that a pose moves, and where each sits on the lips."""

    position: Array
    """(m, 3) mm."""
    across: Array
    """(m,) -1 at the right corner, 0 in the middle, 1 at the left corner."""
    upper: Array
    """(m,) 1 on the upper lip, -1 on the lower, 0 at the corners."""
    out: Array
    """(m,) 0 where the lips meet, 1 at their border, below 0 inside the mouth."""

    @property
    def middle(self) -> Array:
        """(m,) 1 in the middle, 0 at the corners, round as a lip."""
        return np.asarray(np.sqrt(np.clip(1 - self.across**2, 0, 1)))


Move = Callable[[LipPoints], Array]


def lip_field(mesh: SkinMesh, spread: Spread, move: Move, reach_mm: float = 46.0) -> Array:
    """Offsets (n, 3) of a pose: ``move`` on the lips, nothing beyond ``reach_mm`` of the mouth."""
    ids, points = lip_points(mesh)
    away = mesh.vertices - np.array([0.0, MOUTH_Y - 4.0, 66.0])
    distance = np.linalg.norm(away / REACH_SHAPE, axis=1)
    still = (distance > reach_mm) | (mesh.vertices[:, 1] > EYE[1])
    still[mesh.eye[:STILL_LID_RINGS]] = True
    still[mesh.mirror[mesh.eye[:STILL_LID_RINGS]]] = True
    far = np.flatnonzero(still)
    at = np.concatenate([ids, far])
    return spread.field(at, np.concatenate([move(points), np.zeros((len(far), 3))]))


def lip_points(mesh: SkinMesh) -> tuple[Index, LipPoints]:
    """Vertex ids (m,) of both halves of the lips, each once, and their places."""
    rings = mesh.mouth[: BORDER_RING + 1]
    along = np.sin(np.pi * np.arange(MOUTH_STATIONS) / (MOUTH_STATIONS - 1))
    upper = np.sign(CORNER_STATION - np.arange(MOUTH_STATIONS)).astype(float)
    out = (np.arange(len(rings)) - CONTACT_RING) / (BORDER_RING - CONTACT_RING)
    shape = rings.shape
    ids = np.concatenate([rings.ravel(), mesh.mirror[rings].ravel()])
    across = np.broadcast_to(along, shape).ravel()
    points = (
        np.concatenate([across, -across]),
        np.tile(np.broadcast_to(upper, shape).ravel(), 2),
        np.tile(np.broadcast_to(out[:, None], shape).ravel(), 2),
    )
    ids, first = np.unique(ids, return_index=True)
    return ids, LipPoints(mesh.vertices[ids], *(values[first] for values in points))


def pull_left(lips: LipPoints) -> Array:
    """A smile's left half: the corner goes out and up and wraps back around the teeth."""
    corner = _towards_left(lips.across)
    x = 11.0 * corner
    y = 9.5 * corner**1.35 - 1.6 * np.clip(lips.across + 0.3, 0, 1) * (1 - corner)
    thin = -0.9 * corner * lips.middle * lips.upper * np.clip(lips.out, 0, 1)
    return _wrapped(lips, x, y + thin) + _back(-1.0 * corner * lips.middle)


def stretch_left(lips: LipPoints) -> Array:
    """The left corner is drawn straight to the side, the lips flatten."""
    corner = _towards_left(lips.across)
    thin = -1.6 * corner * lips.middle * lips.upper * np.clip(lips.out, 0, 1)
    return _wrapped(lips, 12.0 * corner, -3.0 * corner**1.5 + thin) + _back(-1.5 * corner)


def suck_upper(lips: LipPoints) -> Array:
    """The upper lip rolls in under the teeth."""
    return _rolled_in(lips, lips.upper > 0, 1.0)


def suck_lower(lips: LipPoints) -> Array:
    """The lower lip rolls in over the teeth."""
    return _rolled_in(lips, lips.upper < 0, -1.0)


def raise_upper(lips: LipPoints) -> Array:
    """The upper lip goes up and shows the teeth."""
    lift = np.where(lips.upper > 0, lips.middle**0.7, 0.0) * (0.85 + 0.3 * np.abs(lips.across))
    return np.column_stack([0 * lift, 8.0 * lift, 1.2 * lift])


def depress_lower(lips: LipPoints) -> Array:
    """The lower lip goes down and shows the lower teeth."""
    drop = np.where(lips.upper < 0, lips.middle**0.7, 0.0)
    return np.column_stack([0 * drop, -8.5 * drop, 1.0 * drop])


def raise_chin(lips: LipPoints) -> Array:
    """The lower lip is pushed up and out, its corners bend down."""
    lower = np.where(lips.upper < 0, 1.0, 0.72) * lips.middle
    corner = np.abs(lips.across) ** 4
    pout = np.where(lips.upper < 0, 3.4, 1.0) * lips.middle
    return np.column_stack([-1.0 * lips.across * corner, 5.4 * lower - 2.6 * corner, pout])


def pucker(lips: LipPoints) -> Array:
    """The lips draw together and forward as for a kiss."""
    corner = np.abs(lips.across) ** 2
    x = -0.46 * lips.position[:, 0]
    fuller = 2.4 * lips.upper * np.clip(lips.out, 0, 1) * (0.4 + 0.6 * np.abs(lips.across))
    y = -0.6 * (lips.position[:, 1] - MOUTH_Y) * corner + fuller
    forward = 7.0 + 5.5 * corner + 1.5 * np.clip(1 - lips.out, 0, 1)
    return np.column_stack([x, y, forward])


def press(lips: LipPoints) -> Array:
    """Lips held shut against air in the cheeks."""
    tight = lips.middle * np.clip(lips.out, 0, 1)
    return np.column_stack(
        [-0.10 * lips.position[:, 0], -1.0 * lips.upper * tight, 1.8 + 0 * tight]
    )


def frown_left(lips: LipPoints) -> Array:
    """The left corner is drawn down, and the lip's middle hardly follows."""
    corner = _towards_left(lips.across)
    return _wrapped(lips, 1.5 * corner, -12.0 * corner**1.35) + _back(-0.8 * corner)


def press_left(lips: LipPoints) -> Array:
    """The left half of the lips is pressed together: thin, flat, and drawn in a little."""
    tight = _left_half(lips.across) * np.clip(lips.out, 0, 1) * lips.middle**0.5
    return np.column_stack([0.6 * tight, -2.4 * lips.upper * tight, -1.8 * tight])


def dimple_left(lips: LipPoints) -> Array:
    """The left corner is tucked into the cheek."""
    corner = _towards_left(lips.across) ** 1.5
    return _wrapped(lips, 5.5 * corner, 1.2 * corner) + _back(-4.5 * corner)


def shift_left(lips: LipPoints) -> Array:
    """The whole mouth goes to the left, the corner behind it most."""
    x = 9.0 - 2.0 * np.abs(lips.across) ** 2 * np.sign(lips.across)
    return _wrapped(lips, x, 1.2 * _towards_left(lips.across))


def funnel(lips: LipPoints) -> Array:
    """The lips turn out and open as for a long O."""
    apart = lips.upper * lips.middle**0.7
    x = -0.30 * lips.position[:, 0]
    y = np.where(lips.upper > 0, 3.2, 4.4) * apart
    forward = 6.5 + 2.0 * np.clip(lips.out, 0, 1) + 2.5 * np.abs(lips.across) ** 2
    return np.column_stack([x, y, forward])


def lift_upper_a_little(lips: LipPoints) -> Array:
    """What the nose's wrinkle does to the upper lip."""
    lift = np.where(lips.upper > 0, lips.middle**0.8, 0.0) * (0.5 + 0.5 * np.abs(lips.across))
    return np.column_stack([0 * lift, 2.6 * lift, 0.5 * lift])


def seal_slide(lips: LipPoints) -> Array:
    """Keeps the lips shut while the lower one slides to the left below the upper one."""
    lower = np.where(lips.upper < 0, 1.0, 0.0)
    slid = np.clip(np.abs(lips.across + SLIDE_MM / MOUTH_HALF_WIDTH * lips.middle), 0, 1)
    y = lower * (contact_height(slid) - contact_height(lips.across)) * lips.middle
    follow = np.where(lips.upper > 0, 2.2 * lips.middle, 0.0)
    return np.column_stack([follow, y + 0.8 * lower * lips.middle, 0 * y])


def seal_thrust(lips: LipPoints) -> Array:
    """Keeps the lips shut while the lower one comes to the front of the upper one."""
    upper, lower = lips.upper > 0, lips.upper < 0
    y = np.where(lower, 3.6, np.where(upper, 0.2, 0.0)) * lips.middle**0.5
    return np.column_stack([0 * y, y, np.where(upper, 4.4, 0.0) * lips.middle**0.5])


def cheek_rise_left(points: Array) -> Array:
    """The left cheek's apple, pushed up and out by a smile; offsets (n, 3)."""
    apple = bell(points, CHEEK, np.array([19.0, 15.0, 28.0]))
    return np.asarray(apple[:, None] * np.array([2.2, 4.6, 4.4]))


def _towards_left(across: Array) -> Array:
    """1 at the left corner, about 0.1 in the middle, 0 well into the right half."""
    return np.asarray(np.clip((across + 0.35) / 1.35, 0, 1) ** 1.7)


def _left_half(across: Array) -> Array:
    """1 on the left, 0 on the right; both halves together are 1 everywhere."""
    return np.asarray(0.5 + 0.5 * np.clip(across / 0.35, -1, 1))


def _wrapped(lips: LipPoints, x: Array, y: Array) -> Array:
    """Offsets by x and y that go back with the face's curve."""
    here = lips.position[:, :2]
    there = here + np.column_stack([x, y])
    z = front_surface(there)[:, 2] - front_surface(here)[:, 2]
    return np.column_stack([x, y, z])


def _back(z: Array) -> Array:
    return np.column_stack([0 * z, 0 * z, z])


def _rolled_in(lips: LipPoints, chosen: Mask, side: float) -> Array:
    body = np.where(chosen, np.clip(1 - lips.across**2, 0, 1) ** 0.6, 0.0)
    out = np.clip(lips.out, 0, 1)
    y = side * (-2.2 - 2.4 * out**1.5) * body
    z = (-7.0 + 4.2 * out**2) * body
    return np.column_stack([-0.04 * lips.position[:, 0] * body, y, z])
