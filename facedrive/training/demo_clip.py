"""Renders the demo clip: a face that is nobody's performs every AU, and a table says how much."""

from __future__ import annotations

import cv2
import numpy as np

from facedrive.training.synth.texture import Map, Photographs, SkinAtlas


def average_skin(atlas: SkinAtlas, photographs: Photographs, people: int) -> Map:
    """Average the skins of many people, and of their mirror images.

    Returns:
        (S, S) albedo, 1 being the skin's tone.
    """
    rows = photographs.best_rows()
    rows = rows[np.linspace(0, len(rows) - 1, people).astype(np.intp)]
    skins = [atlas.lift(photographs.read(row), photographs.landmarks[row]) for row in rows]
    mean = np.exp(np.mean([np.log(skin) for skin in skins], axis=0))
    return np.asarray((mean * mean[:, ::-1]) ** 0.5, np.float32)
