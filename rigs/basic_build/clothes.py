"""The collar and shoulders that the neck ends in."""

from __future__ import annotations

import numpy as np

from . import colours as paint
from .part import Part, flipped, grid_faces

STATIONS = 40
RINGS = (  # half width, half depth, height, how far the front dips, centre z; mm
    (36.0, 36.0, -150.0, 10.0, -18.0),
    (39.0, 39.0, -139.0, 14.0, -18.0),
    (43.0, 43.0, -135.0, 16.0, -18.0),
    (48.0, 47.0, -138.0, 17.0, -18.0),
    (51.0, 49.0, -146.0, 17.0, -18.0),
    (53.0, 50.0, -149.5, 16.0, -18.0),
    (70.0, 56.0, -158.0, 11.0, -20.0),
    (98.0, 62.0, -168.0, 5.0, -22.0),
    (120.0, 68.0, -184.0, 0.0, -22.0),
    (130.0, 74.0, -208.0, 0.0, -20.0),
    (131.0, 78.0, -262.0, 0.0, -18.0),
)
TRIM_RINGS = 5


def build_clothes() -> Part:
    """A crew-neck jumper, cut off below the frame."""
    turn = 2 * np.pi * np.arange(STATIONS) / STATIONS
    rings = []
    for half_width, half_depth, height, dip, centre in RINGS:
        front = np.clip(np.cos(turn), 0, 1) ** 2
        x = half_width * np.sin(turn)
        z = centre + half_depth * np.cos(turn)
        rings.append(np.column_stack([x, height - dip * front, z]))
    faces = flipped(grid_faces(len(RINGS), STATIONS, closed=True))
    trim = (np.arange(len(RINGS)) < TRIM_RINGS)[:, None]
    hue = np.repeat(np.where(trim, paint.CLOTH_TRIM, paint.CLOTH), STATIONS, axis=0)
    return Part("clothes", np.concatenate(rings), faces, hue)
