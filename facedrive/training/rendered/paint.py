"""Colours and light: what photographs do not show of a face, and how it is lit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from facedrive.training.rendered.face import FaceModel, Kind
from facedrive.types import Vector

Colour = tuple[float, float, float]
"""Linear RGB."""


def grey(value: float) -> Colour:
    """Give a colour without hue."""
    return (value, value, value)


@dataclass(frozen=True)
class Look:
    """Light and material of one picture; colours are linear RGB."""

    lights: NDArray[np.float32] = field(
        default_factory=lambda: np.array([[0.45, 0.5, 0.75], [-0.7, 0.15, 0.6], [0.2, 0.9, -0.4]])
    )
    """(3, 3) directions towards the lights, camera axes."""
    light_colours: NDArray[np.float32] = field(
        default_factory=lambda: np.array([[0.85] * 3, [0.35] * 3, [0.35] * 3])
    )
    ambient: Colour = (0.32, 0.32, 0.32)
    iris_colour: Colour = (0.16, 0.09, 0.05)
    sclera_colour: Colour = (0.72, 0.70, 0.68)
    iris_radius: float = 0.385
    """Sine of the angle under which the eyeball's centre sees the iris."""
    pupil_radius: float = 0.16
    hair_colour: Colour = (0.05, 0.05, 0.05)
    hair_length: float = 2.0
    """Centimetres."""
    hair_layers: int = 0
    """Shells of hair; without any, the scalp is only painted."""
    lash_length: float = 0.6
    """Of the mesh's lashes."""
    shine: float = 0.12
    wrap: float = 0.35


@dataclass(frozen=True, slots=True)
class Paint:
    """Linear RGB of what photographs do not show."""

    tone: Colour = (0.35, 0.35, 0.35)
    """Skin; the texture is multiplied by it."""
    hair: Colour = (0.05, 0.05, 0.05)
    hair_cover: float = 1.0
    """0 bald to 1 full."""
    hairline: float = 0.0
    """Centimetres that the hairline lies above the mean."""
    clothes: Colour = (0.1, 0.1, 0.1)
    gums: Colour = (0.42, 0.14, 0.13)
    teeth: Colour = (0.72, 0.68, 0.58)
    lashes: Colour = (0.02, 0.016, 0.014)

    def colours(self, model: FaceModel, openness: Vector) -> tuple[NDArray[np.float32], Vector]:
        """Give the (V, 3) colours and the (V,) share of light that reaches a vertex."""
        albedo = np.tile(np.array(self.tone, np.float32), (len(model.neutral), 1))
        cover = self.hair_cover * hair_mask(model, self.hairline)[:, None]
        albedo += cover * (np.array(self.hair, np.float32) - albedo)
        x, y, z = model.neutral.T
        back = model.kind == Kind.BACK
        dressed = back * np.clip(-(y + 11.8 - 0.12 * np.abs(x)) / 0.7, 0, 1)
        albedo += dressed[:, None] * (np.array(self.clothes, np.float32) - albedo)
        bag = back & (np.abs(x) < 4.5) & (y < 0) & (y > -7) & (z > 3)
        albedo[bag | (model.kind == Kind.GUM)] = self.gums
        albedo[model.kind == Kind.TOOTH] = self.teeth
        albedo[model.kind == Kind.LASH] = self.lashes
        inside = bag | np.isin(model.kind, [Kind.GUM, Kind.TOOTH])
        light = np.where(inside, np.clip((z - 7.0) / 4.2, 0.04, 1.0) ** 1.6, openness)
        light[np.isin(model.kind, [Kind.EYE, Kind.LASH])] = 1
        return albedo, light.astype(np.float32)


def hair_mask(model: FaceModel, hairline: float = 0.0) -> Vector:
    """Mark the (V,) scalp, 0 to 1: above a line from the forehead over the temples to the nape."""
    x, y, z = model.neutral.T
    above = (y - 10.3 - hairline) + 1.29 * (8.5 - z)
    ears = (np.abs(x) > 6.6) & (y < 4.3) & (z > -2.5) & ((z < 1.3) | (y < 1.4))
    scalp = np.clip(above / 2.2 + 0.5, 0, 1) * np.clip((y + 5.0) / 1.5, 0, 1) * ~ears
    scalp *= 0.5 + 0.5 * np.clip((y - 5.0) / 7.0, 0, 1)  # shorter at the sides
    return np.where(np.isin(model.kind, [Kind.SKIN, Kind.BACK]), scalp, 0).astype(np.float32)
