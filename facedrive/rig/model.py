"""Rig: a neutral head, its morph targets and its eyeballs, whatever file they came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facedrive.errors import RigError

RGB = tuple[float, float, float]
DARK: RGB = (0.0, 0.0, 0.0)

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]

MAX_OFFSET_BYTES = 1 << 30
"""A rig whose offsets would be larger is refused; this is 80 targets on a million vertices."""

MODEST_BYTES, GROWTH = 64 << 20, 12
"""What the offsets of any file may take, and for each of its bytes more. VALID heads, compressed
and sparse, grow from 2 MB to 40."""

MAX_TARGETS = 5000
"""Rigs made of scans have some hundreds."""

UNSEEN = 5e-5
"""A move of this share of the rig's size, a fortieth of a pixel in a 512 view, is none."""


@dataclass(frozen=True, slots=True)
class Eye:
    """One eyeball, turned about its pivot for gaze."""

    vertices: Indices
    """(n,) int32, which of the rig's vertices are this eyeball."""
    pivot: Floats
    """(3,) float32 metres."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """Both eyeballs; left is the subject's."""

    left: Eye
    right: Eye
    gain: float = 1.0
    """Radians that they turn for each radian of gaze; flat, painted eyes turn less."""


@dataclass(frozen=True, slots=True)
class Bone:
    """What turns a part of the rig about a point."""

    pivot: Floats
    """(3,) float32 metres."""
    share: Floats
    """(V,) float32, 0 to 1: how far each vertex follows."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What VRM says of expressions beside what they move."""

    binary: NDArray[np.bool_]
    """(T,): whether a target is either off or on, on above a half."""
    blocks: NDArray[np.float32]
    """(T, T) float32, 0 or 1: whether the row's target, when on at all, turns the column's off."""
    blends: NDArray[np.float32]
    """(T, T) float32, 0 or 1: whether it holds it back by as much as it is on."""

    def apply(self, weights: Floats) -> Floats:
        """Return (T,) float32 weights that keep the rules."""
        on = np.where(self.binary, weights > 0.5, weights).astype(np.float32)
        held = (on > 0).astype(np.float32) @ self.blocks + on @ self.blends
        kept: Floats = on * (1 - held).clip(0, 1)
        return kept


@dataclass(frozen=True, slots=True)
class Paint:
    """What a target does to the look of a surface, beside moving it."""

    target: int
    """Its row among ``Rig.targets``."""
    part: int
    """The surface, among ``Rig.parts``."""
    vertices: slice
    """Which rows of ``Rig.vertices``: the surface's."""
    colors: Floats
    """(n, 4) or (4,) float32: what it adds to their colours at weight 1."""
    uv_scale: Floats
    """(2,) float32: what their texture coordinates are multiplied by at weight 1."""
    uv_offset: Floats
    """(2,) float32: what is then added to them, v down."""
    emission: RGB = DARK
    """What it adds to the surface's own light at weight 1."""


@dataclass(frozen=True, slots=True)
class Part:
    """Triangles that share one surface."""

    name: str
    triangles: slice
    """Which rows of ``Rig.triangles``."""
    roughness: float = 0.6
    """0 is a mirror, 1 is chalk."""
    double_sided: bool = False
    transparent: bool = False
    """Drawn after the others, blended by its alpha."""
    emission: RGB = DARK
    """Light of its own, linear RGB, whatever the lamps are."""
    texture: NDArray[np.uint8] | None = None
    """(h, w, 4) uint8 sRGB and alpha, multiplied by the colours; its first row is uv v = 0."""


@dataclass(frozen=True, slots=True)
class Rig:
    """A head in metres: +x to its left, +y up, +z out of the face."""

    name: str
    """Its file's name, for messages."""
    vertices: Floats
    """(V, 3) float32, the neutral face."""
    triangles: Indices
    """(F, 3) int32, counter-clockwise seen from outside."""
    colors: Floats
    """(V, 4) float32, linear RGB and alpha, 0 to 1."""
    targets: tuple[str, ...]
    """Names of the T morph targets."""
    offsets: Floats
    """(T, V, 3) float32, what each target at weight 1 adds to the neutral face."""
    parts: tuple[Part, ...]
    smooth: Indices
    """(V,) int32: vertices with the same number are one point of the surface (split for its
    texture or colour) and share a normal."""
    uv: Floats | None = None
    """(V, 2) float32, v down, None where no part has a texture."""
    eyes: Eyes | None = None
    """None where the eyeballs cannot be told apart from the rest."""
    head: Bone | None = None
    """The bone of the head, None where the file has none that moves the face."""
    rules: Rules | None = None
    """What holds between targets, where the file says so."""
    paints: tuple[Paint, ...] = ()
    """What targets do to colours, light and textures."""
    undrawn: tuple[str, ...] = ()
    """What the file's expressions change besides, and facedrive does not draw, such as a
    ``rimColor``."""

    @property
    def moving(self) -> NDArray[np.intp]:
        """Indices of the vertices that any target moves far enough to be seen."""
        size = float(np.ptp(self.vertices, axis=0).max())
        highest, lowest = (
            self.offsets.max(axis=0, initial=0.0),
            self.offsets.min(axis=0, initial=0.0),
        )
        reach = np.maximum(highest, -lowest).max(axis=1)
        return np.flatnonzero(reach > UNSEEN * size)

    @property
    def empty(self) -> tuple[str, ...]:
        """Names of the targets that paint nothing, and move nothing far enough to be seen."""
        size = float(np.ptp(self.vertices, axis=0).max())
        reach = (
            max(float(each.max(initial=0)), -float(each.min(initial=0))) for each in self.offsets
        )
        paints = {each.target for each in self.paints}
        moves = [far > UNSEEN * size or row in paints for row, far in enumerate(reach)]
        return tuple(name for name, seen in zip(self.targets, moves, strict=True) if not seen)


