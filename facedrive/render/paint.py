"""Colours and texture coordinates that weights change: blushes, and faces drawn on a texture."""

from __future__ import annotations

from typing import NamedTuple

from facedrive.rig.model import Floats, Rig
from facedrive.types import Vector


class Painted(NamedTuple):
    """How the surface looks; the painter's own arrays, overwritten each time."""

    colors: Floats
    """(V, 4) float32, as ``Rig.colors``."""
    uv: Floats | None
    """(V, 2) float32, as ``Rig.uv``."""


class Painter:
    """Paints one rig by its weights."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._colors = rig.colors.copy()
        self._uv = None if rig.uv is None else rig.uv.copy()

    def paint(self, weights: Vector) -> Painted | None:
        """Return the look for (T,) weights; None for a rig that always looks the same."""
        rig = self._rig
        if not rig.paints:
            return None
        for each in rig.paints:
            self._colors[each.vertices] = rig.colors[each.vertices]
            if self._uv is not None and rig.uv is not None:
                self._uv[each.vertices] = rig.uv[each.vertices]
        for each in rig.paints:
            if weight := weights[each.target]:
                self._colors[each.vertices] += weight * each.colors
                if self._uv is not None and rig.uv is not None:
                    moved = rig.uv[each.vertices] * (each.uv_scale - 1) + each.uv_offset
                    self._uv[each.vertices] += weight * moved
        self._colors.clip(0, 1, out=self._colors)
        return Painted(self._colors, self._uv)
