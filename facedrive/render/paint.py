"""Colours, light and places in textures that weights change: blushes, glows, painted faces."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from facedrive.rig.model import Floats, Rig
from facedrive.types import Vector


class Painted(NamedTuple):
    """How the surface looks; the painter's own arrays, overwritten each time."""

    colors: Floats
    """(V, 4) float32, as ``Rig.colors``."""
    uv: Floats | None
    """(V, 2) float32, as ``Rig.uv``."""
    emission: Floats
    """(P, 3) float32, 0 to 1: the own light of each of ``Rig.parts``."""


class Painter:
    """Paints one rig by its weights."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._colors = rig.colors.copy()
        self._uv = None if rig.uv is None else rig.uv.copy()
        self._dark = np.array([part.emission for part in rig.parts], np.float32)

    def paint(self, weights: Vector) -> Painted | None:
        """Return the look for (T,) weights; None for a rig that always looks the same."""
        rig = self._rig
        if not rig.paints:
            return None
        for each in rig.paints:
            self._colors[each.vertices] = rig.colors[each.vertices]
            if self._uv is not None and rig.uv is not None:
                self._uv[each.vertices] = rig.uv[each.vertices]
        emission = self._dark.copy()
        for each in rig.paints:
            if weight := weights[each.target]:
                emission[each.part] += weight * np.array(each.emission, np.float32)
                self._colors[each.vertices] += weight * each.colors
                if self._uv is not None and rig.uv is not None:
                    moved = rig.uv[each.vertices] * (each.uv_scale - 1) + each.uv_offset
                    self._uv[each.vertices] += weight * moved
        self._colors.clip(0, 1, out=self._colors)
        return Painted(self._colors, self._uv, emission.clip(0, 1))