def checked(rig: Rig) -> Rig:
    """Return the rig if it can be drawn and driven.

    Raises:
        RigError: nothing that moves, no triangles, not finite, or triangles of missing vertices.
    """
    if not rig.targets and rig.head is None and rig.eyes is None:
        raise RigError(
            f"{rig.name} has no morph targets; export it with blend shapes (shape keys) included."
        )
    if not len(rig.vertices) or not len(rig.triangles):
        raise RigError(f"{rig.name} has no triangles; export its mesh as triangles.")
    _check_finite(rig)
    if rig.triangles.min() < 0 or rig.triangles.max() >= len(rig.vertices):
        raise RigError(
            f"{rig.name} has a triangle on vertex {_worst(rig)}, but only {len(rig.vertices)} "
            "vertices; the file is damaged, export it again."
        )
    return rig


def check_vertices(name: str, vertices: Floats) -> None:
    """Refuse vertices that are nowhere.

    Raises:
        RigError: if one is not finite.
    """
    finite = np.isfinite(vertices).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise RigError(f"{name}: vertex {row} is not finite; clean the mesh and export again.")


def check_size(name: str, targets: int, vertices: int, file_bytes: int | None = None) -> None:
    """Refuse, before anything is allocated, what would not fit in memory.

    ``file_bytes`` is how large the file is: a small one that claims much is a trap.
    """
    if targets > MAX_TARGETS:
        raise RigError(f"{name} has {targets} targets; facedrive takes up to {MAX_TARGETS}.")
    # Vertices themselves take as much again as three targets.
    size = (targets + 3) * vertices * 3 * np.dtype(np.float32).itemsize
    limit = MAX_OFFSET_BYTES
    if file_bytes is not None:
        limit = min(limit, MODEST_BYTES + GROWTH * file_bytes)
    if size > limit:
        raise RigError(
            f"{name} claims {targets} targets of {vertices} vertices, {size / 2**30:.2f} GiB; "
            f"facedrive takes up to {limit / 2**30:.2f} GiB of it: simplify the mesh."
        )


class RigReader(Protocol):
    """Reads a rig out of its file, or makes it."""

    def read(self) -> Rig:
        """Return the rig.

        Raises:
            RigError: if it cannot be read, or has no targets.
        """
        ...


def linear_from_srgb(values: ArrayLike) -> Floats:
    """Decode sRGB, 0 to 1, of any shape into linear light (IEC 61966-2-1)."""
    encoded = np.clip(values, 0.0, 1.0)
    bright = ((encoded + 0.055) / 1.055) ** 2.4
    decoded: Floats = np.where(encoded <= 0.04045, encoded / 12.92, bright).astype(np.float32)
    return decoded


def sphere_center(vertices: Floats) -> Floats:
    """Fit a sphere to an eyeball by least squares; return its centre, (3,) float32.

    The mean of the vertices would lie too far forward: iris and pupil have the most of them.
    """
    mean = vertices.mean(axis=0, dtype=np.float64)
    centered = vertices - mean
    system = np.column_stack([2 * centered, np.ones(len(vertices))])
    solution = np.linalg.lstsq(system, (centered**2).sum(axis=1), rcond=1e-6)[0]
    center: Floats = (mean + solution[:3]).astype(np.float32)
    return center


def _check_finite(rig: Rig) -> None:
    check_vertices(rig.name, rig.vertices)
    if not np.isfinite(rig.offsets).all():
        bad = rig.targets[int(np.argmin(np.isfinite(rig.offsets).all(axis=(1, 2))))]
        raise RigError(
            f"{rig.name}: target '{bad}' has vertices that are not finite; "
            "clean the mesh and export again."
        )


def _worst(rig: Rig) -> int:
    lowest, highest = int(rig.triangles.min()), int(rig.triangles.max())
    return lowest if lowest < 0 else highest


def weld_unit(vertices: Floats) -> float:
    """Return the length of which a millionth parts two points: 1, or the size of a smaller rig.

    Args:
        vertices: (V, 3) in the rig's own unit.
    """
    return min(1.0, float(np.ptp(vertices, axis=0).max(initial=0.0))) or 1.0
