"""The collar and shoulders that the neck ends in."""

from __future__ import annotations

import numpy as np

from . import colours as paint
from .part import Part, flipped, grid_faces

STATIONS = 40
RINGS = (  # half width, half depth, height, how far the front dips, centre z; mm
    (34.0, 34.0, -140.0, 8.0, -18.0),
    (37.0, 37.0, -125.0, 11.0, -18.0),
    (40.5, 40.0, -121.0, 12.0, -18.0),
    (45.0, 44.0, -123.0, 13.0, -18.0),
    (48.5, 47.0, -131.0, 14.0, -18.0),
    (50.5, 48.0, -135.5, 13.0, -18.0),
    (68.0, 55.0, -143.0, 10.0, -20.0),
    (92.0, 62.0, -152.0, 5.0, -22.0),
    (112.0, 68.0, -168.0, 0.0, -22.0),
    (121.0, 74.0, -192.0, 0.0, -20.0),
    (124.0, 78.0, -250.0, 0.0, -18.0),
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
